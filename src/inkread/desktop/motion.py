"""Measures the motion between frames, so that boxes stay on their digits.

Corners are tracked by pyramidal Lucas-Kanade (Bouguet 2000); RANSAC then fits a similarity transform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from inkread.desktop.capture import Pixels

Motion = NDArray[np.float64]
"""A 3×3 matrix that maps a point (x, y, 1) of the earlier frame to the later one."""

STILL: Motion = np.eye(3)

SMALL_SIDE = 320
"""Longer side of the reduced frames for measuring motion: fast, and precise to half a pixel."""
MOST_CORNERS, QUALITY, APART = 120, 0.01, 8
LEAST_CORNERS = 8
"""Minimum number of corners; with fewer, the picture is almost empty."""
AGREED = 0.4
"""Minimum share of corners with the same motion; with fewer, it is a different picture."""
LIKE, FINE = 0.4, 6.0
"""Minimum correlation of two views of the same scene, after subtracting each view blurred by this many
pixels, because blank paper fits any motion."""
ALIKE = 12.0
"""Maximum mean difference, in gray levels, of two equal pictures without corners."""


def view(pixels: Pixels) -> NDArray[np.uint8]:
    """Reduces a frame to a gray view for measuring motion."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))


def motion(before: NDArray[np.uint8], after: NDArray[np.uint8], scale: float) -> Motion | None:
    """Measures shift, rotation, and zoom between two views; returns ``None`` if they show different scenes.

    ``scale`` is the number of pixels of a frame per pixel of its view; the motion is in pixels of frames.
    """
    if before.shape != after.shape:
        return None
    corners = cv2.goodFeaturesToTrack(before, MOST_CORNERS, QUALITY, APART)
    if corners is None or len(corners) < LEAST_CORNERS:
        return STILL if float(cv2.absdiff(before, after).mean()) < ALIKE else None
    found, status, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None)
    followed = status.ravel() == 1
    if followed.sum() < AGREED * len(corners):
        return None
    matrix, agreeing = cv2.estimateAffinePartial2D(corners[followed], found[followed])
    if matrix is None or agreeing.sum() < AGREED * len(corners):
        return None
    if _likeness(before, after, matrix) < LIKE:
        return None
    in_frames = np.vstack([matrix, [0, 0, 1]]).astype(np.float64)
    in_frames[:2, 2] *= scale
    return in_frames


def _likeness(before: NDArray[np.uint8], after: NDArray[np.uint8], matrix: NDArray[Any]) -> float:
    """Correlates the strokes and edges of two views, after moving the earlier one; ignores lighting."""
    size = (after.shape[1], after.shape[0])
    there = cv2.warpAffine(before, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    one, other = (
        view.astype(np.float32) - cv2.GaussianBlur(view, (0, 0), FINE).astype(np.float32)
        for view in (there, after)
    )
    return float((one * other).sum() / max(1e-6, np.sqrt((one**2).sum() * (other**2).sum())))
