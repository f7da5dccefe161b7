"""Ink crop -> 28×28 glyph in MNIST's own geometry.

MNIST was made from NIST's black-and-white digits by a procedure that Yadav and Bottou recovered ("Cold Case:
The Lost MNIST Digits", NeurIPS 2019): the bounding box is padded to a square, resampled to 20×20 by the area
that each source pixel covers (its footprint shrunk to 0.99), and placed in 28×28 with the center of mass,
measured from pixel centers, near the middle, at whole-pixel offsets ``int(15 - barycentre)``.

Everyday handwriting differs from NIST's forms most in stroke width, so strokes much thinner or thicker than
MNIST's are first adjusted to the nearest usual width.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.models.card import GLYPH_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDE = GLYPH_SIDE
BOX = 20
FOOTPRINT = 0.99
CENTRE = 15.0

EDGE = 0.5
"""Ink strength at the edge of a stroke, by convention of the ink map."""

FINE = 80
COARSE = 240
"""Working range of a crop's longer side, pixels; smaller crops are enlarged, larger ones reduced."""

BLOCK = 96
"""Columns of a shape resampled at a time: NumPy would run larger products on all cores, where its threads
wait for each other if anything else runs, and take milliseconds instead of microseconds."""

SMALL = 40
"""Longer side, pixels, up to which a crop keeps its grey levels, because MNIST's digits are no larger."""

FAINT = 0.04
"""Ink strength below which a small crop ends, so its bounding box includes the anti-aliasing."""

THIN, THICK = 0.08, 0.20
"""Stroke width relative to the longer side: the 5th and 96th percentile of MNIST's training digits."""

MOST_SHRUNK = 0.3
"""Maximum share of its width that a stroke loses per side: a blot must not become a line and read as a 1."""

_NEIGHBOURS = np.ones((3, 3), np.uint8)

GEOMETRY: dict[str, Any] = {
    "side": SIDE,
    "box": BOX,
    "footprint": FOOTPRINT,
    "centre": "int(15 - barycentre)",
    "stroke_width": [THIN, THICK],
    "ink": "bright",
}
"""How a glyph is made, kept with the weights in the model card."""


def normalize(ink: NDArray[np.float32], *, keep_width: bool = False) -> NDArray[np.uint8]:
    """Converts ink to a glyph in MNIST's geometry.

    Args:
        ink: h×w float32 in 0..1, ink bright, ``EDGE`` at the border of the stroke.
        keep_width: do not adjust the stroke width.

    Returns:
        28×28 uint8, ink bright; all zero if no pixel reaches ``EDGE``, or only specks that vanish when
        reduced.
    """
    crop = _cut(ink, EDGE)
    if crop.size == 0:
        return np.zeros((SIDE, SIDE), np.uint8)
    shape = _at_working_size(crop)
    width = stroke_width(shape) / max(shape.shape)
    if not keep_width and not THIN <= width <= THICK:
        return place(_usual_width(shape, width * max(shape.shape)))
    return place(_cut(ink, FAINT) if max(crop.shape) <= SMALL else shape)


def normalize_all(inks: Sequence[NDArray[np.float32]]) -> NDArray[np.uint8]:
    """Applies ``normalize`` to each crop; returns N×28×28 uint8."""
    if not inks:
        return np.zeros((0, SIDE, SIDE), np.uint8)
    return np.stack([normalize(ink) for ink in inks])


