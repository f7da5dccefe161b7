"""Gives shards to actors, one each at a time, and again if an actor is lost; actors on this machine.

An actor on this machine is a thread with a process that reads.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from inkread.batch.shard_reader import Done, ShardReader
from inkread.errors import JobError, OptionError, WorkerError
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inkread.batch.page_reader import ReadingSettings
    from inkread.batch.rows import Row
    from inkread.batch.shards import Shard

Result = TypeVar("Result")

ATTEMPTS = 5
"""How often all actors may be lost without reading a shard. Machines can end an actor, pictures cannot."""

REMEDY = "check the machines' memory and disks, then run the same command again: it resumes"


class ActorLostError(Exception):
    """An actor's process or machine is gone."""


class Actor(Protocol):
    """Reads shards with a ``ShardReader``, here or elsewhere; its futures may raise ``ActorLostError``."""

    def start(self) -> Future[None]:
        """Starts it; the future is done when it can read."""

    def read(self, number: int, shard: Shard) -> Future[Done]:
        """Reads a shard into its part."""

    def stop(self) -> None:
        """Ends it at once, even during a shard."""


Numbered: TypeAlias = "tuple[int, Shard]"


class Schedule:
    """Gives shards to actors, which ``hire`` makes. No more shards are held than there are actors."""

    def __init__(self, shards: Iterable[Numbered], *, hire: Callable[[], Actor], actors: int) -> None:
        self._hire, self._actors = hire, actors
        self._coming = iter(shards)
        self._next = next(self._coming, None)
        self._again = deque[Numbered]()
        self._staff: dict[Future[Any], tuple[Actor, Numbered | None]] = {}
        self._losses = 0

    def run(self) -> Iterator[Done]:
        """Yields what each shard came to, in the order in which they end.

        Actors that have not started when the last shard ends are not waited for.

        Raises:
            JobError: actors are lost again and again.
            Exception: any exception that an actor raises.
        """
        try:
            for _ in range(self._actors):
                self._employ()
            while self._next or self._again or any(shard for _, shard in self._staff.values()):
                for future in wait(self._staff, return_when=FIRST_COMPLETED).done:
                    done = self._settle(future)
                    if done:
                        yield done
        finally:
            for actor, _ in self._staff.values():
                actor.stop()

    def _employ(self) -> None:
        actor = self._hire()
        self._staff[actor.start()] = actor, None

    def _settle(self, future: Future[Any]) -> Done | None:
        """Gives an actor that has started, or has read a shard, the next one; replaces it if it is lost."""
        actor, shard = self._staff.pop(future)
        try:
            done: Done | None = future.result()
        except ActorLostError as error:
            self._losses += 1
            if self._losses > ATTEMPTS * self._actors:
                raise JobError("actors", f"are lost again and again ({error})", REMEDY) from error
            if shard:
                self._again.append(shard)
            self._employ()
            return None
        self._losses = 0 if done else self._losses
        shard = self._take()
        if shard:
            self._staff[actor.read(*shard)] = actor, shard
        else:
            actor.stop()
        return done

    def _take(self) -> Numbered | None:
        if self._again:
            return self._again.popleft()
        shard, self._next = self._next, next(self._coming, None)
        return shard


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
        """Reads shards into their parts, see ``Schedule.run``; calls ``on_row`` in several threads."""
        names = (f"reader-{number}" for number in count())
        schedule = Schedule(
            shards,
            hire=lambda: _LocalActor(ShardReader(settings, out, style, name=next(names)), on_row),
            actors=self.workers,
        )
        yield from schedule.run()


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
