"""The work of a worker process: tasks that read pictures or classify glyphs, and their readers.

Tasks and results are pickled between the processes. Stages, crops, and JSON are created in the worker to keep
the load of the process that serves the clients low.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from inkread.errors import InkreadError, PictureTooLargeError
from inkread.models import DEFAULT
from inkread.picture import is_document, page_count
from inkread.pipeline import glyph
from inkread.pipeline.classifier import DIGITS
from inkread.pipeline.symbols import TextTrace
from inkread.pipeline.text import TextReader
from inkread.reader import DIGITS_ONLY
from inkread.server import serializers
from inkread.server.glyph_bodies import as_ink, glyphs_of
from inkread.server.problems import Problem, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inkread.picture import PictureLimits
    from inkread.reader import Reader
    from inkread.store import NewReading

THREADS = 1
"""Threads per reading; there are as many workers as cores."""

LABELS = [*DIGITS, ""]

NOTHING = [0.0] * len(DIGITS) + [1.0]
"""The probabilities of a glyph without any ink; no network was trained to reject that."""

MakeReader: TypeAlias = "Callable[..., Reader]"
"""Creates the reader of a model, like ``Reader`` itself."""


class Readers:
    """Does tasks with the readers of some models; each reader is created on first use.

    The default reader is created at once and warmed up on a picture, so that no client waits for its networks
    to load.

    Args:
        make: creates a reader from a folder.
        folders: the models' folders by name.
        limits: the limits for pictures.

    Raises:
        ModelError: the default model cannot be loaded.
    """

    def __init__(self, make: MakeReader, folders: Mapping[str, Path], limits: PictureLimits) -> None:
        cv2.setNumThreads(THREADS)
        self._make, self._folders, self.limits = make, folders, limits
        self._readers: dict[str, Reader] = {}
        self._text: dict[str, TextReader] = {}
        with contextlib.suppress(PictureTooLargeError):  # if the limit is tiny
            self[DEFAULT].read(_row_of_strokes())

    def __getitem__(self, name: str) -> Reader:
        if name not in self._readers:
            self._readers[name] = self._make(self._folders[name], limits=self.limits, threads=THREADS)
        return self._readers[name]

    def of(self, name: str, alphabet: str) -> Reader | TextReader:
        """Returns the reader of digits with that model, or of another alphabet."""
        if alphabet == DIGITS_ONLY:
            return self[name]
        if alphabet not in self._text:
            self._text[alphabet] = TextReader(alphabet, limits=self.limits, threads=THREADS)
        return self._text[alphabet]

    def __call__(self, task: Task) -> Done:
        """Runs a task.

        Raises:
            Problem: the picture or the glyphs cannot be read.
        """
        try:
            return task.do(self)
        except MemoryError:
            detail = "The picture needs more memory than one reading may take."
            raise Problem("too-large", detail, "Send a smaller or simpler picture.") from None


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a task.

    Attributes:
        content: the content of the response, JSON or PNG.
        digits: the number of digits read.
        record: the reading to store, if requested.
    """

    content: bytes
    digits: int = 0
    record: NewReading | None = None


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """Reads a picture.

    Attributes:
        name: the picture's name for display.
        data: the picture's file.
        model: the name of the model.
        model_sha256: the SHA-256 of the model's file.
        single: read one digit or character, or none.
        alphabet: what to read, see ``inkread.reader.open_reader``.
        min_probability: 0..1; less probable digits are labelled ``"?"``.
        detail: add all probabilities and the glyph to each digit.
        stages: add a picture of each stage.
        draw: return the picture with its boxes as PNG instead of JSON.
        page: the page of a document, from 1.
        keep: the id for storing the reading; ``None`` to not store it.
        client: the sender's address, for the store.
    """

    name: str
    data: bytes | bytearray
    model: str
    model_sha256: str
    single: bool = False
    alphabet: str = DIGITS_ONLY
    min_probability: float = 0.0
    detail: bool = False
    stages: bool = False
    draw: bool = False
    page: int = 1
    keep: str | None = None
    client: str | None = None

    def do(self, readers: Readers) -> Done:
        """Reads the picture; raises a ``Problem`` if it cannot be read."""
        start = perf_counter()
        try:
            data = bytes(self.data)
            pages = page_count(data, limits=readers.limits) if is_document(data) else 1
            if self.page > pages:
                remedy = f"Use a page from 1 to {pages}."
                raise Problem("invalid-option", f"{self.name} has no page {self.page}.", remedy)
            trace = readers.of(self.model, self.alphabet).trace(
                data, single=self.single, page=self.page, min_probability=self.min_probability
            )
        except InkreadError as error:
            raise problem_of(error, self.name) from error
        milliseconds = 1000 * (perf_counter() - start)
        content = (
            serializers.drawing(trace)
            if self.draw
            else to_json(serializers.reading_answer(trace, self, milliseconds, pages))
        )
        keeps = self.keep is not None
        record = serializers.new_reading(trace, self) if keeps and not isinstance(trace, TextTrace) else None
        return Done(content, len(trace.reading.digits), record)


@dataclass(frozen=True, slots=True)
class ClassifyGlyphs:
    """Classifies glyphs.

    Attributes:
        body: JSON or an .npy file.
        model: the name of the model.
        normalize: convert each glyph to the classifier's geometry first.
        most: maximum number of glyphs.
    """

    body: bytes
    model: str
    normalize: bool
    most: int

    def do(self, readers: Readers) -> Done:
        """Returns the probabilities; raises a ``Problem`` if the body is not N×28×28 numbers."""
        glyphs, wants = glyphs_of(self.body, most=self.most)
        if wants or self.normalize:
            glyphs = glyph.normalize_all([as_ink(one) for one in glyphs])
        probabilities = readers[self.model].classifier.probabilities(glyphs)
        probabilities[~glyphs.any(axis=(1, 2))] = NOTHING
        answer = {
            "model": self.model,
            "labels": LABELS,
            "probabilities": np.minimum(probabilities, 1).astype(float).round(6).tolist(),
            "digits": [LABELS[best] for best in probabilities.argmax(axis=1)],
        }
        return Done(to_json(answer))


Task: TypeAlias = ReadPicture | ClassifyGlyphs


def to_json(value: Any) -> bytes:
    """Encodes a value as JSON in UTF-8, on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _row_of_strokes() -> Any:
    """Draws a picture that makes both networks run."""
    picture = np.full((60, 90), 255, np.uint8)
    picture[10:50, 20:25] = picture[10:50, 60:65] = 0
    return picture
