"""A reader beside the display, in a process of its own.

A thread would share the interpreter with the window and could not be stopped; a picture full of things may take half a minute to
read. The process takes one picture at a time, and whoever gives it the next gives the newest: pictures in between are never read.
"""

from __future__ import annotations

import multiprocessing
import signal
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from inkread.errors import InkreadError

if TYPE_CHECKING:
    import os
    from multiprocessing.connection import Connection

    from inkread.desktop.capture import Frame
    from inkread.reading import Reading

PATIENCE = 5.0
"""Seconds after which a reading is given up, as the camera shows something else by then."""
START_SECONDS = 60.0
"""The process has so long to load its models, also on a busy machine."""
END_SECONDS = 2.0

SOURCE = "reader"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a frame.

    Attributes:
        frame: that was given.
        reading: of it; ``None`` where it took too long.
        latency: seconds from when the frame was taken until now.
    """

    frame: Frame
    reading: Reading | None
    latency: float


class LiveReader:
    """Reads frames in a process of its own, one at a time.

    Args:
        model: as of ``inkread.Reader``.
        patience: seconds after which a reading is given up.

    Raises:
        ModelError: the model cannot be loaded, or knows other classes than the ten digits.
        InkreadError: the process did not start.
    """

    def __init__(self, model: str | os.PathLike[str] = "default", *, patience: float = PATIENCE) -> None:
        self._model, self._patience = str(model), patience
        self._frame: Frame | None = None
        self._start()
        if not self._connection.poll(START_SECONDS):
            self.close()
            raise InkreadError(SOURCE, "does not start", "close other programs, and start again")
        try:
            self._await_start()
        except BaseException:
            self.close()
            raise

    @property
    def is_free(self) -> bool:
        """Whether it can be given a frame."""
        return self._started and self._frame is None

    def give(self, frame: Frame) -> None:
        """Begins to read a frame; only while ``is_free``.

        Raises:
            InkreadError: the process has ended.
        """
        self._frame, self._given = frame, perf_counter()
        try:
            self._connection.send(frame.pixels)
        except OSError as error:
            raise self._gone() from error

    def take(self, *, patiently: bool = False) -> Answer | None:
        """What came of the frame that was given; ``None`` while there is nothing yet. Never waits.

        Args:
            patiently: do not give up, however long it takes.

        Raises:
            InkreadError: the process has ended, or the frame cannot be read.
        """
        if self._connection.poll():
            if not self._started:
                self._await_start()
                return None
            return self._answered(self._received())
        if not patiently and self._frame is not None and perf_counter() - self._given > self._patience:
            self.close()
            self._start()
            return self._answered(None)
        return None

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.terminate()
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()
        self._process.close()

    def _start(self) -> None:
        # Forking would copy the window's threads and its connection to the display.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._model), daemon=True)
        self._process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        self._started = False

    def _await_start(self) -> None:
        self._received()
        self._started = True

    def _answered(self, reading: Reading | None) -> Answer | None:
        frame, self._frame = self._frame, None
        return None if frame is None else Answer(frame, reading, perf_counter() - frame.taken)

    def _received(self) -> Reading | None:
        try:
            message: Reading | InkreadError | None = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if isinstance(message, InkreadError):
            self._frame = None
            raise message
        return message

    def _gone(self) -> InkreadError:
        self._process.join(END_SECONDS)
        problem = f"has ended unexpectedly (exit code {self._process.exitcode})"
        return InkreadError(SOURCE, problem, "start again, and close programs that take much memory")


def _serve(connection: Connection, model: str) -> None:
    """The process: says that it has started, then answers each picture with its reading, or an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the window's affair
    try:
        from inkread.reader import Reader

        reader = Reader(model)
        _ = reader.recognizers  # loaded now, not with the first page
        connection.send(None)
        while True:
            pixels = connection.recv()
            try:
                connection.send(reader.read(pixels))
            except InkreadError as error:
                connection.send(error)
    except InkreadError as error:
        connection.send(error)
    except (EOFError, OSError):  # the window has closed
        return
