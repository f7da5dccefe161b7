"""Judges the lines that were found on a made page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.text_pages import TextPage


def right_lines(page: TextPage, found: NDArray[Any], ink: NDArray[np.bool_]) -> tuple[int, int]:
    """Returns how many of a page's lines are right, and how many were found.

    A line is right if nine tenths of its ink belong to one line found, and nine tenths of that line's ink on
    known ink are its own; a third of a line found may be anything else.

    Args:
        page: the page.
        found: h×w, the number of the line found that each pixel belongs to, from 1, or 0.
        ink: bool h×w, the ink found.
    """
    owner = _widened(cv2.resize(page.owner, found.shape[::-1], interpolation=cv2.INTER_NEAREST))
    shared = np.zeros((int(found.max()) + 1, page.lines + 1), np.int64)
    np.add.at(shared, (found[ink], owner[ink]), 1)
    known, own = shared[1:, 1:], shared[1:, 1:].sum(axis=1, keepdims=True)
    is_right = (known >= 0.9 * shared[:, 1:].sum(axis=0)) & (known >= 0.9 * own) & (known > 0)
    is_right &= shared[1:, :1] <= 0.5 * own
    return int(is_right.any(axis=0).sum()), int((shared[1:].sum(axis=1) > 0).sum())


def _widened(owner: NDArray[Any]) -> NDArray[Any]:
    """Gives pixels next to a line's ink to it: blurred edges."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (owner == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    numbers = np.zeros(int(nearest.max()) + 1, owner.dtype)
    numbers[nearest[owner > 0]] = owner[owner > 0]
    return np.where(distance <= 3, numbers[nearest], 0)
