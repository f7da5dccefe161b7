"""A row in one writer's style: size, slant, and spacing of its characters, and their ink.

Lengths are shares of a digit's height unless a name says pixels. The baseline of a laid-out row is y = 0, and
y points down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from inkread.synthetic.row_text import RAISED
from inkread.synthetic.vectors import rotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.synthetic.vectors import VectorGlyph
    from inkread.synthetic.writers import Writer

ELASTIC = frozenset("-—~=")

GAPS = ((0.13, 0.35, 1.2), (0.4, 0.08, 0.35), (0.32, 0.0, 0.09), (0.15, -0.18, 0.0))
"""Spacing between the outlines of neighbors: weight, from, to."""
SMALL_ZEROS, LINKED = 0.3, 0.22
"""Share of writers who write runs of zeros small, and of those who link them."""

UNDERLINED, STRUCK = 0.05, 0.025
"""Share of rows that are underlined, and struck through, with the same pen."""

BANDS, BAND_TOP, BAND_HEIGHT = 16, -1.5, 0.13
"""Number of bands for measuring outlines, and their range, from above the digits to below."""
CLOSEST = 0.6
"""Minimum distance of neighbors' centers, as a share of their mean width; never below ``CLOSEST_MIDDLES``."""
CLOSEST_MIDDLES = 0.13


