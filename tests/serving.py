"""A server under test: a real one, on a free local port, in its own thread."""

from __future__ import annotations

import io
import socket
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import uvicorn
from PIL import Image
from processes import PATIENCE, Doer, HeldReader, MadeUp

from inkread.reader import Reader
from inkread.server import ServerSettings, create_app
from inkread.server.protocol import BoundedProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI


class Running(httpx.Client):
    """A client of a running server, with access to the server's parts."""

    def __init__(self, app: FastAPI, server: uvicorn.Server, url: str, headers: dict[str, str]) -> None:
        super().__init__(base_url=url, timeout=PATIENCE, headers=headers)
        self.server = server
        self.app, self.url, self.service = app, url, app.state.service
        self.port = int(url.rpartition(":")[2])


@contextmanager
def serving(
    *, headers: dict[str, str] | None = None, reader: Any = Reader, **settings: Any
) -> Iterator[Running]:
    """Runs a server with these settings; requests have the headers, and ``reader`` makes the reader."""
    app = create_app(
        ServerSettings(**{"api_key": None, "workers": 1, "max_seconds": PATIENCE} | settings), reader=reader
    )
    with running(app, headers) as client:
        yield client


answering = partial(serving, reader=MadeUp)
"""Runs a server for tests that need no reading: its readers load no model, and start sooner."""


@contextmanager
def running(app: FastAPI, headers: dict[str, str] | None = None) -> Iterator[Running]:
    """Runs an application."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, proxy_headers=False, ws="none", http=BoundedProtocol
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with Running(app, server, f"http://127.0.0.1:{listener.getsockname()[1]}", headers or {}) as client:
            client.get("/livez")
            yield client
    finally:
        server.should_exit = True
        thread.join()


def seven(scale: int = 1) -> np.ndarray:
    """Draws a seven, 28×28 uint8 (times ``scale``), bright on dark."""
    picture = np.zeros((28, 28), np.uint8)
    picture[5:8, 8:20] = 255
    for step in range(16):
        x = 18 - step // 2
        picture[7 + step, x - 1 : x + 2] = 255
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def png(pixels: np.ndarray) -> bytes:
    """The pixels as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


SEVEN = png(seven())
BLANK = png(np.full((30, 30), 255, np.uint8))
TRUNCATED = png(np.random.default_rng(0).integers(0, 256, (60, 60)).astype(np.uint8))[:900]


def parts(*pictures: bytes, names: list[str] | None = None) -> list[tuple[str, tuple[str, bytes]]]:
    """Makes a form of pictures for httpx."""
    given = names or [f"{number}.png" for number in range(len(pictures))]
    return [("picture", (name, data)) for name, data in zip(given, pictures, strict=True)]


def slug(answer: httpx.Response) -> str:
    """Returns the kind of problem in a response."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["instance"] == answer.headers["x-request-id"]
    return problem["type"].removeprefix("urn:inkread:problem:")


@contextmanager
def held(**settings: Any) -> Iterator[tuple[Running, Doer]]:
    """Runs a server whose readings wait to be released."""
    doer = Doer()
    with serving(reader=partial(HeldReader, doer), **settings) as server:
        yield server, doer
