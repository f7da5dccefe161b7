"""What goes into the store, and what comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

Item = TypeVar("Item")

Box = tuple[int, int, int, int]

GLYPH_BYTES = 784
CLASSES = 10


@dataclass(frozen=True, slots=True)
class NewDigit:
    """A digit as it was read.

    Attributes:
        label: ``"0"`` to ``"9"``, or ``"?"`` where it was doubted.
        probability: in 0..1.
        box: ``(x0, y0, x1, y1)`` in pixels of the upright picture.
        probabilities: of the digits 0 to 9.
        glyph: what the model saw: 28×28 bytes, row by row, ink bright.
        crop: the digit's box in the picture, with a margin, as PNG.

    Raises:
        ValueError: the glyph has another size, or the probabilities are not ten finite numbers.
    """

    label: str
    probability: float
    box: tuple[int, int, int, int]
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
    """The upright picture of a reading, perhaps reduced.

    Attributes:
        jpeg: a JPEG file.
        width: of the JPEG in pixels; the reading's boxes are in pixels of the source picture, which may be larger.
        height: of it in pixels.

    Raises:
        ValueError: it has no pixels.
    """

    jpeg: bytes
    width: int
    height: int

    def __post_init__(self) -> None:
        if not self.jpeg or min(self.width, self.height) < 1:
            raise ValueError("a picture has pixels")


@dataclass(frozen=True, slots=True)
class NewReading:
    """A reading to be kept.

    Attributes:
        source: the picture's name, as the client gave it; shown, never opened.
        width: of the upright picture in pixels.
        height: of it in pixels.
        text: the rows joined by newlines.
        model: the model's name.
        model_sha256: of the model's file, lower-case hexadecimal.
        lines: rows from top to bottom, each with its digits from left to right.
        client: who asked, if known.
        picture: that was read; it is kept apart, see ``Store.picture``.

    Raises:
        ValueError: a row has no digit.
    """

    source: str
    width: int
    height: int
    text: str
    model: str
    model_sha256: str
    lines: tuple[tuple[NewDigit, ...], ...]
    client: str | None
    picture: StoredPicture | None = None

    def __post_init__(self) -> None:
        if not all(self.lines):
            raise ValueError("every row of a reading has a digit")


@dataclass(frozen=True, slots=True)
class ReadingSummary:
    """A stored reading without its digits, for lists.

    Attributes:
        id: a UUID.
        created: when it was stored, in UTC.
        corrections: how many of its corrections and marks stand.

    The others are those of ``NewReading``.
    """

    id: str
    created: datetime
    source: str
    width: int
    height: int
    text: str
    model: str
    model_sha256: str
    client: str | None
    corrections: int


@dataclass(frozen=True, slots=True)
class StoredReading(ReadingSummary):
    """A stored reading with its ``lines``, as in ``NewReading``."""

    lines: tuple[tuple[NewDigit, ...], ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody says a digit is.

    Attributes:
        id: a UUID.
        reading: the id of the reading.
        line: the digit's row, from 0.
        position: its place in the row, from 0.
        read_as: what the model read.
        label: what it is: ``"0"`` to ``"9"``, or ``""`` for no single digit.
        created: when, in UTC.
        by: who says so, if known.
        model: the name of the model that read it.
        model_sha256: of the model's file.
        glyph: what the model saw: 28×28 bytes, row by row, ink bright.
        crop: the digit in its picture, as PNG.
    """

    id: str
    reading: str
    line: int
    position: int
    read_as: str
    label: str
    created: datetime
    by: str | None
    model: str
    model_sha256: str
    glyph: bytes
    crop: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody says is at a place of a picture: a digit that was missed or cut wrongly, or nothing.

    Attributes:
        id: a UUID.
        reading: the id of the reading.
        box: ``(x0, y0, x1, y1)`` in pixels of the upright source picture.
        label: ``"0"`` to ``"9"``, or ``""`` if there is no digit.
        created: when, in UTC.
        by: who says so, if known.
        model: the name of the model that read the picture.
        model_sha256: of the model's file.
    """

    id: str
    reading: str
    box: Box
    label: str
    created: datetime
    by: str | None
    model: str
    model_sha256: str


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A picture and the digits in it, as far as people and the model know.

    Attributes:
        reading: the id of the reading.
        width: of the upright source picture in pixels.
        height: of it in pixels.
        picture: the same picture, perhaps reduced.
        digits: label ``"0"`` to ``"9"`` and box of each digit; boxes are in pixels of the source picture.
    """

    reading: str
    width: int
    height: int
    picture: StoredPicture
    digits: tuple[tuple[str, Box], ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of many items, the newest first.

    Attributes:
        items: of this page.
        next: what to give as ``before`` for the page after it; ``None`` where there is none.
    """

    items: tuple[Item, ...]
    next: str | None
