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
    from inkread.server.monitoring import Metrics
    from inkread.server.reader_registry import Entry, ReaderRegistry
    from inkread.server.schemas import PictureOptions
    from inkread.server.settings import ServerSettings
    from inkread.server.uploads import Upload
    from inkread.store import Store

Workers: TypeAlias = Pool[Task, Done]


@dataclass(frozen=True, slots=True)
class Service:
    """The components of a running server; ``store`` is ``None`` if it stores nothing."""

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
        options: PictureOptions,
        *,
        client: str | None,
        patiently: bool = False,
    ) -> bytes:
        """Reads a picture and returns the response: the reading's JSON object, or a PNG.

        The reading is stored if there is a store and the options allow it; ``client`` is the sender's
        address, for the store. For ``patiently``, see ``Pool.run``.

        Raises:
            Problem: the picture cannot be read, or no reader is free.
            StoreError: the reading cannot be stored.
        """
        keeps = options.keep and not options.draw and options.alphabet == DIGITS_ONLY
        task = ReadPicture(
            upload.name,
            upload.data,
            model_sha256=entry.model.card.sha256,
            keep=new_id() if self.store is not None and keeps else None,
            client=client,
            **options.model_dump(exclude={"keep"}),
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
