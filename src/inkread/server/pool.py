"""The pool of worker processes in which pictures are read, off the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from inkread.errors import InkreadError, WorkerError
from inkread.server.logs import LOGGER
from inkread.server.problems import Problem, busy
from inkread.system.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

Task = TypeVar("Task")
Result = TypeVar("Result")

STUCK_SECONDS = 10.0
"""When no worker has been free for this long, the server is not ready: what is sent to it would wait in vain."""

RETRY_SECONDS = 5.0
"""Between two attempts to start a worker, if the first failed."""

log = logging.getLogger(LOGGER)


@dataclass(slots=True)
class _Job(Generic[Task, Result]):
    """A task, where its result goes, and who is told the seconds that a worker was at it."""

    task: Task
    timed: Callable[[float], None] | None
    outcome: Future[Result] = field(default_factory=Future)


class Pool(Generic[Task, Result]):
    """Worker processes, and a bounded number of places to wait for one; used from one event loop.

    A worker that is at one task for too long is ended and replaced. Each worker has a thread that feeds it, so that nothing here
    waits on the event loop.

    Args:
        make: makes, in each process, the function that does the tasks, see ``Worker``.
        workers: processes.
        queue: places to wait.
        max_seconds: that a task may take, and that it may wait for a worker.
        memory: bytes that one task may allocate, see ``Worker``.
    """

    def __init__(
        self,
        make: Callable[[], Callable[[Task], Result]],
        *,
        workers: int,
        queue: int,
        max_seconds: float,
        memory: int | None = None,
    ) -> None:
        self.workers, self.queue, self.max_seconds = workers, queue, max_seconds
        self.admitted = 0
        self._make, self._memory = make, memory
        self._places = asyncio.Semaphore(workers + queue)
        self._jobs: SimpleQueue[_Job[Task, Result] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._alive: set[Worker[Task, Result]] = set()
        self._idle = 0
        self._freed: float | None = None

    @property
    def waiting(self) -> int:
        """Tasks that no worker has taken up."""
        return max(0, self.admitted - self.workers)

    @property
    def running(self) -> int:
        """Tasks that workers are at."""
        return min(self.admitted, self.workers)

    @property
    def is_full(self) -> bool:
        """Whether further tasks are refused."""
        return self._places.locked()

    @property
    def has_started(self) -> bool:
        """Whether a worker has taken up its work yet."""
        return self._freed is not None

    @property
    def is_stuck(self) -> bool:
        """Whether no worker has been free for ``STUCK_SECONDS``."""
        return self._freed is not None and not self._idle and monotonic() - self._freed > STUCK_SECONDS

    def start(self) -> None:
        """Starts the workers, and waits for none of them."""
        for number in range(self.workers):
            name = f"inkread-worker-{number}"
            self._threads.append(threading.Thread(target=self._attend, args=(name,), name=name, daemon=True))
            self._threads[-1].start()

    async def run(
        self, task: Task, *, patiently: bool = False, timed: Callable[[float], None] | None = None
    ) -> Result:
        """Has a worker do the task, and gives or raises what it does.

        Args:
            task: goes on when nobody waits for it any more, until its time is over.
            patiently: wait for a place where there is none, instead of being refused.
            timed: is told how many seconds a worker was at it, whatever came of it; called in a thread.

        Raises:
            Problem: ``busy`` if there is no place, or no worker took the task up in time; ``too-slow`` if it takes too long.
            WorkerError: the worker ended while it was at it.
        """
        if self.is_full and not patiently:
            raise busy()
        await self._places.acquire()
        job = _Job[Task, Result](task, timed)
        self.admitted += 1
        outcome = asyncio.wrap_future(job.outcome)
        outcome.add_done_callback(self._leave)
        self._jobs.put(job)
        try:
            done, _ = await asyncio.wait((outcome,), timeout=self.max_seconds)
            if not done and job.outcome.cancel():
                raise busy("No reader became free in time.")
            await asyncio.wait((outcome,))
        except asyncio.CancelledError:
            job.outcome.cancel()  # nobody wants it any more
            raise
        return outcome.result()

    def close(self) -> None:
        """Ends the workers at once, whatever they are at; what waits is dropped."""
        self._closing.set()
        for _ in range(self.workers):
            self._jobs.put(None)
        with self._lock:
            for worker in self._alive:
                worker.kill()
        for thread in self._threads:
            thread.join()

    def _leave(self, outcome: asyncio.Future[Any]) -> None:
        self.admitted -= 1
        self._places.release()
        if not outcome.cancelled():
            outcome.exception()  # seen, also where nobody waits for it any more

    def _attend(self, name: str) -> None:
        """A thread: feeds one worker after the other, each until it has to be replaced."""
        while not self._closing.is_set():
            try:
                worker = self._hire(name)
            except Exception as error:  # whatever making the function raises
                if not self._closing.is_set():
                    remark = error if isinstance(error, InkreadError) else "a bug"
                    log.error("a worker does not start: %s", remark, exc_info=error)  # noqa: TRY400
                self._closing.wait(RETRY_SECONDS)
                continue
            while self._do_next(worker):
                pass
            self._dismiss(worker)

    def _hire(self, name: str) -> Worker[Task, Result]:
        """A worker that has started."""
        with self._lock:
            if self._closing.is_set():
                raise WorkerError(name, "is not started", "the pool is closed")
            worker = Worker(self._make, name=name, memory=self._memory)
            self._alive.add(worker)
        try:
            worker.await_start()
        except BaseException:
            self._dismiss(worker)
            raise
        self._freed = monotonic()
        return worker

    def _dismiss(self, worker: Worker[Task, Result]) -> None:
        with self._lock:
            self._alive.discard(worker)
            worker.close()

    def _do_next(self, worker: Worker[Task, Result]) -> bool:
        """Has the worker do the next task; returns whether it can go on with others."""
        with self._lock:
            self._idle += 1
        job = self._jobs.get()
        with self._lock:
            self._idle -= 1
        if job is None:
            return False
        if worker.poll():  # it has ended by itself while it had nothing to do
            self._jobs.put(job)
            return False
        if not job.outcome.set_running_or_notify_cancel():
            return True
        start = monotonic()
        try:
            result = self._result(worker, job.task)
        except Exception as error:  # noqa: BLE001  # it belongs to the one who asked
            answer = partial(job.outcome.set_exception, error)
        else:
            answer = partial(job.outcome.set_result, result)
        if job.timed is not None:
            job.timed(monotonic() - start)
        if not worker.is_busy:
            self._freed = monotonic()
        answer()
        return not worker.is_busy

    def _result(self, worker: Worker[Task, Result], task: Task) -> Result:
        worker.send(task)
        if not worker.poll(self.max_seconds):
            log.warning("a task took more than %g seconds; its worker is replaced", self.max_seconds)
            detail = f"Reading took more than {self.max_seconds:g} seconds."
            raise Problem("too-slow", detail, "Send a smaller or simpler picture.")
        return worker.receive()
