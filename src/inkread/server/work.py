"""The work of a worker process: tasks that read pictures or classify glyphs, and their readers and results.

Tasks and results are pickled between the processes. Stages, crops, and JSON are created in the worker to keep
the load of the process that serves the clients low.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from PIL import Image

from inkread.errors import InkreadError, PictureTooLargeError
from inkread.models import DEFAULT
from inkread.picture import is_document, page_count
from inkread.pipeline.classifier import DIGITS
from inkread.pipeline.explain import stages_of
from inkread.pipeline.glyph import normalize_all
from inkread.pipeline.symbols import TextTrace
from inkread.pipeline.text import TextReader
from inkread.reader import DIGITS_ONLY
from inkread.server.glyph_bodies import as_ink, glyphs_of
from inkread.server.problems import Problem, problem_of
from inkread.store.records import NewDigit, NewReading, StoredPicture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.picture import PictureLimits
    from inkread.pipeline.trace import Trace
    from inkread.reader import Reader
    from inkread.results import Digit

THREADS = 1
"""Threads per reading; there are as many workers as cores."""

LABELS = [*DIGITS, ""]

NOTHING = [0.0] * len(DIGITS) + [1.0]
"""The probabilities of a glyph without any ink; no network was trained to reject that."""

TITLES = {
    "picture": "The picture, upright",
    "heat": "Where the detector sees digits",
    "candidates": "Candidates; digits that were read are blue",
    "glyphs": "The glyphs, with the networks' probabilities for each",
    "lines": "The lines, as the recognizer sees them",
    "reading": "The reading",
}

PNG_URL = "data:image/png;base64,"

MARGIN = 0.1
"""Margin around a digit's crop, as a fraction of its box."""

JPEG_QUALITY = 90
"""JPEG quality of stored pictures. The detector is trained on such artifacts; 2000×2000 pixels take about 1
MB."""

LONGEST_CROP = 256
"""Longer side of a stored crop in pixels; about ten times the model's input."""

Seen = tuple["Digit", "NDArray[np.float32]", "NDArray[np.uint8]"]
"""A digit, the probabilities of the ten labels, and the classifier's input glyph."""

MakeReader: TypeAlias = "Callable[..., Reader]"
"""Creates the reader of a model, like ``Reader`` itself."""


class Readers:
    """Does tasks with the readers of some models; each reader is created on first use.

    ``make`` creates a reader from a model's folder. The default reader is created at once and warmed up on a
    picture, so that no client waits for its networks to load.

    Raises:
        ModelError: the default model cannot be loaded.
    """

    def __init__(self, make: MakeReader, folders: Mapping[str, Path], limits: PictureLimits) -> None:
        cv2.setNumThreads(THREADS)
        self._make, self._folders, self.limits = make, folders, limits
        self._readers: dict[str, Reader] = {}
        self._text: dict[tuple[str, str], TextReader] = {}
        with contextlib.suppress(PictureTooLargeError):  # if the limit is tiny
            self[DEFAULT].read(_row_of_strokes())

    def __getitem__(self, name: str) -> Reader:
        if name not in self._readers:
            self._readers[name] = self._make(self._folders[name], limits=self.limits, threads=THREADS)
        return self._readers[name]

    def of(self, name: str, alphabet: str) -> Reader | TextReader:
        """Returns the reader of digits, or of another alphabet, with that model."""
        if alphabet == DIGITS_ONLY:
            return self[name]
        if (name, alphabet) not in self._text:
            folder = self._folders[name]
            self._text[name, alphabet] = TextReader(
                alphabet, model=folder, limits=self.limits, threads=THREADS
            )
        return self._text[name, alphabet]

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
    """The result of a task: the response (JSON or PNG), how many digits were read, and what to store."""

    content: bytes
    digits: int = 0
    record: NewReading | None = None


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """Reads the file of a picture, shown by this name, with the options of ``schemas.PictureOptions``.

    ``keep`` is the id for storing the reading with the client's address, or ``None`` to not store it.
    """

    name: str
    data: bytes | bytearray
    model: str
    model_sha256: str
    single: bool
    alphabet: str
    min_probability: float
    detail: bool
    stages: bool
    draw: bool
    page: int
    keep: str | None
    client: str | None

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
        if self.draw:
            content = _png(trace.reading.draw(trace.picture.pixels))
        else:
            content = to_json(self._answer(trace, milliseconds, pages))
        keeps = self.keep is not None
        record = self._record(trace) if keeps and not isinstance(trace, TextTrace) else None
        return Done(content, len(trace.reading.digits), record)

    def _answer(self, trace: Trace | TextTrace, milliseconds: float, pages: int) -> dict[str, Any]:
        answer = trace.reading.to_dict() | {
            "id": self.keep,
            "source": self.name,
            "model": self.model,
            "milliseconds": round(milliseconds, 2),
            "page": self.page,
            "pages": pages,
        }
        if self.detail and not isinstance(trace, TextTrace):
            for line, seen in zip(answer["lines"], _seen_lines(trace), strict=True):
                for digit, (_, shares, glyph) in zip(line["digits"], seen, strict=True):
                    digit["probabilities"] = [round(float(p), 6) for p in shares]
                    digit["glyph"] = _base64(glyph.tobytes())
        if self.stages:
            answer["stages"] = [
                {"name": stage, "title": TITLES[stage], "image": PNG_URL + _base64(_png(image))}
                for stage, image in stages_of(trace).items()
            ]
        return answer

    def _record(self, trace: Trace) -> NewReading:
        return NewReading(
            source=self.name,
            width=trace.reading.width,
            height=trace.reading.height,
            text=trace.reading.text,
            model=self.model,
            model_sha256=self.model_sha256,
            lines=tuple(tuple(_new_digits(trace, line)) for line in _seen_lines(trace)),
            client=self.client,
            picture=_picture(trace),
        )


