"""A row's ink -> a strip 40 pixels high, which is what the network that reads whole rows is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT = 40
NARROWEST, WIDEST = 8, 4096
"""Width of a strip, in pixels."""

PAPER = 16
"""Columns of blank paper that a strip is given at either end to be read: a row may be cut close to its first and last digit."""

GEOMETRY: dict[str, Any] = {"height": HEIGHT, "ink": "bright", "paper": PAPER}
"""How a strip is made, kept with the weights in the model card."""


def make_strip(ink: NDArray[np.float32], *, widest: int = WIDEST) -> NDArray[np.float32]:
    """A row's ink map at the height of a strip.

    Args:
        ink: h×w float32 in 0..1, at least one pixel.
        widest: a longer row is compressed to this width, so that none of its digits is lost.

    Returns:
        float32 40×W in 0..1, in the row's aspect; a row too narrow is padded with paper to 8 columns.
    """
    height, length = ink.shape
    width = strip_width(height, length, widest=widest)
    if width < length:
        ink = cv2.resize(ink, (width, min(height, HEIGHT)), interpolation=cv2.INTER_AREA)
    strip = cv2.resize(ink, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
    missing = max(0, NARROWEST - width)
    return np.asarray(np.pad(strip, ((0, 0), (missing // 2, missing - missing // 2))), np.float32)


def strip_width(height: int, length: int, *, widest: int = WIDEST) -> int:
    """Width of the strip of a row so high and long, before it is padded."""
    return min(widest, max(1, round(length * HEIGHT / height)))


@dataclass(frozen=True, slots=True)
class Resized:
    """Another way of looking at a strip: its writing smaller or larger, around the middle of its height.

    Attributes:
        across: factor of the width.
        size: factor of the writing's height.
    """

    across: float
    size: float

    def of(self, strip: NDArray[np.float32]) -> NDArray[np.float32]:
        """The strip so resized, 40×W float32."""
        width = max(NARROWEST, round(strip.shape[1] * self.across))
        # OpenCV's integers are the middles of pixels.
        across, down = (self.across - 1) / 2, (self.size - 1) / 2
        matrix = np.array([[self.across, 0, across], [0, self.size, down + self._up]])
        return np.asarray(cv2.warpAffine(strip, matrix, (width, HEIGHT), flags=cv2.INTER_LINEAR), np.float32)

    def back(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """A box on the resized strip as one on the strip itself."""
        x0, y0, x1, y1 = box
        return (
            x0 / self.across,
            (y0 - self._up) / self.size,
            x1 / self.across,
            (y1 - self._up) / self.size,
        )

    @property
    def _up(self) -> float:
        return HEIGHT * (1 - self.size) / 2
