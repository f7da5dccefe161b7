"""A hand-made stroke alphabet of digits, and writer styles for it.

Each digit has two or three common shapes, including the flagged and the footed 1, the crossed 7, the open 4,
and the g-shaped 9, and some rarer ones. A shape is a list of strokes, and a stroke is a list of control
points in a box of height 1 (y down), joined by centripetal Catmull-Rom splines (Yuksel, Schaefer & Keyser
2011); a repeated point makes a corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable

Strokes = list[NDArray[np.float32]]
"""Strokes of float32 K×3: x, y, and the relative pen width."""
Shape = tuple[NDArray[np.float64], ...]
"""A character's strokes by their control points, K×2."""


def parsed(shape: str) -> Shape:
    """Returns the shape that is written like those of ``_SHAPES``."""
    return tuple(
        np.array([point.split(",") for point in stroke.split()], np.float64) / 100
        for stroke in shape.split("|")
    )


_SHAPES = {
    "0": (
        "40,5 25,0 8,18 0,52 7,88 25,100 45,86 54,50 48,16 33,2 22,5",
        "20,2 4,25 0,60 10,94 27,99 43,75 45,38 34,7 17,0",
    ),
    "1": (
        "8,0 6,50 3,100",
        "0,33 14,18 27,0 27,0 25,48 22,100",
        "2,26 16,15 27,0 27,0 26,50 26,98 | 5,99 25,98 48,97",
    ),
    "2": (
        "3,24 11,5 28,0 45,9 46,29 32,56 14,80 0,97 0,97 26,94 56,97",
        "4,20 16,3 36,2 46,19 40,44 24,72 8,94 0,90 7,80 21,86 38,99 58,90",
    ),
    "3": (
        "3,12 19,0 40,6 43,25 30,42 15,46 15,46 38,52 48,72 38,94 18,100 0,89",
        "3,3 24,3 46,1 46,1 34,19 20,38 20,38 40,46 48,68 38,93 17,100 0,90",
    ),
    "4": (
        "12,2 7,32 2,57 2,57 28,58 57,54 | 44,20 41,60 37,100",
        "38,0 20,32 0,66 0,66 28,67 60,64 | 40,3 40,50 38,100",
    ),
    "5": (
        "11,2 8,22 5,43 5,43 25,37 44,49 47,73 33,96 15,100 0,92 | 11,2 30,3 52,0",
        "50,1 30,3 12,3 12,3 9,22 6,42 6,42 24,37 43,48 47,70 35,94 17,100 0,90",
    ),
    "6": (
        "40,0 22,16 8,42 2,70 9,94 26,100 43,88 44,66 30,53 14,60 5,76",
        "30,0 13,28 3,62 6,90 22,100 40,92 45,74 36,58 20,57 7,70",
    ),
    "7": (
        "0,4 26,4 51,1 51,1 33,46 19,100",
        "0,5 26,4 52,1 52,1 35,45 20,100 | 12,50 30,48 50,45",
        "1,18 3,5 3,5 25,7 50,2 50,2 34,42 26,100",
    ),
    "8": (
        "41,10 25,0 8,9 8,27 24,44 42,63 44,86 26,100 6,91 4,71 20,50 37,31 42,14 35,3",
        "26,45 11,34 10,12 26,0 41,12 40,33 25,46 6,62 3,85 23,100 43,88 44,64 28,47",
    ),
    "9": (
        "43,13 26,0 8,10 4,30 16,46 33,40 44,14 44,14 43,50 38,100",
        "43,12 27,0 8,10 4,32 17,47 34,38 44,12 44,12 45,48 41,84 24,100 4,92",
    ),
}
"""The shapes of each digit: strokes separated by "|", control points "x,y" in hundredths."""

