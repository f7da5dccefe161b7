"""Actors as threads of this process, each with a process that reads."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from inkread.batch.scheduling import ActorLostError, Schedule
from inkread.batch.shard_reader import Done, ShardReader
from inkread.errors import OptionError, WorkerError
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inkread.batch.page_reader import ReadingSettings
    from inkread.batch.rows import Row
    from inkread.batch.scheduling import Numbered
    from inkread.batch.shards import Shard

Result = TypeVar("Result")


class LocalEngine:
    """Reads shards on this machine.

    Args:
        workers: number of processes; default: one per core.

    Raises:
        OptionError: ``workers`` is below 1.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = usable_cores() if workers is None else workers
        if self.workers < 1:
            raise OptionError(f"--workers {workers}", "is out of range", "use a number of at least 1")

    def read(
        self,
        shards: Iterable[Numbered],
        settings: ReadingSettings,
        out: str,
        style: str,
        on_row: Callable[[Row], object],
    ) -> Iterator[Done]:
        """Reads shards into their parts, see ``Schedule.run``.

        Args:
            shards: the shards with their numbers.
            settings: how pages are read.
            out: the job's output folder.
            style: the format of its parts.
            on_row: called after each page, in several threads.
        """
        names = (f"reader-{number}" for number in count())

        def hire() -> _LocalActor:
            return _LocalActor(ShardReader(settings, out, style, name=next(names)), on_row)

        yield from Schedule(shards, hire=hire, actors=self.workers).run()


class _LocalActor:
    def __init__(self, reader: ShardReader, on_row: Callable[[Row], object]) -> None:
        self._reader, self._on_row = reader, on_row
        self._thread = ThreadPoolExecutor(1, "inkread-shards")

    def start(self) -> Future[None]:
        return self._thread.submit(_replaceable, self._reader.start)

    def read(self, number: int, shard: Shard) -> Future[Done]:
        return self._thread.submit(_replaceable, partial(self._reader.read, number, shard, self._on_row))

    def stop(self) -> None:
        self._reader.kill()
        self._thread.shutdown(cancel_futures=True)
        self._reader.close()


def _replaceable(act: Callable[[], Result]) -> Result:
    """Does something; a process that ends while it starts is lost, like a machine, and is replaced."""
    try:
        return act()
    except WorkerError as error:
        raise ActorLostError(str(error)) from error
