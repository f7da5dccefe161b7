"""What a server is started with."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inkread.errors import OptionError
from inkread.picture import PictureLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The addresses at which only this machine can reach a server."""

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

MOST_WORKERS = 8
"""Processes that are started unless more are asked for: each holds memory of its own."""

WORKER_BYTES, PIXEL_BYTES = 256 * 2**20, 16
"""Memory that one reading may take, and what it may take more for each pixel that a picture may have."""

MOST_KEY = 1024
"""Characters of an API key."""


def default_store() -> str:
    """The URL of the store where none is named."""
    from inkread.store import default_url

    return default_url()


def default_workers() -> int:
    """One worker for each core that this process may use, up to ``MOST_WORKERS``."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)


def _key_of_environment() -> str | None:
    return os.environ.get("INKREAD_API_KEY") or None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything that can be set; the limits are those that one client can ask of the server.

    Attributes:
        host: the address to listen at; by default only this machine can reach it.
        port: the port to listen at; 0 takes any that is free.
        models: further models that can be chosen, the folder of a training run by name.
        collect: store readings, and take corrections.
        store: URL of the store, used only with ``collect``.
        api_key: what ``/v1`` and ``/metrics`` demand, if anything; by default ``INKREAD_API_KEY`` of the environment.
        cors: the origins whose pages may use the API, such as ``"https://example.org"``; ``"*"`` is any.
        hosts: further names that this server is reached by; matters only where it listens at loopback, see
            ``inkread.server.limits``.
        max_bytes: of a request's body.
        max_held_bytes: of all bodies that are held in memory at one time.
        max_pixels: of a picture at full size.
        max_files: of one ``/v1/read-batch``.
        max_rows: glyphs of one ``/v1/glyphs``.
        max_seconds: that reading one picture may take, and that it may wait for a worker.
        max_upload_seconds: until a request's body must have arrived.
        workers: processes, each of which reads one picture at a time.
        queue: pictures that may wait for a worker.
        rate: requests a second of one client, on average; 0 is no limit.
        static: serve the web page.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    models: Mapping[str, str] = field(default_factory=dict)
    collect: bool = False
    store: str = field(default_factory=default_store)
    api_key: str | None = field(default_factory=_key_of_environment, repr=False)
    cors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    max_bytes: int = 32 * 2**20
    max_held_bytes: int = 256 * 2**20
    max_pixels: int = PictureLimits().max_pixels
    max_files: int = 100
    max_rows: int = 10_000
    max_seconds: float = 20.0
    max_upload_seconds: float = 60.0
    workers: int = field(default_factory=default_workers)
    queue: int = 64
    rate: float = 0.0
    static: bool = True

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "max_files", "max_rows", "workers"):
            self._require(name, "give a number of at least 1", getattr(self, name) >= 1)
        for name in ("max_seconds", "max_upload_seconds"):
            self._require(name, "give seconds above 0", 0 < getattr(self, name) < float("inf"))
        for name in ("queue", "rate"):
            self._require(name, "give 0 or more", 0 <= getattr(self, name) < float("inf"))
        self._require("port", "give a port from 0 to 65535", 0 <= self.port <= 65535)
        remedy = "give at least as many as --max-bytes, which one request may have"
        self._require("max_held_bytes", remedy, self.max_held_bytes >= self.max_bytes)
        if self.api_key is not None and not _is_key(self.api_key):
            remedy = f"give 1 to {MOST_KEY} printable ASCII characters, without blanks"
            raise OptionError("--api-key", "is no key that a header can carry", remedy)
        for name in self.models:
            if not MODEL_NAME.fullmatch(name):
                raise OptionError(
                    f"--model {name}", "is no name for a model", "use letters, digits, - _ and ."
                )
        for origin in self.cors:
            if origin != "*" and not re.fullmatch(r"https?://[^/\s]+", origin):
                raise OptionError(
                    f"--cors {origin}", "is no origin", "give one such as https://example.org, or *"
                )

    def _require(self, name: str, remedy: str, holds: bool) -> None:
        """Raises an ``OptionError`` that names the command's option."""
        if not holds:
            raise OptionError(f"--{name.replace('_', '-')} {getattr(self, name)}", "is out of range", remedy)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK

    @property
    def worker_memory(self) -> int:
        """Bytes that one reading may take."""
        return WORKER_BYTES + PIXEL_BYTES * self.max_pixels

    @property
    def picture_limits(self) -> PictureLimits:
        """The limits of a picture."""
        return PictureLimits(max_bytes=self.max_bytes, max_pixels=self.max_pixels)


def _is_key(key: str) -> bool:
    return 0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable() and " " not in key
