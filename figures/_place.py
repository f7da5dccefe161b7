"""Where a figure goes, and the handwriting in those that are drawn by hand.

No figure shows a time, because it would be that of the machine that made the figure.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inkread.datasets.stroke_font import WriterStyle, write_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pygame
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SEED = 5
COLORS, QUALITY = 96, 88
GAP = 14
"""Pixels between pictures in one figure."""


def place(name: str) -> Path:
    """Returns the path of a figure: in ``docs/``, or in the folder that the command names."""
    return (Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs") / name


def save(picture: Image.Image, name: str) -> None:
    """Saves a figure as a small file: photos as JPEG, windows as PNG."""
    if name.endswith(".jpg"):
        picture.convert("RGB").save(place(name), quality=QUALITY)
    else:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(place(name), optimize=True)


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """Puts pictures side by side on white."""
    width = sum(each.width for each in pictures) + GAP * (len(pictures) - 1)
    sheet, x = Image.new("RGB", (width, max(each.height for each in pictures)), "white"), 0
    for each in pictures:
        sheet.paste(each, (x, 0))
        x += each.width + GAP
    return sheet


def below(pictures: Sequence[Image.Image]) -> Image.Image:
    """Puts pictures one below the other on white."""
    height = sum(each.height for each in pictures) + GAP * (len(pictures) - 1)
    sheet, y = Image.new("RGB", (max(each.width for each in pictures), height), "white"), 0
    for each in pictures:
        sheet.paste(each, (0, y))
        y += each.height + GAP
    return sheet


def picture_of(surface: pygame.Surface) -> Image.Image:
    """Returns a window's content."""
    import pygame

    return Image.frombytes("RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB"))


def strokes(text: str, box: tuple[float, float, float, float], height: float) -> list[NDArray[np.float64]]:
    """Writes digits in the middle of a box.

    Args:
        text: the digits.
        box: x, y, width, and height in pixels.
        height: the digits' height as a fraction of the box's.

    Returns: the strokes, each N×2, x and y in pixels.
    """
    style = WriterStyle((0,) * 10, slant=0.08)
    written = [stroke[::2, :2] for stroke in write_row(text, style, np.random.default_rng(SEED))]
    points = np.concatenate(written)
    scale = height * box[3] / float(np.ptp(points[:, 1]))
    middle = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    return [(stroke - center) * scale + middle for stroke in written]
