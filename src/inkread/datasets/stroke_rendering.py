"""Renders strokes as ink: a round pen of any width, anti-aliased.

A stroke is a float32 array K×2 of points (x, y), y down, or K×3, in which the third column is the pen width
relative to its nominal width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FINE_PEN, MEDIUM_PEN = 2.0, 4.0
"""Pens narrower than this, in pixels, are rasterized at 4× and 3×; wider ones at 2×, at which steps no longer
show.

The ends of a line are rounded to whole subpixels.
"""
DOT_GAIN = 1.6
"""A dot is this much wider than the pen, because the pen is pressed and turned there."""
MARGIN = 1.0
"""Empty pixels around the ink of ``draw_strokes``."""
MAX_ASPECT = 4.0
"""A flat drawing (a dash) fills this many times its height in width, instead of the full height."""


@dataclass(frozen=True, slots=True)
class PenJitter:
    """How much ``draw_strokes`` varies a drawing at random.

    Attributes:
        rotation: standard deviation, degrees.
        slant: standard deviation of the horizontal shear, dx/dy.
        stretch: standard deviation of the logarithm of width / height.
        wobble: standard deviation of each point's displacement, smoothed along the stroke, as a share of the
            size.
        width: standard deviation of the logarithm of the pen width.
    """

    rotation: float = 4.0
    slant: float = 0.12
    stretch: float = 0.12
    wobble: float = 0.01
    width: float = 0.1


def rasterise(
    strokes: Sequence[NDArray[np.float32]], shape: tuple[int, int], pen_width: float
) -> NDArray[np.float32]:
    """Draws strokes with a round pen.

    The ink covers everything within half a pen width of a stroke, by an exact distance transform
    (Felzenszwalb & Huttenlocher 2012) of the strokes' center lines. Strokes and the pen's width are in
    pixels; pixel (row 0, column 0) covers 0 ≤ x < 1, 0 ≤ y < 1. Returns the ink's coverage, float32 H×W in
    0..1.
    """
    if not pen_width > 0:
        raise OptionError("pen_width", f"is {pen_width}", "use a width above 0, in pixels")
    factor = 4 if pen_width < FINE_PEN else 3 if pen_width < MEDIUM_PEN else 2
    height, width = shape
    fine_shape = (height * factor, width * factor)
    # OpenCV's integer coordinates are pixel centers.
    lines = [
        np.round(stroke[:, :2] * factor - 0.5).astype(np.int32).reshape(-1, 1, 2)
        for stroke in (np.repeat(stroke, 2, axis=0) if len(stroke) == 1 else stroke for stroke in strokes)
        if len(stroke)
    ]
    blank = np.full(fine_shape, 255, np.uint8)
    cv2.polylines(blank, lines, isClosed=False, color=0)
    if blank.all():
        return np.zeros(shape, np.float32)
    radius = pen_width * factor / 2
    if any(stroke.shape[1] == 3 for stroke in strokes):
        distance, relative = _distance_and_width(blank, strokes, lines)
        coverage = radius * relative - distance
    else:
        coverage = radius - cv2.distanceTransform(blank, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    coverage = np.clip(coverage + 0.5, 0, 1).astype(np.float32)
    return np.asarray(cv2.resize(coverage, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _distance_and_width(
    blank: NDArray[np.uint8], strokes: Sequence[NDArray[np.float32]], lines: list[NDArray[np.int32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns each pixel's distance to the nearest center line, and the relative pen width there."""
    width_on_line = np.ones(blank.shape, np.float32)
    for stroke, line in zip((stroke for stroke in strokes if len(stroke)), lines, strict=True):
        widths = stroke[:, 2] if stroke.shape[1] == 3 else np.ones(len(stroke))
        for start, width in enumerate(widths[: max(1, len(widths) - 1)]):
            piece = line[start : start + 2]
            cv2.polylines(width_on_line, [piece], isClosed=False, color=float(width))
    distance, nearest = cv2.distanceTransformWithLabels(
        blank, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Labels number the lines' pixels; each pixel looks up its width by its own label.
    width_of_label = np.ones(int(nearest.max()) + 1, np.float32)
    on_line = blank == 0
    width_of_label[nearest[on_line]] = width_on_line[on_line]
    return np.asarray(distance, np.float32), width_of_label[nearest]


def draw_strokes(
    strokes: Sequence[NDArray[Any]],
    *,
    height: int,
    pen_width: float,
    rng: np.random.Generator | None = None,
    jitter: PenJitter | None = None,
) -> NDArray[np.float32]:
    """Draws one character so that its ink fills the height of the result, except for a margin of one pixel.

    Strokes are K×2 each, in any unit, y down; one without extent is a dot, and stays visible. The pen's width
    is in pixels of the result. With ``rng``, the drawing varies by ``jitter``, by default ``PenJitter()``.
    Returns the ink's coverage, float32 H×W in 0..1, W as wide as the ink and its margins.

    Raises:
        OptionError: the pen does not fit in the height.
    """
    if not 0 < pen_width <= height - 2 * MARGIN - 1:
        raise OptionError(
            "pen_width",
            f"is {pen_width} at a height of {height} pixels",
            "use a width above 0 and below the height",
        )
    drawn = [np.asarray(stroke, np.float32) for stroke in strokes if len(stroke)]
    if not drawn:
        return np.zeros((height, height), np.float32)
    if rng is not None:
        jitter = jitter or PenJitter()
        drawn = _jittered(drawn, rng, jitter)
        pen_width = min(pen_width * math.exp(rng.normal(0, jitter.width)), height - 2 * MARGIN - 1)
    points = np.concatenate(drawn)
    low, high = points.min(axis=0), points.max(axis=0)
    room = height - 2 * MARGIN - pen_width
    extent = np.maximum(high - low, 1e-6)
    scale = min(room / extent[1], (MAX_ASPECT * height - pen_width) / extent[0])
    if max(extent) <= 1e-6:
        scale = 0.0
    width = math.ceil(float(scale * extent[0]) + pen_width + 2 * MARGIN)
    centre = np.array([width, height], np.float32) / 2
    placed = [(stroke - (low + high) / 2) * np.float32(scale) + centre for stroke in drawn]
    return rasterise([_dot_or_line(stroke) for stroke in placed], (height, width), pen_width)


def _dot_or_line(stroke: NDArray[np.float32]) -> NDArray[np.float32]:
    """Widens the point of a stroke shorter than half a pixel; returns any other stroke as it is."""
    if np.ptp(stroke, axis=0).max() >= 0.5:
        return stroke
    return np.append(stroke.mean(axis=0), DOT_GAIN).astype(np.float32)[None]


def _jittered(
    strokes: list[NDArray[np.float32]], rng: np.random.Generator, jitter: PenJitter
) -> list[NDArray[np.float32]]:
    angle = math.radians(rng.normal(0, jitter.rotation))
    stretch = math.exp(rng.normal(0, jitter.stretch) / 2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1, -rng.normal(0, jitter.slant)], [0, 1]]) @ np.diag([stretch, 1 / stretch])
    points = np.concatenate(strokes)
    wobble = jitter.wobble * float(np.ptp(points, axis=0).max())
    result = []
    for stroke in strokes:
        # A writer's error changes slowly: a few offsets along the stroke, with interpolation between them.
        knots = max(2, len(stroke) // 8)
        along = np.linspace(0, knots - 1, len(stroke))
        offsets = rng.normal(0, wobble, (knots, 2))
        error = np.stack([np.interp(along, np.arange(knots), offsets[:, axis]) for axis in (0, 1)], axis=1)
        result.append(((stroke + error) @ matrix.T).astype(np.float32))
    return result
