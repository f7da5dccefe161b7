"""Draws a reading on its picture: a box around every digit or word, with its label and probability above.

The probability is shown in three ways, so that nobody depends on color: as a percentage, as one of three
colors that people with any color vision can distinguish (Okabe & Ito 2008), and as a thicker box if it is
low.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageDraw

from inkread.errors import OptionError
from inkread.results.fonts import font_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inkread.results.reading import Digit, Reading

FloatBox = tuple[float, float, float, float]

WHITE = (255, 255, 255)
BLACK = (0, 0, 0)
SURE, UNSURE, DOUBTFUL = (0, 114, 178), (230, 159, 0), (213, 94, 0)
"""Blue, orange and vermilion of the Okabe–Ito palette."""
SURE_FROM, UNSURE_FROM = 0.95, 0.70

LEGIBLE = 13
"""Smallest font size, in pixels, that is easy to read."""
LARGEST_ENLARGED = 2400
"""Longer side, in pixels, up to which a picture may be enlarged."""
FONT_TO_DIGIT = 0.42
"""Font size divided by the median height of the digits."""
FONT_TO_PICTURE = 0.09
"""Maximum font size divided by the picture's longer side, for one digit that fills its picture."""
PERCENT_TO_FONT, CHARACTER_TO_FONT = 1.75, 0.55
"""Width of a tag without its label, such as " 98%", and of each character, divided by the font size."""
PROBABILITY_TO_FONT = 0.62
CROWDED_SHARE = 10
"""The tags of all but the closest tenth of neighbors fit side by side."""


@dataclass(frozen=True, slots=True)
class _Pen:
    """Sizes in pixels, the same for all digits of a picture."""

    font: int
    line: int


def draw_reading(
    reading: Reading, picture: Image.Image | NDArray[np.uint8], *, scale: int | Literal["auto"] = "auto"
) -> Image.Image:
    """Draws a labeled box around every digit.

    Args:
        reading: the reading; its boxes are in pixels of the upright source picture.
        picture: that picture as RGB, a PIL image or H×W×3 uint8, of any size; the boxes are scaled to it.
        scale: integer factor to enlarge the picture by. ``"auto"`` enlarges only if the digits are too small
            for legible labels, by the smallest factor that makes them legible, up to a longer side of
            ``LARGEST_ENLARGED`` pixels.

    Returns:
        A new RGB image, ``scale`` times the picture's size.

    Raises:
        OptionError: the scale is not an integer from 1, or the array is not an RGB picture.
    """
    canvas = _as_rgb(picture)
    boxes = _scaled_boxes(reading, canvas.width, canvas.height)
    wanted = _font_size(reading, boxes, canvas)
    factor = _factor(scale, wanted, canvas)
    if factor > 1:
        canvas = canvas.resize((canvas.width * factor, canvas.height * factor), Image.Resampling.NEAREST)
        boxes = [(x0 * factor, y0 * factor, x1 * factor, y1 * factor) for x0, y0, x1, y1 in boxes]
    size = max(LEGIBLE, round(wanted * factor))
    pen = _Pen(font=size, line=max(1, round(size / 9)))
    painter = ImageDraw.Draw(canvas)
    parts = [part for each in reading.lines for part in each.parts]
    for digit, box in zip(parts, boxes, strict=True):
        _draw_box(painter, box, digit, pen)
    for digit, box in zip(parts, boxes, strict=True):  # after all boxes, so that no box covers a tag
        _draw_tag(painter, canvas.size, box, digit, pen)
    return canvas


def colour_of(probability: float) -> tuple[int, int, int]:
    """Returns the RGB color for a probability."""
    if probability >= SURE_FROM:
        return SURE
    return UNSURE if probability >= UNSURE_FROM else DOUBTFUL


def _as_rgb(picture: Image.Image | NDArray[np.uint8]) -> Image.Image:
    """Copies the picture to a new RGB image."""
    if isinstance(picture, Image.Image):
        return picture.convert("RGB") if picture.mode != "RGB" else picture.copy()
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise OptionError(
            f"array {picture.shape} {picture.dtype}",
            "is not an RGB picture",
            "pass H×W×3 uint8, or a PIL image",
        )
    return Image.fromarray(picture)


def _scaled_boxes(reading: Reading, width: int, height: int) -> list[FloatBox]:
    """Scales the boxes to a picture of a different size than the source."""
    sx, sy = width / max(reading.width, 1), height / max(reading.height, 1)
    parts = (part for line in reading.lines for part in line.parts)
    return [(x0 * sx, y0 * sy, x1 * sx, y1 * sy) for x0, y0, x1, y1 in (part.box for part in parts)]


