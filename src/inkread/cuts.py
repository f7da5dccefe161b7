"""Where ink may be parted: the columns at which two touching digits most plausibly meet.

Two profiles tell (Casey and Lecolinet 1996, section III): the *extent* of the ink in a column, from its highest to its lowest
pixel, shrinks where two round digits touch, though much ink lies there; the *amount* of ink is least where a stroke
joins two digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.glyph import EDGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHALLOWEST = 0.5
"""A minimum counts if it lies below this share of the profile's maximum."""

APART = (0.1, 0.2)
"""Cuts are at least this far from each other and from the ends: a share of the width, and of the height if that is less."""

LEAST_MOST = 4
"""At most so many cuts are given, or two for each height that the ink is wide."""


def cut_columns(ink: NDArray[np.float32]) -> list[int]:
    """The most plausible cuts of a piece of ink.

    Args:
        ink: h×w float32 in 0..1, 0.5 being the edge of a stroke.

    Returns:
        Columns in 1..w-1, ascending; a cut at x parts the columns before x from the others.
    """
    height, width = ink.shape
    solid = ink >= EDGE
    filled = solid.any(axis=0)
    top = np.where(filled, solid.argmax(axis=0), height)
    bottom = np.where(filled, height - solid[::-1].argmax(axis=0), 0)
    apart = max(2, min(int(APART[0] * width), int(APART[1] * height)))
    narrow = _minima(np.maximum(0, bottom - top).astype(np.float32), apart)
    thin = _minima(ink.sum(axis=0), apart)
    thin = [x for x in thin if all(abs(x - other) > apart // 2 for other in narrow)]
    most = max(LEAST_MOST, round(2 * width / height))
    return sorted((narrow + thin)[:most])


def _minima(profile: NDArray[np.float32], apart: int) -> list[int]:
    """Places of the smoothed profile's low local minima, the lowest first; a plateau counts once, by its first place."""
    profile = cv2.GaussianBlur(profile[None], (0, 0), 1.0)[0]
    found: list[int] = []
    previous = -2
    for x in range(apart, len(profile) - apart):
        here = profile[x]
        if here < SHALLOWEST * profile.max() and here == profile[x - apart : x + apart + 1].min():
            if x > previous + 1:
                found.append(x)
            previous = x
    return sorted(found, key=lambda x: float(profile[x]))