def place(shape: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Applies MNIST's own procedure: h×w float32 shape in 0..1, cut to its bounding box -> 28×28 uint8.

    The shape is resampled to 20×20 with its aspect ratio, and its center of mass is placed as in MNIST.
    Without ink, the result is all zero.
    """
    if not shape.any():
        return np.zeros((SIDE, SIDE), np.uint8)
    square = _square(shape)
    weights = _area_weights(len(square))
    blocks = [weights @ square[:, start : start + BLOCK] for start in range(0, len(square), BLOCK)]
    box = np.concatenate(blocks, axis=1) @ weights.T
    grey = np.floor(box * (255.0 / min(1.0, float(box.max()))) + 0.5).clip(0, 255)
    mass = grey.sum()
    centres = np.arange(BOX) + 0.5
    top = int(CENTRE - float(grey.sum(axis=1) @ centres / mass))
    left = int(CENTRE - float(grey.sum(axis=0) @ centres / mass))
    # The mass may be so far off-center that the box leaves the field: MNIST crops it, and so do we.
    field = np.zeros((SIDE + 2 * BOX, SIDE + 2 * BOX), np.uint8)
    field[BOX + top : 2 * BOX + top, BOX + left : 2 * BOX + left] = grey
    return field[BOX : BOX + SIDE, BOX : BOX + SIDE].copy()


def stroke_width(shape: NDArray[np.float32]) -> float:
    """Estimates the typical stroke width of h×w ink in 0..1, in pixels; 0.0 without ink.

    It is twice the median distance from the ridge of the distance transform to the nearest pixel without ink.
    """
    inside = cv2.distanceTransform(_padded_mask(shape), cv2.DIST_L2, 5)
    ridge = inside[(inside > 0) & (inside >= cv2.dilate(inside, _NEIGHBOURS))]
    if ridge.size == 0:
        return 0.0
    # On the ridge of a w-pixel stroke, pixel centers are (w + 1) / 2 from the next empty pixel's center.
    ordered = np.sort(ridge)
    median = float(ordered[(ridge.size - 1) // 2] + ordered[ridge.size // 2]) / 2
    return max(1.0, 2.0 * median - 1.0)


def _at_working_size(crop: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns a binary shape, 0 or 1, with a longer side in ``FINE``..``COARSE``."""
    longer = max(crop.shape)
    target = min(max(longer, FINE), COARSE)
    # Reduced strokes become fainter when thinner than a pixel, so lower the edge threshold.
    edge = EDGE * min(1.0, target / longer)
    if target != longer:
        size = [max(1, round(side * target / longer)) for side in crop.shape]
        method = cv2.INTER_AREA if target < longer else cv2.INTER_LINEAR
        crop = cv2.resize(crop, (size[1], size[0]), interpolation=method)
    return (crop >= edge).astype(np.float32)


def _usual_width(shape: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Changes strokes of ``width`` pixels to ``THIN`` or ``THICK`` times the shape's longer side."""
    longer = max(shape.shape)
    if width < THIN * longer:
        # Growing by r on each side also enlarges the box: (width + 2r) / (longer + 2r) = THIN.
        grow = (THIN * longer - width) / (2 * (1 - THIN))
        outside = cv2.distanceTransform(1 - _padded_mask(shape, int(grow) + 2), cv2.DIST_L2, 5)
        return _cut((grow + 1.0 - outside).clip(0, 1))
    shrink = min((width - THICK * longer) / (2 * (1 - THICK)), MOST_SHRUNK * width)
    inside = cv2.distanceTransform(_padded_mask(shape), cv2.DIST_L2, 5)
    # Keep the ridge, so that thin parts of a stroke do not vanish.
    ridge = (inside > 0) & (inside >= cv2.dilate(inside, _NEIGHBOURS))
    return _cut(np.where(ridge, 1.0, (inside - shrink).clip(0, 1)).astype(np.float32))


def _cut(ink: NDArray[np.float32], edge: float = 0.0) -> NDArray[np.float32]:
    """Cuts the crop to the bounding box of ink that reaches ``edge`` (or of any ink); 0×0 without ink."""
    solid = ink >= edge if edge else ink > 0
    left, top, width, height = cv2.boundingRect(solid.view(np.uint8))
    return ink[top : top + height, left : left + width]


def _padded_mask(shape: NDArray[np.float32], margin: int = 1) -> NDArray[np.uint8]:
    mask = (shape >= EDGE).view(np.uint8)
    padded = cv2.copyMakeBorder(mask, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(padded, np.uint8)


def _square(shape: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centers the shape in a square and doubles it until a side has at least ``BOX`` pixels."""
    height, width = shape.shape
    side = max(height, width)
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = shape
    while len(square) < BOX:
        square = square.repeat(2, axis=0).repeat(2, axis=1)
    return square


@lru_cache(maxsize=512)
def _area_weights(size: int) -> NDArray[np.float32]:
    """Returns 20×size: the share of each output cell covered by each source pixel's shrunken footprint."""
    scale = BOX / size
    start = np.arange(size) * scale
    cells = np.arange(BOX)[:, None]
    overlap = np.minimum(cells + 1, start + FOOTPRINT * scale) - np.maximum(cells, start)
    overlap = overlap.clip(0, None)
    whole = (overlap > 0).sum(axis=0) == 1
    # A pixel inside a single cell counts with its full size; only divided pixels are shrunk.
    weights = np.where(whole, np.sign(overlap) * scale, overlap)
    return np.asarray(weights, np.float32)
