"""A worker process that is killed and replaced if a task hangs or ends it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from inkread.errors import WorkerError, WorkerTimeoutError
from inkread.system.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

Task = TypeVar("Task")
Result = TypeVar("Result")


class SupervisedWorker(Generic[Task, Result]):
    """Runs a function in a worker process, one task at a time, and replaces the process when it must.

    Args:
        make: makes the function in the process, see ``Worker``.
        name: what errors call the process.
        memory: maximum bytes that one task may allocate, see ``Worker``.
    """

    def __init__(
        self, make: Callable[[], Callable[[Task], Result]], *, name: str = "worker", memory: int | None = None
    ) -> None:
        self.name = name
        self._make, self._memory = make, memory
        self._lock = threading.Lock()
        self._closed = False
        self._worker: Worker[Task, Result] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a process is waiting for a task."""
        worker = self._worker
        return worker is not None and not worker.is_busy and not worker.poll()  # else it exited while idle

    def start(self) -> None:
        """Starts a process if none is waiting for a task, and returns when it accepts one.

        Raises:
            WorkerError: the process did not start, or ``kill`` was called.
            Exception: any exception that ``make`` raises.
        """
        if self.is_ready:
            return
        self._dismiss()
        with self._lock:
            if self._closed:
                raise WorkerError(self.name, "is not started", "it has been stopped")
            worker = self._worker = Worker(self._make, name=self.name, memory=self._memory)
        try:
            worker.await_start()
        except BaseException:
            self._dismiss()
            raise

    def run(self, task: Task, *, max_seconds: float) -> Result:
        """Runs a task and returns its result.

        Raises:
            WorkerTimeoutError: the task took longer, and the process was killed.
            WorkerError: the process exited during the task, or did not start.
            Exception: any exception that the function raises.
        """
        self.start()
        worker = self._worker
        assert worker is not None  # noqa: S101  # start() made one
        worker.send(task)
        if worker.poll(max_seconds):
            return worker.receive()
        worker.kill()
        problem = f"took more than {max_seconds:g} seconds"
        raise WorkerTimeoutError(self.name, problem, "allow more time, or use a smaller or simpler picture")

    def kill(self) -> None:
        """Kills the process, even during a task of another thread, and lets no other start."""
        with self._lock:
            self._closed = True
            if self._worker is not None:
                self._worker.kill()

    def close(self) -> None:
        """Kills the process and releases its resources; not during a task."""
        self.kill()
        self._dismiss()

    def _dismiss(self) -> None:
        with self._lock:
            if self._worker is not None:
                self._worker.close()
            self._worker = None
