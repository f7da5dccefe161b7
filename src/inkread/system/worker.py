"""A function in a process of its own, which can be ended at any time.

A thread cannot be stopped, and shares the interpreter with everybody who waits for it. A process can be ended whatever it is
doing, takes its memory with it, and may crash alone. The camera's reader and the server's pool run on this.
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

from inkread.errors import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Task = TypeVar("Task")
Result = TypeVar("Result")

START_SECONDS = 60.0
"""A process may take this long to load its models, on a busy machine too."""

END_SECONDS = 2.0
"""A process whose pipe is closed is about to end; its exit code is waited for this long."""

MEMORY_REMEDY = "start again, and close programs that take much memory"


class Worker(Generic[Task, Result]):
    """Runs a function in a process of its own, one task at a time.

    It is started at once, and takes tasks once its function is made. It ends with the process that started it, however that ends.

    Args:
        make: makes the function, in the process; it, every task and every result are pickled.
        name: what the process is called in errors.
        memory: bytes that one task may allocate beyond what the process held when its function was made; beyond, the task
            raises ``MemoryError``. Linux only; ``None`` sets no limit.

    Raises:
        WorkerError: the system starts no more processes.
    """

    def __init__(
        self, make: Callable[[], Callable[[Task], Result]], *, name: str = "worker", memory: int | None = None
    ) -> None:
        self.name = name
        self.is_started = self.is_busy = False
        # Forking would copy the locks of other threads, and the window's connection to the display.
        context = multiprocessing.get_context("spawn")
        try:
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_work, args=(theirs, make, memory), name=name, daemon=True)
            with _interrupts_blocked():
                self._process.start()
        except OSError as error:
            problem = f"does not start ({error.strerror or error})"
            raise WorkerError(name, problem, MEMORY_REMEDY) from error
        theirs.close()  # so that the end of the process is the end of the pipe

    def await_start(self, seconds: float | None = None) -> None:
        """Waits until tasks are taken, ``START_SECONDS`` unless told otherwise.

        Raises:
            WorkerError: the process has ended, or did not start in time.
            Exception: whatever ``make`` raised.
        """
        seconds = START_SECONDS if seconds is None else seconds
        if not self.poll(seconds):
            raise WorkerError(self.name, f"does not start within {seconds:g} seconds", MEMORY_REMEDY)
        self._received()
        self.is_started = True

    def send(self, task: Task) -> None:
        """Begins a task; only while none is under way.

        Raises:
            WorkerError: the process has ended.
        """
        self.is_busy = True
        try:
            self._connection.send(task)
        except OSError as error:
            raise self._gone() from error

    def poll(self, seconds: float = 0.0) -> bool:
        """Waits this long for the process to answer, or to end; returns whether it did."""
        return self._connection.poll(seconds)

    def receive(self) -> Result:
        """The result of the task that is under way; waits for it.

        Raises:
            WorkerError: the process has ended.
            Exception: whatever the function raised; its cause holds the traceback of the process.
        """
        result: Result = self._received()
        return result

    def kill(self) -> None:
        """Ends the process at once, whatever it is doing: whoever waits for its answer is told that it has ended."""
        self._process.kill()

    def close(self) -> None:
        """Ends the process, and forgets it."""
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
            raise value
        return value

    def _gone(self) -> WorkerError:
        self._process.join(END_SECONDS)
        problem = f"has ended unexpectedly (exit code {self._process.exitcode})"
        return WorkerError(self.name, problem, MEMORY_REMEDY)


def end_with_parent() -> None:
    """Has this process end as soon as the one that started it does, also where that was killed, and whatever this one is doing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _work(
    connection: Connection, make: Callable[[], Callable[[Any], Any]], memory: int | None
) -> None:  # pragma: no cover  # runs in the other process
    """The process: answers that it has started, then each task with its result, or with what it raised."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    end_with_parent()
    with contextlib.suppress(EOFError, OSError):  # nobody is there any more
        try:
            function = make()
        except Exception as error:  # noqa: BLE001  # it belongs to the one who asked
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


def _portable(error: Exception) -> _Raised:
    """The error as it can be sent, with its traceback."""
    text = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    except Exception:  # noqa: BLE001  # whatever a library's class does in it
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return _Raised(error, text)


class _Raised:
    """An error on its way between processes, which unpickles as the error itself: its traceback becomes the text of its cause."""

    def __init__(self, error: Exception, text: str) -> None:
        self.error, self.text = error, text

    def __reduce__(self) -> tuple[Any, ...]:
        return _with_cause, (self.error, self.text)


class _Traceback(Exception):  # noqa: N818  # no error, but what is printed of one
    """The traceback of another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def _with_cause(error: Exception, text: str) -> Exception:
    error.__cause__ = _Traceback(text)
    return error


def _limit_memory(more: int) -> None:
    """Lets this process hold so many bytes more of its own than it does now."""
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    resource.setrlimit(resource.RLIMIT_DATA, (held + more, held + more))


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Within, a process that is started inherits that Ctrl-C does not reach it, not even before its first line of Python."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would unblock the signal when it is started with the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
