"""Steady handwriting for tests: digits as strokes in the unit square, y down, and as mouse events."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Point = tuple[float, float]
Stroke = list[Point]


def arc(x: float, y: float, rx: float, ry: float, *between: float) -> Stroke:
    """Makes part of an ellipse around (x, y), between two angles in degrees; 0 is to the right, 90 below."""
    start, stop = between
    steps = 24
    angles = [math.radians(start + (stop - start) * step / steps) for step in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


DIGITS: list[list[Stroke]] = [
    [arc(0.5, 0.5, 0.32, 0.45, -90, 270)],
    [[(0.36, 0.22), (0.55, 0.05), (0.55, 0.95)]],
    [[*arc(0.5, 0.3, 0.3, 0.25, -170, 40), (0.2, 0.93), (0.83, 0.93)]],
    [[*arc(0.45, 0.28, 0.3, 0.22, -150, 80), *arc(0.45, 0.72, 0.34, 0.24, -80, 150)]],
    [[(0.5, 0.05), (0.15, 0.62), (0.88, 0.62)], [(0.66, 0.3), (0.62, 0.97)]],
    [[(0.3, 0.07), (0.26, 0.45), *arc(0.46, 0.68, 0.3, 0.26, -130, 150)], [(0.3, 0.07), (0.78, 0.07)]],
    [[(0.66, 0.05), (0.34, 0.4), *arc(0.5, 0.7, 0.27, 0.25, 190, -170)]],
    [[(0.16, 0.08), (0.82, 0.08), (0.4, 0.96)]],
    [[*arc(0.5, 0.27, 0.24, 0.21, 90, -270), *arc(0.5, 0.72, 0.29, 0.24, -90, 270)]],
    [[*arc(0.5, 0.3, 0.25, 0.23, 0, -350), (0.74, 0.3), (0.62, 0.96)]],
]
"""The strokes of each digit."""


def strokes_in(digit: int, box: tuple[float, float, float, float]) -> Iterator[list[tuple[int, int]]]:
    """Returns a digit's strokes as mouse positions a few pixels apart, in a box x, y, width, height."""
    x, y, width, height = box
    for stroke in DIGITS[digit]:
        yield list(_walk([(x + px * width, y + py * height) for px, py in stroke]))


def _walk(points: Stroke, step: float = 6.0) -> Iterator[tuple[int, int]]:
    for (x0, y0), (x1, y1) in pairwise(points):
        pieces = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / step))
        for piece in range(pieces):
            yield round(x0 + (x1 - x0) * piece / pieces), round(y0 + (y1 - y0) * piece / pieces)
    yield round(points[-1][0]), round(points[-1][1])
