"""A background reader in a separate process.

A thread would share the interpreter with the window and could not be stopped, but reading a complex picture
can take half a minute. The process reads one picture at a time; the next one is always the newest, and
pictures in between are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from inkread.system.worker import Worker

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from inkread.desktop.capture import Frame
    from inkread.results import Reading

PATIENCE = 5.0
"""Seconds after which a reading is abandoned because the camera already shows something else."""

SOURCE = "reader"


@dataclass(frozen=True, slots=True)
class Answer:
    """A frame, its reading, or ``None`` if it took too long, and the seconds from its capture to here."""

    frame: Frame
    reading: Reading | None
    latency: float


class ReaderProcess:
    """Reads frames in a separate process, one at a time.

    Args:
        model: see ``inkread.Reader``.
        patience: seconds after which a reading is abandoned.

    Raises:
        ModelError: the model cannot be loaded, or has classes other than the ten digits.
        WorkerError: the process did not start.
    """

    def __init__(self, model: str | os.PathLike[str] = "default", *, patience: float = PATIENCE) -> None:
        self._make, self._patience = partial(_reader, str(model)), patience
        self._frame: Frame | None = None
        self._worker: Worker[NDArray[np.uint8], Reading] = Worker(self._make, name=SOURCE)
        try:
            self._worker.await_start()
        except BaseException:
            self.close()
            raise

    @property
    def is_free(self) -> bool:
        """Whether it can accept a frame."""
        return self._worker.is_started and self._frame is None

    def give(self, frame: Frame) -> None:
        """Starts to read a frame; call it only while ``is_free``.

        Raises:
            InkreadError: the process has ended.
        """
        self._frame, self._given = frame, perf_counter()
        self._worker.send(frame.pixels)

    def take(self, *, patiently: bool = False) -> Answer | None:
        """Returns the result for the frame; ``None`` if it is not ready. Never waits.

        Args:
            patiently: do not abandon the reading, however long it takes.

        Raises:
            InkreadError: the process has ended, or the frame cannot be read.
        """
        if self._worker.poll():
            if not self._worker.is_started:
                self._worker.await_start()
                return None
            frame, self._frame = self._frame, None
            reading = self._worker.receive()
            return None if frame is None else _answer(frame, reading)
        if not patiently and self._frame is not None and perf_counter() - self._given > self._patience:
            frame, self._frame = self._frame, None
            self.close()
            self._worker = Worker(self._make, name=SOURCE)
            return _answer(frame, None)
        return None

    def close(self) -> None:
        """Stops the process at once."""
        self._worker.close()


def _answer(frame: Frame, reading: Reading | None) -> Answer:
    return Answer(frame, reading, perf_counter() - frame.taken)


def _reader(model: str) -> Callable[[NDArray[np.uint8]], Reading]:
    from inkread.reader import Reader

    reader = Reader(model)
    _ = reader.strips  # load it now instead of with the first frame
    return reader.read