RARER = {
    "0": (
        "22,14 6,30 0,58 10,90 28,100 44,86 50,52 42,18 26,6 16,16 28,24 52,12 70,0",
        "34,20 20,6 4,24 0,58 12,92 32,99 48,74 50,38 38,12 24,2 28,14 46,8",
        "6,14 0,48 8,88 30,100 50,86 54,48 46,10 46,10 26,14 4,10",
    ),
    "1": (
        "0,74 14,42 34,0 34,0 30,50 26,100",
        "0,99 16,60 40,0 40,0 38,52 36,100",
        "0,86 18,52 36,8 32,0 25,9 22,46 18,100",
        "0,94 16,58 30,14 34,0 30,6 22,60 22,92 34,96 46,82",
        "30,0 22,34 12,72 0,100",
        "12,16 26,0 26,0 25,50 24,100",
        "0,50 14,26 28,0 28,0 28,50 26,100",
        "8,12 20,0 20,0 19,96 | 0,98 20,97 42,98",
        "2,18 14,0 26,14 28,48 20,80 4,100",
    ),
    "2": (
        "2,12 24,4 50,6 50,6 26,48 0,96 0,96 26,96 58,95",
        "4,26 18,2 40,10 38,44 16,84 4,98 0,88 12,80 26,94 44,98 62,84",
        "0,34 4,8 26,0 44,14 38,46 8,100 8,100 34,88 58,96",
        "22,34 6,36 2,16 16,0 36,4 42,26 30,60 10,88 0,96 2,84 18,88 40,98 62,92",
        "18,24 6,36 0,20 10,2 32,2 40,24 32,56 12,92 12,92 34,90 66,96",
    ),
    "3": (
        "2,8 26,2 42,14 34,34 18,44 18,44 14,52 26,50 44,64 40,88 18,100 0,90",
        "0,6 48,2 48,2 24,34 24,34 46,46 46,78 24,100 0,92",
    ),
    "4": (
        "0,2 2,34 16,50 38,44 50,26 | 52,0 46,50 38,100",
        "0,4 4,36 20,48 42,38 54,0 54,0 46,50 36,100",
        "26,0 14,34 0,70 0,70 30,70 58,68 | 44,40 38,72 36,100",
        "20,0 10,36 0,64 0,64 26,62 54,60 54,60 40,28 36,60 30,100",
        "40,0 18,32 4,60 6,74 24,76 56,70 | 36,50 35,76 33,100",
        "44,0 16,42 2,72 12,86 38,85 62,76 | 38,60 37,80 36,100",
    ),
    "5": (
        "12,2 12,34 14,62 24,88 16,100 0,82 | 12,2 34,5 62,0",
        "14,0 10,30 12,48 28,64 30,84 14,100 0,90 | 14,0 36,2 66,4",
        "48,4 28,0 10,12 12,32 30,48 42,66 36,90 16,100 0,90",
        "8,4 4,40 4,40 30,34 46,56 38,86 14,100 0,96 | 16,8 36,6 58,2",
        "0,66 12,98 24,60 34,2 34,2 50,4 70,0",
        "0,44 10,52 18,98 28,50 36,4 36,4 54,8 78,2",
        "16,0 12,34 22,54 22,80 10,100 0,92 | 16,2 36,6 58,0",
    ),
    "6": (
        "34,2 18,0 6,34 2,72 10,96 26,100 42,86 40,66 24,58 8,68",
        "8,0 4,44 2,80 12,98 30,98 44,82 40,62 24,56 6,72",
    ),
    "7": (
        "0,16 4,2 4,2 28,8 54,2 54,2 36,40 24,70 20,100 | 10,54 30,48 56,46",
        "2,12 14,0 34,6 52,0 52,0 36,44 30,100",
        "0,4 50,2 50,2 32,48 26,100 | 14,40 46,56",
    ),
    "8": (
        "46,4 26,2 8,16 22,42 42,68 32,96 12,98 2,80 18,54 40,30 52,6",
        "28,44 12,30 14,8 30,0 44,12 40,32 28,44 | 28,44 8,58 4,86 22,100 42,90 44,64 28,44",
        "0,98 20,62 44,22 36,2 18,2 10,20 26,46 40,72 34,96 14,98 8,78 28,48 50,20",
    ),
    "9": (
        "40,30 24,46 6,34 6,12 24,0 40,10 38,30 28,52 20,76 16,100",
        "36,8 18,0 2,14 8,38 26,40 40,20 38,4 38,4 34,40 22,74 0,100",
        "44,14 40,2 20,2 6,18 16,38 32,52 38,74 34,100",
        "42,8 24,0 6,10 6,34 22,48 38,38 42,12 42,12 44,60 36,94 16,98 14,84 34,74 60,62",
        "30,100 30,60 34,20 24,0 6,8 2,30 14,44 32,34 44,10",
        "46,22 46,6 28,0 8,8 4,28 18,42 32,50 30,72 20,100",
        "36,26 48,14 38,0 14,4 2,20 8,38 26,50 30,74 20,94 6,98",
    ),
}
"""More shapes, as written in other countries or in haste.

They include the 1 with a long upstroke or a loop, the 4 like a y, the 5 with a small belly or like an S or a
root sign, the 9 like an open 8, and the 0 with a tail at its top.
"""

