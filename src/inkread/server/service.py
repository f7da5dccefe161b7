"""What the routes work with, and the reading of a picture for an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from inkread.errors import InkreadError
from inkread.models import DEFAULT
from inkread.server import answers
from inkread.server.problems import Problem, problem_of

if TYPE_CHECKING:
    from inkread.reader import Trace
    from inkread.server.catalogue import Catalogue, Entry
    from inkread.server.metrics import Metrics
    from inkread.server.pool import Pool
    from inkread.server.schemas import ReadOptions
    from inkread.server.settings import ServerSettings
    from inkread.server.store import Store
    from inkread.server.uploads import Upload


@dataclass(slots=True)
class Service:
    """The parts of a running server.

    Attributes:
        settings: what it was started with.
        catalogue: the models and their readers.
        pool: where pictures are read.
        metrics: what is counted.
        store: ``None`` where nothing is stored.
        is_ready: whether a first picture was read.
    """

    settings: ServerSettings
    catalogue: Catalogue
    pool: Pool
    metrics: Metrics
    store: Store | None
    is_ready: bool = False

    def require_store(self) -> Store:
        """The store; a ``Problem`` where nothing is stored."""
        if self.store is None:
            raise Problem("not-collecting", "This server keeps no readings.", "Start it with --collect.")
        return self.store

    def warm_up(self) -> None:
        """Reads a picture with each kind of network, so that no client waits for them to be loaded."""
        self.catalogue.reader(DEFAULT).read(_warm_up_picture())

    def answer(
        self,
        upload: Upload,
        entry: Entry,
        options: ReadOptions,
        *,
        client: str | None,
        stages: bool = False,
        keep: bool = True,
    ) -> dict[str, Any]:
        """Reads a picture, and gives the reading's JSON object; for a thread of the pool.

        Args:
            upload: the picture.
            entry: the model.
            options: how it is read.
            client: who sent it, for the store.
            stages: add a picture of every stage.
            keep: store the reading, where there is a store.
        """
        start = perf_counter()
        trace = self.trace(upload, entry, options)
        answer = answers.reading_answer(
            trace,
            name=upload.name,
            model=entry.name,
            milliseconds=1000 * (perf_counter() - start),
            detail=options.detail,
            stages=stages,
        )
        if self.store is not None and keep:
            answer["id"] = self.store.add_reading(
                answers.new_reading(trace, name=upload.name, entry=entry, client=client)
            )
        return answer

    def trace(self, upload: Upload, entry: Entry, options: ReadOptions) -> Trace:
        """Reads a picture; a ``Problem`` where it cannot be read."""
        try:
            with self.metrics.reading_seconds.labels(entry.name).time():
                trace = self.catalogue.reader(entry.name).trace(
                    upload.data, single=options.single, min_probability=options.min_probability
                )
        except InkreadError as error:
            raise problem_of(error, upload.name) from error
        self.metrics.digits.labels(entry.name).inc(len(trace.reading.digits))
        return trace


def service_of(request: Request) -> Service:
    """The parts of the application that a request came to."""
    service: Service = request.app.state.service
    return service


Parts = Annotated[Service, Depends(service_of)]


def client_of(request: Request) -> str | None:
    """The address that a request came from."""
    return request.client.host if request.client else None


def to_json(value: Any) -> bytes:
    """A value as JSON in UTF-8, on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _warm_up_picture() -> Any:
    """A row of two strokes, which both networks look at."""
    import numpy as np

    picture = np.full((60, 90), 255, np.uint8)
    picture[10:50, 20:25] = picture[10:50, 60:65] = 0
    return picture
