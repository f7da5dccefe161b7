"""The generated pictures of the benchmarks, in inkread's own stroke alphabet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image

from inkread.datasets.stroke_font import WriterStyle, write_row
from inkread.datasets.stroke_rendering import draw_strokes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORM: Final = (1654, 2339)
"""Width and height of A4 at 200 dots per inch."""
FORM_ROWS, FORM_COLUMNS, FORM_DIGITS = 16, 4, 4
ROW: Final = 56
"""Height of a row of digits on a page of a batch, pixels."""


def write(
    ink: NDArray[np.float32],
    text: str,
    left: int,
    top: int,
    *,
    height: int,
    pen: float,
    style: WriterStyle,
    rng: np.random.Generator,
) -> None:
    """Writes a row of digits onto H×W ink in 0..1, from its upper left corner, cut at the edges."""
    strokes = [stroke[:, :2] for stroke in write_row(text, style, rng)]
    drawn = draw_strokes(strokes, height=height, pen_width=pen)
    place = ink[top : top + drawn.shape[0], left : left + drawn.shape[1]]
    np.maximum(place, drawn[: place.shape[0], : place.shape[1]], out=place)


def photo(width: int, height: int) -> NDArray[np.uint8]:
    """Draws five rows of ten digits by one writer on paper lit from one side, H×W×3 uint8."""
    rng = np.random.default_rng(50)
    style, ink = WriterStyle.random(rng), np.zeros((height, width), np.float32)
    for row in range(5):
        text, top = "".join(rng.permutation(list("0123456789"))), height * (2 * row + 1) // 11
        write(ink, text, width // 12, top, height=height // 20, pen=height / 250, style=style, rng=rng)
    light = np.linspace(235, 190, width, dtype=np.float32)[None]
    grain = cv2.GaussianBlur(rng.normal(0, 8, (height, width)).astype(np.float32), (0, 0), 1.5)
    grey = np.clip(light * (1 - 0.8 * ink) + grain, 0, 255)
    return np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)


def form() -> NDArray[np.uint8]:
    """Draws a scanned A4 form, uint8 H×W: a ruled table with a number of four digits in each cell."""
    rng, (width, height) = np.random.default_rng(7), FORM
    style, ink = WriterStyle.random(rng), np.zeros((height, width), np.float32)
    down, across = height // (FORM_ROWS + 2), width // (FORM_COLUMNS + 1)
    for row in range(FORM_ROWS + 1):
        ink[down * (row + 1) :][:3, across // 2 : -across // 2] = 0.7
    for column in range(FORM_COLUMNS + 1):
        ink[down : down * (FORM_ROWS + 1), across // 2 + across * column :][:, :3] = 0.7
    for row in range(FORM_ROWS):
        for column in range(FORM_COLUMNS):
            text = "".join(map(str, rng.integers(0, 10, FORM_DIGITS)))
            left, top = across // 2 + across * column + 40, down * (row + 1) + down // 4
            write(ink, text, left, top, height=down // 2, pen=5, style=style, rng=rng)
    grey = 245 - 190 * ink + rng.normal(0, 3, ink.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def page(number: int, rows: int = 3, digits: int = 6) -> NDArray[np.uint8]:
    """Draws rows of digits on grainy paper by a writer of that number, uint8; 392×500 for three of six."""
    rng = np.random.default_rng(number)
    style, ink = WriterStyle.random(rng), np.zeros((ROW * (2 * rows + 1), 80 + 70 * digits), np.float32)
    for row in range(rows):
        text = "".join(map(str, rng.integers(0, 10, digits)))
        write(ink, text, 40, ROW * (2 * row + 1), height=ROW, pen=ROW / 14, style=style, rng=rng)
    grey = 225 - 170 * ink + rng.normal(0, 4, ink.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def digit(number: int) -> NDArray[np.uint8]:
    """Draws one digit on grainy paper, 120×120 uint8."""
    rng = np.random.default_rng(number)
    ink = np.zeros((120, 120), np.float32)
    write(ink, str(number % 10), 38, 30, height=60, pen=5, style=WriterStyle.random(rng), rng=rng)
    return np.clip(225 - 170 * ink + rng.normal(0, 4, ink.shape), 0, 255).astype(np.uint8)


def save_picture(pixels: NDArray[np.uint8], file: Path, *, quality: int = 92) -> None:
    """Saves a picture in the format of its suffix; the quality is that of JPEG."""
    Image.fromarray(pixels).save(file, quality=quality)