@dataclass(frozen=True, slots=True)
class Style:
    """How a writer writes a row.

    Attributes:
        height: height of a digit, pixels.
        pen: pen width, pixels.
        slant: dx/dy.
        stretch: width divided by natural width.
        unevenness: standard deviation of the logarithm of a digit's size.
        lift: standard deviation of the baseline.
        gap: gap between the outlines of neighbors; its standard deviation is ``gap_spread``.
        small: size of zeros in a run.
        raised: vertical position of small zeros, 0 on the baseline, 1 at the top.
        linked: share of zeros in a run that are joined.
    """

    height: float
    pen: float
    slant: float
    stretch: float
    unevenness: float
    lift: float
    gap: float
    gap_spread: float
    small: float
    raised: float
    linked: float

    @classmethod
    def random(cls, rng: np.random.Generator, *, height: float, pen: float) -> Style:
        """Returns a random style for digits of this height, and a pen of this width."""
        # What is drawn here and not used keeps the scenes of each seed as they were.
        rng.normal()
        gap = between(GAPS, rng)
        if rng.random() < 0.1:
            rng.uniform()
        rng.normal(size=2)
        return cls(
            height=height,
            pen=pen,
            slant=float(rng.normal(0.12, 0.2)),
            stretch=math.exp(rng.normal(0.04, 0.2)),
            unevenness=0.03 + 0.1 * float(rng.random()) ** 2,
            lift=0.01 + 0.09 * float(rng.random()) ** 2,
            gap=gap,
            gap_spread=0.03 + 0.3 * max(gap, 0) * float(rng.random()),
            small=float(rng.uniform(0.5, 0.85)) if rng.random() < SMALL_ZEROS else 1.0,
            raised=float(rng.uniform(0, 0.8)) if rng.random() < 0.4 else 0.0,
            linked=float(rng.uniform(0.3, 1)) if rng.random() < LINKED else 0.02,
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A glyph on the row: its character, and the 2×3 matrix from its units to pixels."""

    character: str
    glyph: VectorGlyph
    matrix: NDArray[np.float64]

    def points(self) -> NDArray[np.float64]:
        """K×2 points of its ink."""
        return self.glyph.points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def moved(self, shift: NDArray[np.float64]) -> Placed:
        """Returns a shifted copy; ``shift`` is x and y in pixels."""
        matrix = self.matrix.copy()
        matrix[:, 2] += shift
        return replace(self, matrix=matrix)


def lay_out(
    text: str, writer: Writer, style: Style, rng: np.random.Generator
) -> tuple[list[Placed], list[NDArray[np.float64]]]:
    """Lays out a text from x = 0 along the baseline y = 0.

    Returns the glyphs, and strokes in pixels that belong to no character.
    """
    placed: list[Placed] = []
    edge = np.full(BANDS, -np.inf)
    middle = half = -np.inf
    raised = False
    space = 0.0
    for position, character in enumerate(text):
        if character in (" ", RAISED):
            raised, space = raised or character == RAISED, space + (0.35 if character == " " else 0.05)
            continue
        run = "0" in (text[position - 1 : position], text[position + 1 : position + 2])
        one = _shaped(character, writer, style, rng, run=run, raised=raised)
        points = one.points()
        left, right = _outlines(points, style.height)
        low, high = points[:, 0].min(), points[:, 0].max()
        x = 0.0
        if placed:
            gap = style.gap + space + rng.normal(0, style.gap_spread)
            x = _beside(edge, left, high=float(edge.max()), low=low) + gap * style.height + style.pen
            least = CLOSEST * (half + (high - low) / 2) + CLOSEST_MIDDLES * style.height
            x = max(x, middle + least - (low + high) / 2)
        middle, half, space = x + (low + high) / 2, (high - low) / 2, 0.0
        edge = np.maximum(edge, right + x)
        placed.append(one.moved(np.array([x, 0.0])))
    return placed, _lines(placed, style, rng)


def _shaped(
    character: str, writer: Writer, style: Style, rng: np.random.Generator, *, run: bool, raised: bool
) -> Placed:
    """Returns a glyph with its size, slant, and height above the baseline, at x = 0."""
    size = math.exp(rng.normal(0, style.unevenness))
    up = rng.normal(0, style.lift)
    if raised:
        size, up = size * 0.55, up + 0.45
    elif character == "0" and run and style.small < 1:
        size, up = size * style.small, up + style.raised * (1 - style.small)
    stretch = style.stretch * math.exp(rng.normal(0, 0.05))
    if character in ELASTIC:
        stretch *= float(rng.uniform(0.6, 1.6))
    elif character == ".":
        size *= float(rng.uniform(0.5, 4))
    angle = rng.normal(0, 0.03)
    slant = style.slant + rng.normal(0, 0.04)
    matrix = style.height * size * rotation(angle) @ np.array([[stretch, -slant], [0, 1]])
    return Placed(character, writer.glyph(character), np.column_stack([matrix, [0, -up * style.height]]))


def _outlines(points: NDArray[np.float64], height: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the left and right outlines of a glyph, in bands; infinite if it has no ink nearby."""
    band = ((points[:, 1] / height - BAND_TOP) / BAND_HEIGHT).astype(np.intp).clip(0, BANDS - 1)
    left, right = np.full(BANDS + 2, np.inf), np.full(BANDS + 2, -np.inf)
    np.minimum.at(left, band + 1, points[:, 0])
    np.maximum.at(right, band + 1, points[:, 0])
    # Include neighboring bands, because their ink comes close too.
    left = np.minimum(np.minimum(left[:-2], left[1:-1]), left[2:])
    right = np.maximum(np.maximum(right[:-2], right[1:-1]), right[2:])
    return left, right


def _beside(edge: NDArray[np.float64], left: NDArray[np.float64], *, high: float, low: float) -> float:
    """Returns how far a glyph must move to just touch the glyphs before it."""
    shared = np.isfinite(edge) & np.isfinite(left)
    return float((edge[shared] - left[shared]).max()) if shared.any() else high - low


def _lines(placed: Sequence[Placed], style: Style, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Draws strokes between and across characters: links of zeros, underlines, and strikethroughs."""
    strokes: list[NDArray[np.float64]] = []
    for one, other in pairwise(placed):
        zeros = one.character == other.character == "0"
        both = one.character.isdigit() and other.character.isdigit()
        if both and rng.random() < style.linked * (1.0 if zeros else 0.2):
            strokes.append(_link(one.points(), other.points(), rng))
    if not placed:
        return strokes
    points = np.concatenate([one.points() for one in placed])
    for share, level in ((UNDERLINED, rng.uniform(0.08, 0.3)), (STRUCK, rng.uniform(-0.8, -0.2))):
        if rng.random() < share:
            ends = np.array([points[:, 0].min(), points[:, 0].max()]) + rng.normal(0, 0.25, 2) * style.height
            x = np.linspace(float(ends[0]), float(ends[1]), 6)
            y = level * style.height + rng.normal(0, 0.015, 6) * style.height
            strokes.append(np.column_stack([x, y]))
    return strokes


def _link(
    one: NDArray[np.float64], other: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draws a sagging stroke from the right of one character to the left of the next, usually at the top."""
    start, end = (
        points[np.argmax(points @ np.array([side, -rng.uniform(0.2, 1.5)]))]
        for points, side in ((one, 1.0), (other, -1.0))
    )
    sag = (start + end) / 2 + np.array([0, rng.uniform(-0.1, 0.5) * abs(end[0] - start[0])])
    t = np.linspace(0, 1, 8)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * sag + t**2 * end


def between(ranges: Sequence[tuple[float, float, float]], rng: np.random.Generator) -> float:
    """Draws a number from one of several ranges (weight, from, to)."""
    index = int(rng.choice(len(ranges), p=[share for share, _, _ in ranges]))
    return float(rng.uniform(*ranges[index][1:]))