def _font_size(reading: Reading, boxes: list[FloatBox], canvas: Image.Image) -> float:
    """Returns the font size that suits the digits, the picture, and the space between neighbors."""
    if not boxes:
        return LEGIBLE
    room = [median(y1 - y0 for _, y0, _, y1 in boxes) * FONT_TO_DIGIT, max(canvas.size) * FONT_TO_PICTURE]
    beside = sorted(_fonts_beside(reading, boxes))
    if beside:
        several = len(beside) > 1
        room.append(quantiles(beside, n=CROWDED_SHARE, method="inclusive")[0] if several else beside[0])
    return max(min(room), 1.0)


def _fonts_beside(reading: Reading, boxes: list[FloatBox]) -> Iterable[float]:
    """Yields the font sizes at which the tags of neighbors just fit side by side along their row.

    The distance is that of the boxes' centers, since a row may be turned.
    """
    remaining = iter(boxes)
    for line in reading.lines:
        own = [
            ((x0 + x1) / 2, (y0 + y1) / 2, PERCENT_TO_FONT + CHARACTER_TO_FONT * len(part.label))
            for part, (x0, y0, x1, y1) in zip(line.parts, remaining, strict=False)
        ]
        for (x, y, width), (next_x, next_y, next_width) in pairwise(own):
            yield max(abs(next_x - x), abs(next_y - y)) / ((width + next_width) / 2)


def _factor(scale: int | Literal["auto"], font: float, canvas: Image.Image) -> int:
    """Returns the integer factor to enlarge by."""
    if scale != "auto":
        if scale < 1:
            raise OptionError(f"scale {scale!r}", "is not an integer from 1", "pass 1, 2, 3 … or 'auto'")
        return scale
    return max(1, min(int(np.ceil(LEGIBLE / font)), LARGEST_ENLARGED // max(canvas.size)))


def _draw_box(painter: ImageDraw.ImageDraw, box: FloatBox, digit: Digit, pen: _Pen) -> None:
    """Draws a colored frame between two white ones, outside the ink, to be visible on light and dark."""
    halo = max(1, pen.line // 2)
    line = pen.line if digit.probability >= UNSURE_FROM else pen.line + max(1, pen.line // 2)
    x0, y0, x1, y1 = box
    outer = line + 2 * halo
    frame = (round(x0) - outer, round(y0) - outer, round(x1) - 1 + outer, round(y1) - 1 + outer)
    painter.rectangle(frame, outline=WHITE, width=outer)
    inner = (frame[0] + halo, frame[1] + halo, frame[2] - halo, frame[3] - halo)
    painter.rectangle(inner, outline=colour_of(digit.probability), width=line)


def _draw_tag(
    painter: ImageDraw.ImageDraw, size: tuple[int, int], box: FloatBox, digit: Digit, pen: _Pen
) -> None:
    """Draws the digit and its percentage on a filled tag, above the box or, without room there, below it."""
    colour = colour_of(digit.probability)
    ink = BLACK if colour == UNSURE else WHITE
    percent = f"{int(digit.probability * 100)}%"
    large = font_for(digit.label, pen.font)
    small = font_for(percent, max(1, round(pen.font * PROBABILITY_TO_FONT)))
    pad = max(2, pen.font // 6)
    gap = max(1, pen.font // 8)
    label_width, percent_width = painter.textlength(digit.label, large), painter.textlength(percent, small)
    width = round(label_width + gap + percent_width) + 2 * pad
    height = round(pen.font * 0.74) + 2 * pad
    x, y = _tag_corner(size, box, (width, height), clearance=2 * pen.line)
    painter.rounded_rectangle((x, y, x + width, y + height), radius=pad, fill=colour, outline=WHITE)
    baseline = y + height - pad
    painter.text((x + pad, baseline), digit.label, fill=ink, font=large, anchor="ls")
    painter.text((x + pad + label_width + gap, baseline), percent, fill=ink, font=small, anchor="ls")


def _tag_corner(
    size: tuple[int, int], box: FloatBox, tag: tuple[int, int], *, clearance: int
) -> tuple[int, int]:
    """Returns the upper left corner of a tag: centered above the box, below it, or at the picture's top edge.

    The tag is always inside the picture.
    """
    x0, y0, x1, y1 = box
    above, below = round(y0) - tag[1] - clearance, round(y1) + clearance
    y = above if above >= 0 else below if below + tag[1] < size[1] else 0
    x = round((x0 + x1 - tag[0]) / 2)
    return max(0, min(x, size[0] - 1 - tag[0])), y
