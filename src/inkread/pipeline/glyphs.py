"""The ink inside a detected box -> a 28×28 glyph for the classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.pipeline.glyph import EDGE, SIDE, normalize

if TYPE_CHECKING:
    from numpy.typing import NDArray

AROUND = 0.12
"""Margin around the box in which the paper is sampled, relative to the box's longer side."""
LEAST_SIDE, MOST_SIDE = 64, 200
"""Working range of a crop's longer side, pixels: smaller crops are enlarged, larger ones reduced."""
LEAST_KEPT = 0.3
"""Minimum share of a box that ink must cover for the box to be moved to it."""
INSIDE = 0.5
"""Minimum share of a component inside the box to belong to the digit; excludes rules that pass through."""
GREYS = np.arange(256, dtype=np.float32)
NEIGHBOURS = np.ones((3, 3), np.uint8)


def cut_glyphs(
    grey: NDArray[np.uint8], boxes: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cuts out the glyph in each box, and fits the box to its ink; detected boxes are a few pixels off.

    Args:
        grey: uint8 H×W.
        boxes: N×4, x0, y0, x1, y1 in pixels.

    Returns:
        Glyphs, N×28×28 uint8, all zero if a box has no ink; and N×4, boxes without ink unchanged.
    """
    glyphs, fitted = np.zeros((len(boxes), SIDE, SIDE), np.uint8), boxes.astype(np.float32)
    for index, box in enumerate(boxes):
        ink, corner, scale = _ink(grey, box)
        glyphs[index] = normalize(ink)
        fitted[index] = _fitted(box, ink, corner, scale)
    return glyphs, fitted


def cut_ink(grey: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Extracts the ink in a box, float32 h×w in 0..1, 0.5 at the edge of a stroke.

    Paper and ink are the two classes of Otsu (1979); paper is the majority around the box.
    """
    return _ink(grey, box)[0]


def _fitted(
    box: NDArray[np.float32], ink: NDArray[np.float32], corner: tuple[int, int], scale: tuple[float, float]
) -> NDArray[np.float32]:
    """Returns the box of the ink in a box, see ``_ink``; the box itself if it has none, or too little."""
    x, y, width, height = cv2.boundingRect((ink >= EDGE).astype(np.uint8))
    if not width:
        return box
    (left, top), (fx, fy) = corner, scale
    ends = [left + x / fx, top + y / fy, left + (x + width) / fx, top + (y + height) / fy]
    found = np.array(ends, np.float32)
    kept = np.prod(np.minimum(found[2:], box[2:]) - np.maximum(found[:2], box[:2]))
    return found if kept >= LEAST_KEPT * np.prod(box[2:] - box[:2]) else box


def _ink(
    grey: NDArray[np.uint8], box: NDArray[np.float32]
) -> tuple[NDArray[np.float32], tuple[int, int], tuple[float, float]]:
    """Extracts the ink in a box; also returns its upper left corner in the picture, and its x and y scale."""
    height, width = grey.shape
    x0, y0, x1, y1 = (float(v) for v in box)
    margin = max(1.0, AROUND * max(x1 - x0, y1 - y0))
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    right, below = min(width, int(np.ceil(x1 + margin))), min(height, int(np.ceil(y1 + margin)))
    crop = grey[top:below, left:right]
    if min(crop.shape) < 2:
        return np.zeros((1, 1), np.float32), (left, top), (1.0, 1.0)
    longer = max(crop.shape)
    scale = max(min(max(longer, LEAST_SIDE), MOST_SIDE) / longer, 1 / min(crop.shape))  # keeps thin ones
    if scale != 1:
        way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=way)
    edge, dark = cv2.threshold(crop, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    fx, fy = crop.shape[1] / (right - left), crop.shape[0] / (below - top)
    corners = [(x0 - left) * fx, (y0 - top) * fy, (x1 - left) * fx, (y1 - top) * fy]
    inner_left, inner_top, inner_right, inner_below = (max(0, round(corner)) for corner in corners)
    inner = slice(inner_top, inner_below), slice(inner_left, inner_right)
    around = crop.size - dark[inner].size
    dark_around = cv2.countNonZero(dark) - (cv2.countNonZero(dark[inner]) if dark[inner].size else 0)
    dark_ink = dark_around < 0.5 * around if around else cv2.countNonZero(dark) < 0.5 * dark.size
    shares = _soft(crop, dark, edge, dark_ink=dark_ink)
    solid = cv2.LUT(crop, (shares >= EDGE).astype(np.uint8))
    return cv2.LUT(crop, shares) * _belonging(solid, inner), (left, top), (fx, fy)


def _soft(
    crop: NDArray[np.uint8], dark: NDArray[np.uint8], edge: float, *, dark_ink: bool
) -> NDArray[np.float32]:
    """Maps grey values to ink, 256 float32: 0.5 at the edge, 0 at the mean paper, 1 at the mean ink."""
    low = cv2.mean(crop, dark)[0]
    high = cv2.mean(crop, 1 - dark)[0] if not dark.all() else 255.0
    middle = edge + 0.5
    below = (middle - GREYS) / max(middle - low, 1.0)
    above = (GREYS - middle) / max(high - middle, 1.0)
    share = 0.5 + 0.5 * np.where(edge >= GREYS, below, -above)
    share = np.clip(share if dark_ink else 1 - share, 0, 1)
    return share.astype(np.float32)


def _belonging(solid: NDArray[np.uint8], inner: tuple[slice, slice]) -> NDArray[np.float32]:
    """Returns 1 at and around the components that are mostly in the box, 0 elsewhere.

    Args:
        solid: h×w, 1 for ink.
        inner: rows and columns of the box.
    """
    count, labels = cv2.connectedComponents(solid, connectivity=8)
    area, within = (np.bincount(part.ravel(), minlength=count) for part in (labels, labels[inner]))
    keep = within >= INSIDE * area
    keep[0] = False
    mask = keep.astype(np.float32)[labels]
    return np.asarray(cv2.dilate(mask, NEIGHBOURS), np.float32)
