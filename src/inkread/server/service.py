"""The server's components for the routes, and the method that reads a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from inkread.reader import DIGITS_ONLY
from inkread.server.pool import Pool
from inkread.server.problems import Problem
from inkread.server.work import Done, ReadPicture, Task
from inkread.store.queries import new_id

if TYPE_CHECKING:
    from inkread.server.metrics import Metrics
    from inkread.server.reader_registry import Entry, ReaderRegistry
    from inkread.server.schemas import ReadOptions
    from inkread.server.settings import ServerSettings
    from inkread.server.uploads import Upload
    from inkread.store import Store

Workers: TypeAlias = Pool[Task, Done]


@dataclass(frozen=True, slots=True)
class Service:
    """The components of a running server.

    Attributes:
        settings: the server's settings.
        registry: the models.
        pool: the workers that read pictures.
        metrics: the metrics.
        store: the store; ``None`` if the server stores nothing.
    """

    settings: ServerSettings
    registry: ReaderRegistry
    pool: Workers
    metrics: Metrics
    store: Store | None

    def require_store(self) -> Store:
        """Returns the store; raises a ``Problem`` if the server stores nothing."""
        if self.store is None:
            raise Problem("not-collecting", "This server stores no readings.", "Start it with --collect.")
        return self.store

    async def read(
        self,
        upload: Upload,
        entry: Entry,
        options: ReadOptions,
        *,
        client: str | None,
        keep: bool = True,
        stages: bool = False,
        draw: bool = False,
        page: int = 1,
        patiently: bool = False,
    ) -> bytes:
        """Reads a picture and returns the response: the reading's JSON object, or a PNG.

        Args:
            upload: the picture.
            entry: the model.
            options: the reading options.
            client: the sender's address, for the store.
            keep: store the reading if there is a store.
            stages: add a picture of each stage.
            draw: return the picture with its boxes as PNG instead; it is not stored.
            page: the page of a document, from 1.
            patiently: see ``Pool.run``.

        Raises:
            Problem: the picture cannot be read, or no reader is free.
            StoreError: the reading cannot be stored.
        """
        kept = keep and options.alphabet == DIGITS_ONLY
        task = ReadPicture(
            upload.name,
            upload.data,
            entry.name,
            entry.model.card.sha256,
            single=options.single,
            alphabet=options.alphabet,
            min_probability=options.min_probability,
            detail=options.detail,
            stages=stages,
            draw=draw,
            page=page,
            keep=new_id() if self.store is not None and kept and not draw else None,
            client=client,
        )
        timed = self.metrics.reading_seconds.labels(entry.name).observe
        done = await self.pool.run(task, patiently=patiently, timed=timed)
        self.metrics.digits.labels(entry.name).inc(done.digits)
        if self.store is not None and done.record is not None:
            await run_in_threadpool(self.store.add_reading, done.record, id=task.keep)
        return done.content


def service_of(request: Request) -> Service:
    """Returns the components of the request's application."""
    service: Service = request.app.state.service
    return service


Parts = Annotated[Service, Depends(service_of)]


def client_of(request: Request) -> str | None:
    """Returns the client's address."""
    return request.client.host if request.client else None
