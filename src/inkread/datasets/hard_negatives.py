"""Glyphs made from other glyphs: shapes on real pages that a reader must not mistake for digits.

Cutting a page into candidate glyphs yields pairs of digits, parts of digits, dots, dashes, and texture far
more often than letters. All functions are pure: they take uint8 N×28×28 and a random generator, and return
uint8 M×28×28 with bright ink, in MNIST's geometry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.pipeline.glyph import SIDE, normalize_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOK_ALIKES = frozenset("BDGIOQSZbgiloqsz")
"""Letters that look like a digit without their context, so they must not be taught as "not a digit"."""

FRAGMENT_SHARE = (0.2, 0.5)
"""Maximum share of a digit's ink in a fragment: with more of it, it may still be the digit."""

SLIMMEST_FRAGMENT = 0.45
"""A part of a digit that fits into a slimmer rectangle, at any angle, may be a 1, and is not used."""


def pairs(digits: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Makes glyphs of two neighbors that overlap, touch, or are slightly apart."""
    inks = []
    for left, right in rng.integers(0, len(digits), (count, 2)):
        one, other = (_resized(_tight(digits[i]), rng.uniform(0.8, 1.2)) for i in (left, right))
        if not (one.size and other.size):
            continue
        gap = int(rng.integers(-3, 8))
        lift = int(rng.integers(-4, 5))
        height = max(len(one), len(other)) + abs(lift)
        field = np.zeros((height, max(1, one.shape[1] + other.shape[1] + gap)), np.float32)
        for part, x, y in ((one, 0, max(0, lift)), (other, max(0, one.shape[1] + gap), max(0, -lift))):
            window = field[y : y + part.shape[0], x : x + part.shape[1]]
            np.maximum(window, part[: window.shape[0], : window.shape[1]], out=window)
        inks.append(field)
    return normalize_all(inks)


def fragments(digits: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cuts one side of a digit off by a steep line.

    Parts that may be a 1 are left out, so the result has fewer than ``count`` glyphs.
    """
    columns, rows = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    inks = []
    for index in rng.integers(0, len(digits), count):
        digit = digits[index].astype(np.float32) / 255
        across = rng.choice([-1, 1]) * ((columns - SIDE / 2) + rng.uniform(-0.4, 0.4) * (rows - SIDE / 2))
        amount = np.sort(across[digit > 0.5])
        if amount.size == 0:
            continue
        line = amount[int(rng.uniform(*FRAGMENT_SHARE) * len(amount))]
        part = digit * (across < line)
        if _slimness(part) >= SLIMMEST_FRAGMENT:
            inks.append(part)
    return normalize_all(inks)


def marks(count: int, rng: np.random.Generator, *, crosses: bool = True) -> NDArray[np.uint8]:
    """Draws dots, dashes, blots, stars, crosses, and scribbles, like specks, print, and slips of the pen.

    If ``crosses``, two strokes may cross, as in a plus or a times; they may also be a t or an x.
    """
    return normalize_all([_mark(rng, fewest_arms=2 if crosses else 3) for _ in range(count)])


def textures(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Makes blobs of thresholded noise at several scales, like shadows, fabric, hair, or wood."""
    inks = []
    for _ in range(count):
        noise = cv2.GaussianBlur(rng.normal(size=(64, 64)).astype(np.float32), (0, 0), rng.uniform(1.5, 8))
        level = np.quantile(noise, rng.uniform(0.5, 0.9))
        inks.append((noise > level).astype(np.float32))
    return normalize_all(inks)


def _mark(rng: np.random.Generator, *, fewest_arms: int) -> NDArray[np.float32]:
    field = np.zeros((80, 80), np.uint8)
    kind = rng.integers(0, 4)
    thickness = int(rng.integers(3, 14))
    if kind == 0:  # a dot or blot
        long = int(rng.integers(8, 30))
        axes = (long, int(long * rng.uniform(0.65, 1.0)))  # slimmer ones would be 1s
        cv2.ellipse(field, (40, 40), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    elif kind == 1:  # a dash, horizontal or nearly so
        slope = rng.uniform(-0.35, 0.35)
        cv2.line(field, (8, int(40 - 32 * slope)), (72, int(40 + 32 * slope)), 255, thickness, cv2.LINE_AA)
    elif kind == 2:  # two or three strokes that cross in the middle: a plus, a times, an asterisk
        turn, arms = rng.uniform(0, np.pi), int(rng.integers(fewest_arms, 4))
        for angle in turn + np.arange(arms) * np.pi / arms + rng.normal(0, 0.12, arms):
            reach = rng.uniform(20, 34) * np.array([np.cos(angle), np.sin(angle)])
            start, end = (40 - reach).astype(int).tolist(), (40 + reach).astype(int).tolist()
            cv2.line(field, start, end, 255, min(thickness, 9), cv2.LINE_AA)
    else:  # a scribble
        points = np.cumsum(rng.normal(0, 14, (int(rng.integers(6, 20)), 2)), axis=0)
        points = (points - points.mean(axis=0)).clip(-34, 34) + 40
        cv2.polylines(field, [points.astype(np.int32)], False, 255, thickness // 2 + 1, cv2.LINE_AA)
    return field.astype(np.float32) / np.float32(255)


def _tight(glyph: NDArray[np.uint8]) -> NDArray[np.float32]:
    solid = glyph > 64
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return np.zeros((0, 0), np.float32)
    return glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / np.float32(255)


def _slimness(ink: NDArray[np.float32]) -> float:
    """Returns short side / long side of the ink's minimum-area rectangle; 0 for a dot or no ink."""
    points = np.argwhere(ink > 0.25).astype(np.float32)
    if len(points) < 3:
        return 0.0
    sides = cv2.minAreaRect(points)[1]
    return float(min(sides) / max(*sides, 1e-6))


def _resized(ink: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    size = (max(1, round(ink.shape[1] * factor)), max(1, round(ink.shape[0] * factor)))
    return cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR)
