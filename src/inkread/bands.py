"""Rows -> the bands of the ink map that hold them, level and with a margin, as a reader of whole rows wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.layout import SMALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.layout import Row
    from inkread.reading import Box

MARGIN = 0.25
"""Paper around a row, as a share of its usual height."""

LEAST_LEVELLED = 3
"""So many digits show the slope of a row; fewer only how unequal they are."""

STEEPEST = 0.35
"""The largest slope that a row is levelled from, in pixels down a pixel across."""


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the ink map, sheared so that what is written on it is level.

    Attributes:
        x, y: its upper left corner in the ink map, pixels.
        width, height: pixels, at least 1.
        slope: how far the row falls, in pixels a pixel to the right.
    """

    x: int
    y: float
    width: int
    height: int
    slope: float = 0.0

    def cut(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """The band's ink, height×width float32 in 0..1; paper beyond the ink map's borders."""
        matrix = np.array([[1, 0, self.x], [self.slope, 1, self.y]], np.float64)
        size = (self.width, self.height)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(np.ascontiguousarray(ink), matrix, size, flags=flags), np.float32)

    def to_map(self, box: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
        """A box in the band as one in the ink map of that width and height, within its borders and at least a pixel large."""
        x0, y0, x1, y1 = box
        falls = self.slope * (x0 + x1) / 2 + self.y
        left = min(max(0, round(x0 + self.x)), size[0] - 1)
        top = min(max(0, round(y0 + falls)), size[1] - 1)
        right = min(max(left + 1, round(x1 + self.x)), size[0])
        bottom = min(max(top + 1, round(y1 + falls)), size[1])
        return left, top, right, bottom


def band_of(row: Row) -> Band:
    """The band that holds a row.

    Its height is that of the row's large pieces of ink, as a dash or a comma below says little; its slope that of the line
    through their middles with the least median of residuals in pairs (Theil 1950, Sen 1968).
    """
    leading = [segment for segment in row.segments if segment.height >= SMALL * row.height]
    leading = leading or list(row.segments)
    middles = np.array([segment.middle for segment in leading])
    slope = _slope(middles) if len(leading) >= LEAST_LEVELLED else 0.0
    margin = MARGIN * row.height
    x0 = min(segment.box[0] for segment in row.segments) - margin
    x1 = max(segment.box[2] for segment in row.segments) + margin
    level = slope * middles[:, 0]
    y0 = min(segment.box[1] - fall for segment, fall in zip(leading, level, strict=True)) - margin
    y1 = max(segment.box[3] - fall for segment, fall in zip(leading, level, strict=True)) + margin
    left = int(np.floor(x0))
    return Band(
        left, y0 + slope * left, max(1, int(np.ceil(x1)) - left), max(1, int(np.ceil(y1 - y0))), slope
    )


def whole(size: tuple[int, int]) -> Band:
    """All of an ink map of that width and height: a picture of one row."""
    return Band(0, 0.0, *size)


def _slope(points: NDArray[np.float64]) -> float:
    """The median slope of all pairs of points."""
    first, second = np.triu_indices(len(points), 1)
    across, down = (points[second] - points[first]).T
    apart = np.abs(across) > 1
    if not apart.any():
        return 0.0
    return float(np.clip(np.median(down[apart] / across[apart]), -STEEPEST, STEEPEST))
