"""The bounded pool in which pictures are read, off the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from inkread.server.problems import Problem, busy

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Pool:
    """Threads that read, and a bounded number of places to wait for one; used from one event loop.

    A thread cannot be stopped: work that takes too long is given up by whoever waits for it, and keeps its place and its thread
    until it ends, so that the load never exceeds what was allowed.

    Args:
        workers: threads.
        queue: places to wait.
        max_seconds: that a piece of work may take, and that it may wait for a thread.
    """

    def __init__(self, *, workers: int, queue: int, max_seconds: float) -> None:
        self.workers, self.queue, self.max_seconds = workers, queue, max_seconds
        self.admitted = 0
        self._places = asyncio.Semaphore(workers + queue)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="inkread-reader")

    @property
    def waiting(self) -> int:
        """Pieces of work that no thread has taken up."""
        return max(0, self.admitted - self.workers)

    @property
    def running(self) -> int:
        """Pieces of work that threads are at."""
        return min(self.admitted, self.workers)

    @property
    def is_full(self) -> bool:
        """Whether further work is refused."""
        return self._places.locked()

    async def run(self, work: Callable[[], T], *, patiently: bool = False) -> T:
        """Does the work in a thread, and gives or raises what it does.

        Args:
            work: is not interrupted, and may go on when nobody waits for it any more.
            patiently: wait for a place where there is none, instead of being refused.

        Raises:
            Problem: ``busy`` if there is no place, or no thread took the work up in time; ``too-slow`` if it takes too long.
        """
        if self.is_full and not patiently:
            raise busy()
        await self._places.acquire()
        started: list[float] = []

        def timed() -> T:
            started.append(monotonic())
            return work()

        self.admitted += 1
        task = self._threads.submit(timed)
        outcome = asyncio.wrap_future(task)
        outcome.add_done_callback(self._leave)
        return await self._outcome(task, outcome, started)

    async def _outcome(self, task: Future[T], outcome: asyncio.Future[T], started: list[float]) -> T:
        patience = self.max_seconds
        try:
            while not (await asyncio.wait((outcome,), timeout=patience))[0]:
                if task.cancel():
                    raise busy("No reader became free in time.")
                patience = started[0] + self.max_seconds - monotonic() if started else 0.001
                if patience <= 0:
                    detail = f"Reading took more than {self.max_seconds:g} seconds."
                    raise Problem("too-slow", detail, "Send a smaller or simpler picture.")
        except asyncio.CancelledError:
            task.cancel()  # nobody wants it any more
            raise
        return outcome.result()

    def _leave(self, outcome: asyncio.Future[Any]) -> None:
        self.admitted -= 1
        self._places.release()
        if not outcome.cancelled():
            outcome.exception()  # seen, also where nobody waits for it any more

    def close(self) -> None:
        """Ends the threads after what they are at; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