ALPHABET = {
    digit: tuple(parsed(shape) for shape in (*shapes, *RARER[digit])) for digit, shapes in _SHAPES.items()
}
"""The control points of each digit's shapes, common ones first."""

STEPS = 12
"""Number of curve points between two control points."""
SPEED_EXPONENT = 1 / 3
"""Speed of a hand ∝ curvature^(−1/3), the two-thirds power law (Lacquaniti, Terzuolo & Viviani 1983)."""
THINNING = 0.28
"""How much thinner a line is at its fastest places than at its slowest, at ``pressure`` 1."""
LIFT_WIDTH = 0.55
LIFT_LENGTH = 0.12
"""A stroke's end tapers by up to this, over this share of the digit's height, as the moving pen lifts."""


@dataclass(frozen=True, slots=True)
class WriterStyle:
    """A writer's style. Lengths are shares of a digit's height.

    Attributes:
        shapes: which shape the writer uses for each digit, by digit.
        slant: dx per dy; positive leans to the right.
        breadth: width of the digits relative to the alphabet's.
        spacing: mean gap between digits.
        unevenness: standard deviation of a digit's size (relative), vertical position, and gap.
        wobble: standard deviation of the control points.
        pressure: how strongly speed affects the line width, 0 to 1.
    """

    shapes: tuple[int, ...]
    slant: float = 0.12
    breadth: float = 1.0
    spacing: float = 0.24
    unevenness: float = 0.05
    wobble: float = 0.018
    pressure: float = 0.7

    @classmethod
    def random(cls, rng: np.random.Generator, *, rare: bool = False) -> WriterStyle:
        """Returns a random style with common shapes, or with any shapes if ``rare``."""
        shapes = ALPHABET if rare else _SHAPES
        return cls(
            shapes=tuple(int(rng.integers(len(shapes[str(digit)]))) for digit in range(10)),
            slant=float(rng.normal(0.1, 0.1)),
            breadth=float(rng.uniform(0.85, 1.2)),
            spacing=float(rng.uniform(0.2, 0.34)),
            unevenness=float(rng.uniform(0.025, 0.06)),
            wobble=float(rng.uniform(0.01, 0.022)),
            pressure=float(rng.uniform(0.4, 1.0)),
        )


def write_row(text: str, style: WriterStyle, rng: np.random.Generator) -> Strokes:
    """Writes digits from left to right, and spaces about as wide as a digit.

    The strokes are in units of a digit's height: the row begins near x = 0, and its baseline is y = 1.

    Raises:
        OptionError: a character is neither a digit nor a space.
    """
    return write_shapes((shape_of(each, style) if each != " " else None for each in text), style, rng)


def write_shapes(shapes: Iterable[Shape | None], style: WriterStyle, rng: np.random.Generator) -> Strokes:
    """Writes any characters from left to right, and a space for each ``None``; see ``write_row``."""
    strokes: Strokes = []
    x = 0.0
    for shape in shapes:
        if shape is None:
            x += 0.5 * style.breadth
            continue
        character = _written(shape, style, rng)
        left = min(float(stroke[:, 0].min()) for stroke in character)
        for stroke in character:
            stroke[:, 0] += x - left
        strokes += character
        right = max(float(stroke[:, 0].max()) for stroke in character)
        x = right + max(0.08, style.spacing + rng.normal(0, style.unevenness))
    return strokes


def write_digit(digit: str, style: WriterStyle, rng: np.random.Generator) -> Strokes:
    """Writes one digit at x ≥ 0, between y = 0 and 1 except for its unevenness; see ``write_row``."""
    return _written(shape_of(digit, style), style, rng)


