"""What a worker process does: tasks that read pictures or classify glyphs, and the readers they are done with.

A task is pickled on its way to the worker, and its result on the way back; stages, crops and JSON are made in the worker, so that
the process that talks to the clients has little to do.
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
from inkread.pipeline import glyph
from inkread.pipeline.classifier import DIGITS
from inkread.server import serializers
from inkread.server.glyph_bodies import as_ink, glyphs_of
from inkread.server.problems import Problem, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inkread.picture import PictureLimits
    from inkread.pipeline.trace import Trace
    from inkread.reader import Reader
    from inkread.store import NewReading

THREADS = 1
"""Of one reading: there are as many workers as cores."""

LABELS = [*DIGITS, ""]

NOTHING = [0.0] * len(DIGITS) + [1.0]
"""The probabilities where there is no ink at all, of which no network was taught that it is no digit."""

MakeReader: TypeAlias = "Callable[..., Reader]"
"""Makes the reader of a model, as ``Reader`` itself does."""


class Readers:
    """Does tasks with the readers of some models; a reader is made when it is first wanted.

    The default one is made at once, and has read a picture, so that no client waits for its networks to be loaded.

    Args:
        make: makes a reader of a folder.
        folders: of the models by their names.
        limits: of pictures.

    Raises:
        ModelError: the default model cannot be loaded.
    """

    def __init__(self, make: MakeReader, folders: Mapping[str, Path], limits: PictureLimits) -> None:
        cv2.setNumThreads(THREADS)
        self._make, self._folders, self._limits = make, folders, limits
        self._readers: dict[str, Reader] = {}
        with contextlib.suppress(PictureTooLargeError):  # where hardly a pixel is allowed
            self[DEFAULT].read(_row_of_strokes())

    def __getitem__(self, name: str) -> Reader:
        if name not in self._readers:
            self._readers[name] = self._make(self._folders[name], limits=self._limits, threads=THREADS)
        return self._readers[name]

    def __call__(self, task: Task) -> Done:
        """Does a task.

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
    """What came of a task.

    Attributes:
        content: of the answer, JSON or PNG.
        digits: how many were read.
        record: the reading as it is to be stored, if that was wanted.
    """

    content: bytes
    digits: int = 0
    record: NewReading | None = None


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """Reads a picture.

    Attributes:
        name: of the picture, for people.
        data: its file.
        model: the name of the model.
        model_sha256: of its file.
        single: read one digit, or none.
        min_probability: 0..1; less probable digits are labelled ``"?"``.
        detail: add to each digit all probabilities and its glyph.
        stages: add a picture of every stage.
        draw: give the picture with its boxes as PNG, instead of JSON.
        keep: the id under which the reading is going to be stored, if it is.
        client: who sent it, for the store.
    """

    name: str
    data: bytes | bytearray
    model: str
    model_sha256: str
    single: bool = False
    min_probability: float = 0.0
    detail: bool = False
    stages: bool = False
    draw: bool = False
    keep: str | None = None
    client: str | None = None

    def do(self, readers: Readers) -> Done:
        """The reading; a ``Problem`` if the picture cannot be read."""
        start = perf_counter()
        try:
            trace = readers[self.model].trace(
                self.data, single=self.single, min_probability=self.min_probability
            )
        except InkreadError as error:
            raise problem_of(error, self.name) from error
        milliseconds = 1000 * (perf_counter() - start)
        content = serializers.drawing(trace) if self.draw else to_json(self._answer(trace, milliseconds))
        record = serializers.new_reading(trace, self) if self.keep is not None else None
        return Done(content, len(trace.reading.digits), record)

    def _answer(self, trace: Trace, milliseconds: float) -> dict[str, Any]:
        return serializers.reading_answer(
            trace,
            id=self.keep,
            name=self.name,
            model=self.model,
            milliseconds=milliseconds,
            detail=self.detail,
            stages=self.stages,
        )


@dataclass(frozen=True, slots=True)
class ClassifyGlyphs:
    """Classifies glyphs.

    Attributes:
        body: JSON or an .npy file.
        model: the name of the model.
        normalize: bring each into the classifier's geometry first.
        most: glyphs that are accepted.
    """

    body: bytes
    model: str
    normalize: bool
    most: int

    def do(self, readers: Readers) -> Done:
        """The probabilities; a ``Problem`` if the body is not N×28×28 numbers."""
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
    """A value as JSON in UTF-8, on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _row_of_strokes() -> Any:
    """A picture that both networks look at."""
    picture = np.full((60, 90), 255, np.uint8)
    picture[10:50, 20:25] = picture[10:50, 60:65] = 0
    return picture
