"""Reads pages, in a process that can be killed.

Each process has one reader with one thread per network: one process per core reads more pages per second than
one reader with many threads.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.batch.rows import Row
from inkread.errors import JobError, OptionError, PictureError
from inkread.models import DETECTOR
from inkread.picture import PictureLimits, page_count
from inkread.reader import DIGITS_ONLY, open_reader
from inkread.results import require_probability
from inkread.results.outcome import Outcome

if TYPE_CHECKING:
    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader
    from inkread.reader import Reader

THREADS = 1


@dataclass(frozen=True, kw_only=True)
class ReadingSettings:
    """How every page is read; see ``inkread.reader.open_reader``.

    Attributes:
        alphabet: the characters to read.
        model: the glyph classifier.
        detector: the detector.
        lexicon: a file of words that text probably consists of, which every machine must have.
        single: read one digit per page, or none.
        min_probability: 0..1; less probable digits are labelled ``"?"``.
        limits: maximum size of a picture.
        max_seconds: maximum time for a page.
        models: the fingerprint that the networks must have, see ``Reader.fingerprint``; empty for any.
    """

    alphabet: str = DIGITS_ONLY
    model: str = "default"
    detector: str = DETECTOR
    lexicon: str | None = None
    single: bool = False
    min_probability: float = 0.0
    limits: PictureLimits = field(default_factory=PictureLimits)
    max_seconds: float = 60.0
    models: str = ""

    def __post_init__(self) -> None:
        require_probability(self.min_probability)
        if not 0 < self.max_seconds < float("inf"):
            raise OptionError(f"--max-seconds {self.max_seconds:g}", "is out of range", "use seconds above 0")

    def reader(self) -> Reader | TextReader | SymbolReader:
        """Makes the reader; raises the errors of ``open_reader``."""
        return open_reader(
            self.alphabet,
            model=self.model,
            detector=self.detector,
            lexicon=self.lexicon,
            limits=self.limits,
            threads=THREADS,
        )


@dataclass(frozen=True, slots=True)
class Task:
    """Reads a page, counted from 1, of a picture or document; without a page, counts those of a document."""

    name: str
    data: bytes
    page: int | None = None


class PageReader:
    """Does tasks; its networks are loaded at once and warmed up.

    Raises:
        ModelError: a model cannot be loaded.
        JobError: the networks are not those of the job.
    """

    def __init__(self, settings: ReadingSettings) -> None:
        cv2.setNumThreads(THREADS)
        self.settings, self.reader = settings, settings.reader()
        if self.reader.fingerprint != (settings.models or self.reader.fingerprint):
            remedy = "install the same version of inkread on all machines"
            raise JobError(socket.gethostname(), "has other models than the job", remedy)
        self.reader.trace(np.full((60, 90), 255, np.uint8), single=settings.single)

    def __call__(self, task: Task) -> int | Row:
        """Returns a document's page count, a page's row, or the row of a failure."""
        settings, start = self.settings, perf_counter()
        try:
            if task.page is None:
                return page_count(task.data, limits=settings.limits)
            reading = self.reader.trace(
                task.data, single=settings.single, page=task.page, min_probability=settings.min_probability
            ).reading
        except Exception as error:  # noqa: BLE001  # see failure()
            return Row(task.name, task.page or 1, models=settings.models, error=failure(error))
        milliseconds = 1000 * (perf_counter() - start)
        return Row.of(task.name, task.page, reading, settings.models, milliseconds)


def failure(error: Exception) -> str:
    """Returns why a picture could not be read; a bug must not stop the millions after it."""
    if isinstance(error, PictureError):
        return str(Outcome("", error).error)
    if isinstance(error, MemoryError):
        return "needs more memory than one reading may take; use a smaller or simpler picture"
    return f"internal error ({type(error).__name__}: {error}); please report it"
