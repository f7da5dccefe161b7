"""Boxes -> rows, in the order that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

APART = 0.5
"""A digit belongs to a row if its middle is nearer to the row's course than this share of their height."""
RECENT = 4
"""How many of a row's last digits tell its course."""


def rows_of(boxes: NDArray[np.float32]) -> list[list[int]]:
    """Indices of the boxes, row by row from top to bottom, each from left to right.

    A row may slope and bend: its course is that of its last digits.
    """
    if not len(boxes):
        return []
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = boxes[:, 3] - boxes[:, 1]
    slope = page_slope(middle, height)
    rows: list[list[int]] = []
    for index in np.argsort(middle[:, 0], kind="stable"):
        best, nearest = None, APART
        for row in rows:
            last = row[-RECENT:]
            course = np.mean([middle[i, 1] + slope * (middle[index, 0] - middle[i, 0]) for i in last])
            tall = max(float(height[index]), float(np.mean(height[last])))
            distance = abs(float(middle[index, 1] - course)) / tall
            if distance < nearest:
                best, nearest = row, distance
        if best is None:
            rows.append([int(index)])
        else:
            best.append(int(index))
    return sorted(rows, key=lambda row: float(np.mean(middle[row, 1] - slope * middle[row, 0])))


def page_slope(middle: NDArray[np.floating], height: NDArray[np.floating]) -> float:
    """The median slope between neighbours in a row; 0 where there are too few."""
    slopes = []
    for index in range(len(middle)):
        apart = middle - middle[index]
        beside = (
            (apart[:, 0] > 0)
            & (apart[:, 0] < 3 * height[index])
            & (np.abs(apart[:, 1]) < 0.5 * height[index])
        )
        if beside.any():
            near = int(np.argmin(np.where(beside, apart[:, 0], np.inf)))
            slopes.append(float(apart[near, 1] / max(apart[near, 0], 1e-3)))
    return float(np.median(slopes)) if len(slopes) >= 3 else 0.0
