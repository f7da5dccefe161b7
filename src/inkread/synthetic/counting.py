"""Decides which digits of a scene must be detected at its scale, and which may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

IGNORED = -1
"""The class of objects that may or may not be detected."""
VISIBLE, DOUBTFUL = 0.75, 0.3
"""Visible shares of a digit that the border cuts: at least the first, it must be detected; below the second,
it is background."""


def counted(
    boxes: NDArray[np.floating],
    heights: NDArray[np.floating],
    classes: NDArray[np.int64],
    frame: tuple[int, int, int, int],
    *,
    sizes: tuple[float, float],
    margins: tuple[float, float],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns the boxes within the frame and their classes; ``IGNORED`` if detection is optional.

    Args:
        boxes: N×4, x0, y0, x1, y1 in pixels.
        heights: N, height of each digit, or of the digits next to a sign.
        classes: N.
        frame: the picture's edges, x0, y0, x1, y1.
        sizes: range of heights that must be detected.
        margins: range of heights that may be detected.
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
