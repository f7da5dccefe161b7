"""How the picture moved from one frame to the next, so that what was found in it stays where it belongs.

Corners are followed by pyramidal Lucas-Kanade (Bouguet 2000), and the similarity that most of them agree on is taken (RANSAC).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from inkread.desktop.capture import Pixels

Motion = NDArray[np.float64]
"""3×3: where a point (x, y, 1) of the earlier frame is in the later one."""

STILL: Motion = np.eye(3)

SMALL_SIDE = 320
"""Motion is measured on frames reduced to this longer side: precise to half a pixel, and quick."""
MOST_CORNERS, QUALITY, APART = 120, 0.01, 8
LEAST_CORNERS = 8
"""With fewer there is hardly anything in the picture."""
AGREED = 0.4
"""Share of the corners that has to move alike; where fewer do, it is another picture."""
LIKE, FINE = 0.4, 6.0
"""Correlation from which two views are of the same thing, beneath so many pixels: paper alone goes along with any motion."""
ALIKE = 12.0
"""Mean difference in grey levels up to which two pictures without corners are the same."""


def view(pixels: Pixels) -> NDArray[np.uint8]:
    """What motion is measured on: the frame in grey, reduced."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))


def motion(before: NDArray[np.uint8], after: NDArray[np.uint8], scale: float) -> Motion | None:
    """The shift, turn and zoom from one view to the next; ``None`` if they do not show the same.

    Args:
        before: the earlier frame's view.
        after: the later one's.
        scale: pixels of a frame per pixel of its view; the motion is that of frames.
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
    return _of_frames(matrix, scale) if _likeness(before, after, matrix) >= LIKE else None


def _likeness(before: NDArray[np.uint8], after: NDArray[np.uint8], matrix: NDArray[Any]) -> float:
    """Correlation of the strokes and edges of two views, the earlier one moved; light and shadow do not count."""
    size = (after.shape[1], after.shape[0])
    there = cv2.warpAffine(before, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    one, other = (
        view.astype(np.float32) - cv2.GaussianBlur(view, (0, 0), FINE).astype(np.float32)
        for view in (there, after)
    )
    return float((one * other).sum() / max(1e-6, np.sqrt((one**2).sum() * (other**2).sum())))


def _of_frames(matrix: NDArray[Any], scale: float) -> Motion:
    """The motion in pixels of the frames instead of their views."""
    result = np.vstack([matrix, [0, 0, 1]]).astype(np.float64)
    result[:2, 2] *= scale
    return result
