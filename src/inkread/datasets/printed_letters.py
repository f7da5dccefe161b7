"""Printed letters, slightly bent and slanted, in fonts that come with OpenCV and Pillow."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC,
    cv2.FONT_HERSHEY_SIMPLEX | cv2.FONT_ITALIC,
)
"""OpenCV's fonts (Hershey 1967): strokes of any thickness, with and without serifs."""
OUTLINE_SHARE = 0.4
"""Share of letters in Pillow's font, which has outlines."""
SIDE = 128
"""Side in pixels of the picture that a letter is drawn in."""
SLANT, TURN, STRETCH = 0.15, 0.08, 0.15
"""Standard deviations of shear, rotation (radians), and the logarithm of width / height."""
BENT, REACH = 1.5, 24
"""Maximum standard deviation of each point's displacement, and the distance at which displacements become
independent, in pixels."""


def draw_letter(letter: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws a Latin letter in a random font and stroke thickness: ink coverage, float32 128×128 in 0..1."""
    if rng.random() < OUTLINE_SHARE:
        field = _outlined(letter, int(rng.integers(0, 4)))
    else:
        field = _hershey(letter, int(rng.choice(HERSHEY)), int(rng.integers(2, 9)))
    angle, shear = rng.normal(0, TURN), rng.normal(0, SLANT)
    stretch = np.exp(rng.normal(0, STRETCH) / 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1, shear], [0, 1]]) @ np.diag([stretch, 1 / stretch])
    coarse = rng.standard_normal((2, SIDE // REACH + 1, SIDE // REACH + 1)) * BENT * rng.random()
    bent = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for one in coarse]
    x, y = np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 2)
    x, y = (matrix[i, 0] * x + matrix[i, 1] * y + (SIDE - 1) / 2 + bent[i] for i in (0, 1))
    drawn = cv2.remap(field, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(drawn, np.float32) / np.float32(255)


def _hershey(letter: str, font: int, thickness: int) -> NDArray[np.uint8]:
    (width, height), _ = cv2.getTextSize(letter, font, 2.4, thickness)
    field = np.zeros((SIDE, SIDE), np.uint8)
    corner = ((SIDE - width) // 2, (SIDE + height) // 2)
    cv2.putText(field, letter, corner, font, 2.4, 255, thickness, cv2.LINE_AA)
    return field


@lru_cache(maxsize=512)
def _outlined(letter: str, bold: int) -> NDArray[np.uint8]:
    """Draws a letter in Pillow's font, with strokes ``bold`` pixels wider on each side."""
    font = ImageFont.load_default(72)
    picture = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(picture).text(
        (SIDE / 2, SIDE / 2), letter, fill=255, font=font, anchor="mm", stroke_width=bold
    )
    return np.asarray(picture)