@dataclass(frozen=True, slots=True)
class ClassifyGlyphs:
    """Classifies at most ``most`` glyphs, of a body in JSON or .npy; normalizes them first if asked to."""

    body: bytes
    model: str
    normalize: bool
    most: int

    def do(self, readers: Readers) -> Done:
        """Returns the probabilities; raises a ``Problem`` if the body is not N×28×28 numbers."""
        glyphs, wants = glyphs_of(self.body, most=self.most)
        if wants or self.normalize:
            glyphs = normalize_all([as_ink(one) for one in glyphs])
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


def _seen_lines(trace: Trace) -> list[list[Seen]]:
    """Returns the digits of each line of the reading, with their probabilities and glyphs."""
    rows = zip(trace.reading.lines, trace.digits, trace.glyphs, strict=True)
    return [list(zip(line.digits, shares, glyphs, strict=True)) for line, shares, glyphs in rows]


def _picture(trace: Trace) -> StoredPicture:
    """Returns the upright working pixels as JPEG, see ``inkread.picture.WORKING_SIDE``."""
    image = Image.fromarray(trace.picture.pixels)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY)
    return StoredPicture(file.getvalue(), image.width, image.height)


def _new_digits(trace: Trace, line: list[Seen]) -> Iterator[NewDigit]:
    for digit, shares, glyph in line:
        yield NewDigit(
            label=digit.label,
            probability=digit.probability,
            box=digit.box,
            probabilities=tuple(float(p) for p in shares),
            glyph=glyph.tobytes(),
            crop=_png(_crop(trace, digit)),
        )


def _crop(trace: Trace, digit: Digit) -> Image.Image:
    """Crops the digit's box from the upright working pixels, with a margin; shrinks large crops."""
    height, width = trace.picture.pixels.shape[:2]
    scale_x, scale_y = trace.picture.scale
    x0, y0, x1, y1 = digit.box
    margin = MARGIN * max(x1 - x0, y1 - y0)
    left, top = max(0, int((x0 - margin) / scale_x)), max(0, int((y0 - margin) / scale_y))
    right = min(width, int((x1 + margin) / scale_x) + 1)
    bottom = min(height, int((y1 + margin) / scale_y) + 1)
    crop = Image.fromarray(trace.picture.pixels[top:bottom, left:right])
    crop.thumbnail((LONGEST_CROP, LONGEST_CROP))
    return crop


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _row_of_strokes() -> Any:
    """Draws a picture that makes both networks run."""
    picture = np.full((60, 90), 255, np.uint8)
    picture[10:50, 20:25] = picture[10:50, 60:65] = 0
    return picture
