"""Boxes -> rows, in the order that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.detector import Detections

RECENT = 4
"""How many of a row's last digits tell its course."""


def rows_of(boxes: NDArray[np.float32], *, apart: float = DEFAULT_CONFIG.row_apart) -> list[list[int]]:
    """Indices of the boxes, row by row from top to bottom, each from left to right.

    A row may slope and bend: its course is that of its last digits. A digit belongs to it if its middle is closer to that than ``apart``, in
    heights of a digit.
    """
    if not len(boxes):
        return []
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = boxes[:, 3] - boxes[:, 1]
    slope = page_slope(middle, height)
    rows: list[list[int]] = []
    for index in np.argsort(middle[:, 0], kind="stable"):
        best, nearest = None, apart
        for row in rows:
            recent = row[-RECENT:]
            # The mean smooths digits that stand high or low; the last one follows a bend.
            courses = [middle[i, 1] + slope * (middle[index, 0] - middle[i, 0]) for i in recent]
            tall = max(float(height[index]), float(np.mean(height[recent])))
            aside = min(abs(middle[index, 1] - float(np.mean(courses))), abs(middle[index, 1] - courses[-1]))
            distance = float(aside) / tall
            if distance < nearest:
                best, nearest = row, distance
        if best is None:
            rows.append([int(index)])
        else:
            best.append(int(index))
    return sorted(rows, key=lambda row: float(np.mean(middle[row, 1] - slope * middle[row, 0])))


def signs_of(
    rows: Sequence[Sequence[int]],
    found: Detections,
    kept: NDArray[np.intp],
    *,
    near: float = DEFAULT_CONFIG.sign_beside,
) -> list[tuple[int, ...]]:
    """Of each row the signs that belong to it, from left to right: those between its digits or close beside them.

    Args:
        rows: indices of the digits of each row.
        found: digits and signs.
        kept: indices of those that overlap no better one.
        near: a sign belongs to a row if it is this close to one of its digits, in heights of that.
    """
    boxes = found.boxes
    signs = kept[~found.is_digit[kept] & (found.logits[kept].max(axis=1, initial=-np.inf) > 0)]
    result: list[list[int]] = [[] for _ in rows]
    for sign in signs[np.argsort(boxes[signs, 0], kind="stable")]:
        x, y = (boxes[sign, :2] + boxes[sign, 2:]) / 2
        for row, digits in enumerate(rows):
            own = boxes[list(digits)]
            beside = own[np.argmin(np.abs((own[:, 0] + own[:, 2]) / 2 - x))]
            tall = beside[3] - beside[1]
            within = own[:, 0].min() - near * tall < x < own[:, 2].max() + near * tall
            if within and beside[1] - near * tall / 2 < y < beside[3] + near * tall / 2:
                result[row].append(int(sign))
                break
    return [tuple(row) for row in result]


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