def shape_of(digit: str, style: WriterStyle) -> Shape:
    """Returns the control points of the strokes with which a writer makes a digit.

    Raises:
        OptionError: it is no digit.
    """
    if digit not in ALPHABET:
        raise OptionError("text", f"has {digit!r}, which is not a digit", "use the digits 0 to 9")
    return ALPHABET[digit][style.shapes[int(digit)]]


def _written(shape: Shape, style: WriterStyle, rng: np.random.Generator) -> Strokes:
    size = 1 + rng.normal(0, style.unevenness)
    lift = rng.normal(0, style.unevenness)
    slant = style.slant + rng.normal(0, 0.03)
    result = []
    for controls in shape:
        points = _wobbled(controls, style.wobble, rng)
        curve = spline(points)
        # Scaled about the foot of the line, then slanted about it.
        x, y = curve[:, 0] * style.breadth * size, 1 + (curve[:, 1] - 1) * size + lift
        result.append(with_pressure(np.stack([x + slant * (1 - y), y], axis=1), style.pressure))
    return result


def spline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the centripetal Catmull-Rom spline through points (K×2), broken at repeated points; M×2."""
    breaks = np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1)) + 1
    return np.concatenate([_smooth(part) for part in np.split(points, breaks)])


def with_pressure(curve: NDArray[np.float64], pressure: float) -> NDArray[np.float32]:
    """Adds the relative pen width to a curve (M×2): wide where the hand is slow, thin as it lifts; M×3."""
    steps = np.hypot(*np.diff(curve, axis=0).T)
    length = np.concatenate([[0], np.cumsum(steps)])
    total = max(length[-1], 1e-6)
    even = np.linspace(0, total, max(8, round(total * 40)))
    x, y = (np.interp(even, length, curve[:, axis]) for axis in (0, 1))
    dx, dy = np.gradient(x), np.gradient(y)
    turn = np.abs(np.gradient(np.unwrap(np.arctan2(dy, dx)))) / np.maximum(np.hypot(dx, dy), 1e-6)
    speed = np.clip(turn, 0.5, 30) ** -SPEED_EXPONENT
    speed = np.convolve(np.pad(speed, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    span = 0.5**-SPEED_EXPONENT - 30**-SPEED_EXPONENT
    width = 1 - THINNING * pressure * (speed - 30**-SPEED_EXPONENT) / span
    lift = np.clip(1 - (total - even) / LIFT_LENGTH, 0, 1) ** 2
    return np.stack([x, y, width * (1 - (1 - LIFT_WIDTH) * pressure * lift)], axis=1).astype(np.float32)


def _wobbled(points: NDArray[np.float64], wobble: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Moves the control points; the two points of a corner stay together."""
    moved = points + rng.normal(0, wobble, points.shape)
    for first, (one, other) in enumerate(pairwise(points)):
        if (one == other).all():
            moved[first + 1] = moved[first]
    return moved


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns a spline without corners, with mirrored points beyond its ends (Barry & Goldman's pyramid)."""
    if len(points) < 3:
        return np.linspace(points[0], points[-1], STEPS)
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    pieces = []
    for first in range(len(points) - 1):
        p0, p1, p2, p3 = padded[first : first + 4]
        t0 = 0.0
        t1, t2, t3 = np.cumsum([np.hypot(*(b - a)) ** 0.5 + 1e-9 for a, b in ((p0, p1), (p1, p2), (p2, p3))])
        t = np.linspace(t1, t2, STEPS, endpoint=first == len(points) - 2)[:, None]
        a1 = ((t1 - t) * p0 + (t - t0) * p1) / (t1 - t0)
        a2 = ((t2 - t) * p1 + (t - t1) * p2) / (t2 - t1)
        a3 = ((t3 - t) * p2 + (t - t2) * p3) / (t3 - t2)
        b1 = ((t2 - t) * a1 + (t - t0) * a2) / (t2 - t0)
        b2 = ((t3 - t) * a2 + (t - t1) * a3) / (t3 - t1)
        pieces.append(((t2 - t) * b1 + (t - t1) * b2) / (t2 - t1))
    return np.concatenate(pieces)
