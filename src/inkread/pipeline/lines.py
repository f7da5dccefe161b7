"""Boxes -> rows, in reading order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG
from inkread.pipeline.neighbors import overlapping_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.detector import Detections

RECENT = 4
"""Number of a row's last digits that determine its course."""
LEAST_HEIGHT = 1e-3
"""Minimum height of a box, pixels: one cut off at the picture's border may have none."""


def rows_of(boxes: NDArray[np.float32], *, apart: float = DEFAULT_CONFIG.row_apart) -> list[list[int]]:
    """Returns the indices of the boxes, row by row from top to bottom, each from left to right.

    A row may slope and bend: its course follows its last digits. A digit belongs to a row if its center is
    closer to the course than ``apart``, in digit heights.
    """
    if not len(boxes):
        return []
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = np.maximum(boxes[:, 3] - boxes[:, 1], LEAST_HEIGHT)
    level = middle[:, 1] - page_slope(middle, height) * middle[:, 0]
    rows: list[list[int]] = []
    # For each row: mean level of its last digits, level of the last one, and their mean height.
    usual, last, tall = np.empty((3, len(boxes)), np.float32)
    for index in np.argsort(middle[:, 0], kind="stable").tolist():
        # The mean smooths digits that are too high or low; the last one follows a bend.
        aside = np.minimum(
            np.abs(usual[: len(rows)] - level[index]), np.abs(last[: len(rows)] - level[index])
        )
        distance = aside / np.maximum(tall[: len(rows)], height[index])
        nearest = int(distance.argmin()) if rows else 0
        if not rows or distance[nearest] >= apart:
            nearest = len(rows)
            rows.append([])
        rows[nearest].append(index)
        recent = rows[nearest][-RECENT:]
        usual[nearest], last[nearest], tall[nearest] = (
            level[recent].mean(),
            level[index],
            height[recent].mean(),
        )
    return sorted(rows, key=lambda row: float(level[row].mean()))


def signs_of(
    rows: Sequence[Sequence[int]],
    found: Detections,
    kept: NDArray[np.intp],
    *,
    near: float = DEFAULT_CONFIG.sign_beside,
) -> list[tuple[int, ...]]:
    """Returns the signs of each row, from left to right: those between its digits or close to them.

    Args:
        rows: indices of the digits of each row.
        found: digits and signs.
        kept: indices of those that do not overlap a better one.
        near: maximum distance of a sign from a digit of its row, in heights of that digit.
    """
    boxes = found.boxes
    signs = kept[~found.is_digit[kept] & (found.logits[kept].max(axis=1, initial=-np.inf) > 0)]
    signs = signs[np.argsort(boxes[signs, 0], kind="stable")]
    x, y = (boxes[signs, :2] + boxes[signs, 2:]).T / 2
    result = []
    for digits in rows:
        own = boxes[list(digits)]
        beside = own[np.abs((own[:, 0] + own[:, 2]) / 2 - x[:, None]).argmin(axis=1)]
        reach = near * (beside[:, 3] - beside[:, 1])
        is_near = (own[:, 0].min() - reach < x) & (x < own[:, 2].max() + reach)
        is_near &= (beside[:, 1] - reach / 2 < y) & (y < beside[:, 3] + reach / 2)
        result.append(tuple(signs[is_near].tolist()))
        signs, x, y = signs[~is_near], x[~is_near], y[~is_near]
    return result


def page_slope(middle: NDArray[np.floating], height: NDArray[np.floating]) -> float:
    """Returns the median slope between neighbors in a row; 0 if there are too few."""
    x, y = middle.T
    one, other = overlapping_pairs(x, x + 3 * height)
    apart_x, apart_y = x[other] - x[one], y[other] - y[one]
    beside = (apart_x > 0) & (apart_x < 3 * height[one]) & (np.abs(apart_y) < 0.5 * height[one])
    order = np.flatnonzero(beside)
    order = order[np.lexsort((apart_x[order], one[order]))]
    nearest = order[np.unique(one[order], return_index=True)[1]]
    if len(nearest) < 3:
        return 0.0
    return float(np.median(apart_y[nearest] / np.maximum(apart_x[nearest], 1e-3)))
