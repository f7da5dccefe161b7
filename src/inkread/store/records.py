"""The objects that the store saves and returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from inkread.results import Box

Item = TypeVar("Item")

GLYPH_BYTES = 784
CLASSES = 10


@dataclass(frozen=True, slots=True)
class NewDigit:
    """A digit as read.

    Attributes:
        label: ``"0"`` to ``"9"``, or ``"?"`` if it was not probable enough.
        probability: the label's probability, 0..1.
        box: ``(x0, y0, x1, y1)`` in pixels of the upright picture.
        probabilities: the probabilities of the digits 0 to 9.
        glyph: the model's input: 28×28 bytes, row by row, ink bright.
        crop: the digit's box in the picture, with a margin, as PNG.

    Raises:
        ValueError: the glyph has another size, or the probabilities are not ten finite numbers.
    """

    label: str
    probability: float
    box: Box
    probabilities: tuple[float, ...]
    glyph: bytes
    crop: bytes

    def __post_init__(self) -> None:
        if len(self.glyph) != GLYPH_BYTES:
            raise ValueError(f"a glyph has {GLYPH_BYTES} bytes, not {len(self.glyph)}")
        if len(self.probabilities) != CLASSES or not all(map(math.isfinite, self.probabilities)):
            raise ValueError(f"a digit has {CLASSES} finite probabilities, not {self.probabilities}")


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The upright picture of a reading: a JPEG file, and its size in pixels.

    It may be reduced; the reading's boxes are in pixels of the source picture. A ``ValueError`` if it has no
    pixels.
    """

    jpeg: bytes
    width: int
    height: int

    def __post_init__(self) -> None:
        if not self.jpeg or min(self.width, self.height) < 1:
            raise ValueError("a picture must have pixels")


@dataclass(frozen=True, slots=True)
class _Read:
    """A reading without its digits.

    Attributes:
        source: the picture's name as sent by the client; shown, never opened.
        width, height: the upright picture's size in pixels.
        text: the rows joined by newlines.
        model, model_sha256: the model's name, and the SHA-256 of its file, lowercase hexadecimal.
    """

    source: str
    width: int
    height: int
    text: str
    model: str
    model_sha256: str


@dataclass(frozen=True, slots=True)
class NewReading(_Read):
    """A reading to store: rows from top to bottom, each with its digits from left to right.

    The client is its address, if known; the picture is stored separately, see ``Store.picture``. A
    ``ValueError`` if a row has no digit.
    """

    lines: tuple[tuple[NewDigit, ...], ...]
    client: str | None
    picture: StoredPicture | None = None

    def __post_init__(self) -> None:
        if not all(self.lines):
            raise ValueError("every row of a reading must have a digit")


@dataclass(frozen=True, slots=True)
class ReadingSummary(_Read):
    """A stored reading without its digits, for lists; times are in UTC, and ids are UUIDs.

    ``corrections`` is the number of its active corrections and marks.
    """

    id: str
    created: datetime
    client: str | None
    corrections: int


@dataclass(frozen=True, slots=True)
class StoredReading(ReadingSummary):
    """A stored reading with its ``lines``, as in ``NewReading``."""

    lines: tuple[tuple[NewDigit, ...], ...]


@dataclass(frozen=True, slots=True)
class _Judgment:
    """A label that a person gave: ``"0"`` to ``"9"``, or ``""`` for no single digit.

    ``by`` is the person, if known; the model is the one that read the picture.
    """

    id: str
    reading: str
    label: str
    created: datetime
    by: str | None
    model: str
    model_sha256: str


@dataclass(frozen=True, slots=True)
class Correction(_Judgment):
    """A person's correction of a digit, with the label that the model read, and images as in ``NewDigit``.

    Its row, and its position in the row, count from 0.
    """

    line: int
    position: int
    read_as: str
    glyph: bytes
    crop: bytes


@dataclass(frozen=True, slots=True)
class Mark(_Judgment):
    """A person's label for a place in a picture: a digit that was missed or badly segmented, or nothing.

    Attributes:
        box: ``(x0, y0, x1, y1)`` in pixels of the upright source picture.
    """

    box: Box


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A picture with the digits found by the model and by people.

    Attributes:
        reading: the id of the reading.
        width: the upright source picture's width in pixels.
        height: the upright source picture's height in pixels.
        picture: the same picture, possibly reduced.
        digits: label ``"0"`` to ``"9"`` and box of each digit; boxes are in pixels of the source picture.
    """

    reading: str
    width: int
    height: int
    picture: StoredPicture
    digits: tuple[tuple[str, Box], ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of items, newest first; ``next`` is the value of ``before`` for the next page, if any."""

    items: tuple[Item, ...]
    next: str | None
