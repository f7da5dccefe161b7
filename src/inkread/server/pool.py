"""The pool of worker processes that read pictures, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from inkread.errors import InkreadError, WorkerError, WorkerTimeoutError
from inkread.server.monitoring import log
from inkread.server.problems import Problem, busy
from inkread.system.worker import SupervisedWorker

if TYPE_CHECKING:
    from collections.abc import Callable

Task = TypeVar("Task")
Result = TypeVar("Result")

STUCK_SECONDS = 10.0
"""If no worker has been free for this long, the server is not ready: new requests would wait in vain."""

RETRY_SECONDS = 5.0
"""Delay before another attempt to start a worker."""


@dataclass(slots=True)
class _Job(Generic[Task, Result]):
    """A task, the future of its result, and an optional callback for the seconds a worker spent on it."""

    task: Task
    timed: Callable[[float], None] | None
    outcome: Future[Result] = field(default_factory=Future)


class Pool(Generic[Task, Result]):
    """Worker processes with a bounded queue; used from one event loop.

    A task waits at most ``max_seconds`` for a worker; a worker that spends longer on one is killed and
    replaced. At most ``queue`` tasks wait. Each worker is fed by its own thread, so that nothing blocks the
    event loop. For ``make`` and ``memory``, see ``Worker``.
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
        self._workers = [
            SupervisedWorker(make, name=f"inkread-worker-{number}", memory=memory)
            for number in range(workers)
        ]
        self._places = asyncio.Semaphore(workers + queue)
        self._jobs: SimpleQueue[_Job[Task, Result] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._freed: float | None = None

    @property
    def waiting(self) -> int:
        """Tasks that wait for a worker."""
        return max(0, self.admitted - self.workers)

    @property
    def running(self) -> int:
        """Tasks that workers are running."""
        return min(self.admitted, self.workers)

    @property
    def is_full(self) -> bool:
        """Whether further tasks are refused."""
        return self._places.locked()

    @property
    def has_started(self) -> bool:
        """Whether a worker has started."""
        return self._freed is not None

    @property
    def is_stuck(self) -> bool:
        """Whether no worker has been free for ``STUCK_SECONDS``."""
        return self._freed is not None and not self._idle and monotonic() - self._freed > STUCK_SECONDS

    def start(self) -> None:
        """Starts the workers without waiting for them."""
        for worker in self._workers:
            thread = threading.Thread(target=self._attend, args=(worker,), name=worker.name, daemon=True)
            self._threads.append(thread)
            thread.start()

    async def run(
        self, task: Task, *, patiently: bool = False, timed: Callable[[float], None] | None = None
    ) -> Result:
        """Runs the task in a worker, and returns its result or raises its error.

        The task continues after the caller stops waiting, until its time is up. If the queue is full, a
        patient caller waits. ``timed`` is called in a thread with the seconds that a worker spent, even in
        vain.

        Raises:
            Problem: ``busy`` if the queue is full or no worker became free in time; ``too-slow`` if the task
                takes too long.
            WorkerError: the worker died during the task, or the pool was closed.
        """
        if self._closing.is_set():
            raise _stopped()
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
            job.outcome.cancel()  # its caller has stopped waiting
            raise
        return outcome.result()

    def close(self) -> None:
        """Kills the workers at once, even during a task; unfinished tasks raise a ``WorkerError``."""
        self._closing.set()
        for _ in range(self.workers):
            self._jobs.put(None)
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join()
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if job is not None and job.outcome.set_running_or_notify_cancel():
                job.outcome.set_exception(_stopped())

    def _leave(self, outcome: asyncio.Future[Any]) -> None:
        self.admitted -= 1
        self._places.release()
        if not outcome.cancelled():
            outcome.exception()  # marks it as retrieved, in case its caller has stopped waiting

    def _attend(self, worker: SupervisedWorker[Task, Result]) -> None:
        """Runs in a thread: feeds a worker, which is replaced if necessary."""
        while not self._closing.is_set():
            try:
                worker.start()
            except Exception as error:  # creating the function may raise anything
                if not self._closing.is_set():
                    remark = error if isinstance(error, InkreadError) else "a bug"
                    log.error("a worker failed to start: %s", remark, exc_info=error)  # noqa: TRY400
                self._closing.wait(RETRY_SECONDS)
                continue
            self._freed = monotonic()
            while self._do_next(worker):
                pass
        worker.close()

    def _do_next(self, worker: SupervisedWorker[Task, Result]) -> bool:
        """Runs the next task in the worker; returns whether the worker can take another."""
        with self._lock:
            self._idle += 1
        job = self._jobs.get()
        with self._lock:
            self._idle -= 1
        if job is None:
            return False
        if not worker.is_ready:  # it exited while idle
            self._jobs.put(job)
            return False
        if not job.outcome.set_running_or_notify_cancel():
            return True
        start = monotonic()
        try:
            result = self._result(worker, job.task)
        except Exception as error:  # noqa: BLE001  # passed to the caller
            answer = partial(job.outcome.set_exception, error)
        else:
            answer = partial(job.outcome.set_result, result)
        if job.timed is not None:
            job.timed(monotonic() - start)
        is_ready = worker.is_ready
        if is_ready:
            self._freed = monotonic()
        answer()
        return is_ready

    def _result(self, worker: SupervisedWorker[Task, Result], task: Task) -> Result:
        try:
            return worker.run(task, max_seconds=self.max_seconds)
        except WorkerTimeoutError as error:
            log.warning("a task took more than %g seconds; its worker is replaced", self.max_seconds)
            detail = f"Reading took more than {self.max_seconds:g} seconds."
            raise Problem("too-slow", detail, "Send a smaller or simpler picture.") from error


def _stopped() -> WorkerError:
    return WorkerError("the reader", "has been stopped", "start it again")
