"""Which digits of a scene are to be found at its scale, and which may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

IGNORED = -1
"""The class of what may be found or not."""
VISIBLE, DOUBTFUL = 0.75, 0.3
"""A digit that the border cuts is found if this share of it is visible, and background if less than the second."""


def counted(
    boxes: NDArray[np.floating],
    heights: NDArray[np.floating],
    classes: NDArray[np.int64],
    frame: tuple[int, int, int, int],
    *,
    sizes: tuple[float, float],
    margins: tuple[float, float],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The boxes within the frame and their classes, ``IGNORED`` for what may be found or not.

    Args:
        boxes: N×4, x0, y0, x1, y1 in pixels.
        heights: N, of each digit, or of the digits beside a sign.
        classes: N.
        frame: the picture's edges, x0, y0, x1, y1.
        sizes: heights of those that are to be found,
        margins: and of those that may be.
    """
    if not len(boxes):
        return np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    low, high = (np.array([*edge, *edge], np.float64) for edge in (frame[:2], frame[2:]))
    inside = np.clip(boxes, low, high)
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3), axis=1)
    seen = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / area
    found = (heights >= sizes[0]) & (heights <= sizes[1]) & (seen >= VISIBLE)
    possible = (heights >= margins[0]) & (heights <= margins[1]) & (seen >= DOUBTFUL)
    keep = found | possible
    return inside[keep].astype(np.float32), np.where(found, classes, IGNORED)[keep]
