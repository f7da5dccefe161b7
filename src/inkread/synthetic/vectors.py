"""Vector glyphs, and how they become ink.

A glyph consists of pen strokes (open paths, drawn with a pen of some width) and outlines (closed paths,
filled). One unit is the height of a digit; the baseline is y = 0, y points down, and the glyph is centered on
x = 0. Whatever a glyph's source (pen strokes, a bitmap, a font), the same affine maps place it on the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Path = NDArray[np.float32]
    """K×2 points, x and y."""
    Matrix = NDArray[np.float64]
    """2×3, from units to pixels."""

SUPERSAMPLING = 3
"""Ink is drawn at this multiple of the resolution, and averaged."""
SHIFT = 4
"""Fractional bits of the coordinates for OpenCV's drawing functions."""
FINE = 4
"""Bitmaps are enlarged by this factor before their outlines are traced."""
NARROWEST = 0.5
"""A glyph wider than its height divided by this is scaled by its width; else dashes would become beams."""


@dataclass(frozen=True)
class VectorGlyph:
    """A character to draw.

    Attributes:
        strokes: the pen's paths.
        outlines: closed paths, filled by the even-odd rule.
    """

    strokes: tuple[Path, ...] = ()
    outlines: tuple[Path, ...] = ()

    @cached_property
    def points(self) -> Path:
        """K×2 points of the ink; at least one."""
        paths = [*self.strokes, *self.outlines]
        return np.concatenate(paths) if paths else np.zeros((1, 2), np.float32)


def normalised(
    strokes: Sequence[Path] = (), outlines: Sequence[Path] = (), *, height: float = 1.0, foot: float = 0.0
) -> VectorGlyph:
    """Scales a glyph to ``height``, centered on x = 0, with its lower end ``foot`` below the baseline."""
    paths = [np.asarray(path, np.float32)[:, :2] for path in (*strokes, *outlines)]
    if not paths:
        return VectorGlyph()
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float(high[1] - low[1]), float(high[0] - low[0]) * NARROWEST, 1e-6)
    scale = np.float32(height / size)
    origin = np.array([(low[0] + high[0]) / 2, high[1]], np.float32)
    moved = [(path - origin) * scale + np.array([0, foot], np.float32) for path in paths]
    return VectorGlyph(tuple(moved[: len(strokes)]), tuple(moved[len(strokes) :]))


def traced(image: NDArray[np.uint8], *, threshold: int = 127, worn: int = 0) -> list[Path]:
    """Traces the outlines of a bitmap's bright ink, in its pixels.

    Args:
        image: uint8 H×W.
        threshold: gray value at the edge of the ink.
        worn: quarter pixels of ink to remove on every side.
    """
    fine = cv2.resize(np.pad(image, 1), None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    inside = (fine > threshold).astype(np.uint8)
    if worn:
        thin = cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=worn)
        inside = thin if thin.sum() > 0.3 * inside.sum() else inside
    contours, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [contour[:, 0].astype(np.float32) / FINE for contour in contours if len(contour) > 2]


@dataclass(slots=True)
class Layer:
    """One kind of ink on its way to a page: paths in page pixels, drawn all at once by ``coverage``.

    Attributes:
        shape: the page's shape, H and W.
        paths: open or closed paths with their pen width in pixels, 0 for filled outlines.
    """

    shape: tuple[int, int]
    mask: NDArray[np.uint8]

    @classmethod
    def blank(cls, shape: tuple[int, int]) -> Layer:
        """Makes a layer without ink."""
        return cls(shape, np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8))

    def stroke(self, paths: Sequence[NDArray[np.floating]], pen: float, *, strength: int = 255) -> None:
        """Draws open paths with a round pen ``pen`` pixels wide."""
        if not paths:
            return
        thickness = max(1, round(pen * SUPERSAMPLING))
        cv2.polylines(self.mask, [_fixed(p) for p in paths], False, strength, thickness, cv2.LINE_AA, SHIFT)

    def fill(self, paths: Sequence[NDArray[np.floating]], *, strength: int = 255) -> None:
        """Fills closed paths by the even-odd rule."""
        if paths:
            cv2.fillPoly(self.mask, [_fixed(p) for p in paths], strength, cv2.LINE_AA, SHIFT)

    def glyph(self, glyph: VectorGlyph, matrix: Matrix, pen: float) -> NDArray[np.float64]:
        """Draws a glyph; returns its box x0, y0, x1, y1 in pixels, not clipped to the page."""
        strokes = [transform(path, matrix) for path in glyph.strokes]
        outlines = [transform(path, matrix) for path in glyph.outlines]
        self.stroke(strokes, pen)
        self.fill(outlines)
        low, high = np.full(2, math.inf), np.full(2, -math.inf)
        for paths, margin in ((strokes, pen / 2), (outlines, 0.0)):
            for path in paths:
                low = np.minimum(low, path.min(axis=0) - margin)
                high = np.maximum(high, path.max(axis=0) + margin)
        return np.concatenate([low, high])

    def coverage(self) -> NDArray[np.float32]:
        """Returns how much of each pixel is ink, float32 H×W in 0..1."""
        small = cv2.resize(self.mask, self.shape[::-1], interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / np.float32(255)


def transform(path: NDArray[np.floating], matrix: Matrix) -> NDArray[np.float64]:
    """Maps a path by a 2×3 matrix."""
    return path @ matrix[:, :2].T + matrix[:, 2]


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """Returns the 2×3 map that applies ``inner`` first."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _fixed(path: NDArray[np.floating]) -> NDArray[np.int32]:
    # In OpenCV, integer coordinates are pixel centers.
    return np.round((path * SUPERSAMPLING - 0.5) * (1 << SHIFT)).clip(-(2**24), 2**24).astype(np.int32)
