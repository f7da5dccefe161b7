"""Runs a function in a separate process that can be killed at any time.

A thread cannot be stopped, and shares the interpreter with everyone who waits for it. A process can be killed
whatever it is doing, frees its memory, and crashes alone. The camera's reader and the server's pool use this.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from inkread.errors import WorkerError, WorkerTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

Task = TypeVar("Task")
Result = TypeVar("Result")

START_SECONDS = 60.0
"""Time for a process to load its models, even on a busy machine."""

END_SECONDS = 2.0
"""Time to wait for the exit code of a process that has closed its pipe."""

MEMORY_REMEDY = "start again, and close programs that use a lot of memory"


class Worker(Generic[Task, Result]):
    """Runs a function in a separate process, one task at a time.

    The process starts at once, and accepts tasks once its function has been made. It ends when the process
    that started it ends, however that happens.

    Args:
        make: makes the function, in the process; it, every task, and every result are pickled.
        name: what errors call the process.
        memory: bytes that one task may allocate on top of what the process uses after ``make``; beyond that,
            the task raises ``MemoryError``. Linux only; ``None`` sets no limit.

    Raises:
        WorkerError: the system cannot start another process.
    """

    def __init__(
        self, make: Callable[[], Callable[[Task], Result]], *, name: str = "worker", memory: int | None = None
    ) -> None:
        self.name = name
        self.is_started = self.is_busy = False
        # Forking would copy other threads' locks, and the window's connection to the display.
        context = multiprocessing.get_context("spawn")
        try:
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_work, args=(theirs, make, memory), name=name, daemon=True)
            with _interrupts_blocked():
                self._process.start()
        except OSError as error:
            problem = f"did not start ({error.strerror or error})"
            raise WorkerError(name, problem, MEMORY_REMEDY) from error
        theirs.close()  # so that the pipe closes when the process ends

    def await_start(self) -> None:
        """Waits until the process accepts tasks, for at most ``START_SECONDS``.

        Raises:
            WorkerError: the process exited, or did not start in time.
            Exception: any exception that ``make`` raises.
        """
        if not self.poll(START_SECONDS):
            raise WorkerError(self.name, f"did not start within {START_SECONDS:g} seconds", MEMORY_REMEDY)
        self._received()
        self.is_started = True

    def send(self, task: Task) -> None:
        """Starts a task; call it only while no other task is running.

        Raises:
            WorkerError: the process exited.
        """
        self.is_busy = True
        try:
            self._connection.send(task)
        except OSError as error:
            raise self._gone() from error

    def poll(self, seconds: float = 0.0) -> bool:
        """Waits this long for the process to answer or exit; returns whether it did."""
        return self._connection.poll(seconds)

    def receive(self) -> Result:
        """Waits for the running task and returns its result.

        Raises:
            WorkerError: the process exited.
            Exception: any exception that the function raises; its cause holds the traceback from the process.
        """
        result: Result = self._received()
        return result

    def kill(self) -> None:
        """Kills the process at once, whatever it is doing; a waiting caller gets a ``WorkerError``."""
        self._process.kill()

    def close(self) -> None:
        """Kills the process and releases its resources."""
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._process.close()

    def _received(self) -> Any:
        try:
            succeeded, value = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        self.is_busy = False
        if not succeeded:
            raised, text = value
            raise raised from _Traceback(text)
        return value

    def _gone(self) -> WorkerError:
        self._process.join(END_SECONDS)
        problem = f"exited unexpectedly (exit code {self._process.exitcode})"
        return WorkerError(self.name, problem, MEMORY_REMEDY)


class SupervisedWorker(Generic[Task, Result]):
    """Runs a function as a ``Worker`` does, and replaces its process if a task hangs or ends it."""

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


def end_with_parent() -> None:
    """Makes this process exit when its parent does, even if the parent is killed or this process is busy."""
    parent = multiprocessing.parent_process()

    def end() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _work(
    connection: Connection, make: Callable[[], Callable[[Any], Any]], memory: int | None
) -> None:  # pragma: no cover  # runs in the other process
    """Runs in the process: reports the start, then answers each task with its result or its exception."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process
    end_with_parent()
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        try:
            function = make()
        except Exception as error:  # noqa: BLE001  # re-raised in the caller
            connection.send((False, _portable(error)))
            return
        if memory is not None:
            _limit_memory(memory)
        connection.send((True, None))
        while True:
            task = connection.recv()
            try:
                answer = (True, function(task))
            except Exception as error:  # noqa: BLE001
                answer = (False, _portable(error))
            connection.send(answer)


def _portable(error: Exception) -> tuple[Exception, str]:
    """Returns a picklable error, and the text of its traceback."""
    text = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # our own data
    except Exception:  # noqa: BLE001  # a library's exception class may raise anything
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return error, text


class _Traceback(Exception):  # noqa: N818  # carries the traceback from the process, is never raised
    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def _limit_memory(more: int) -> None:
    """Lets this process allocate this many bytes more than it does now."""
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    resource.setrlimit(resource.RLIMIT_DATA, (held + more, held + more))


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Makes processes started within ignore Ctrl-C from the start, before their first line of Python."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would unblock the signal if it started with the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
