"""Candidates that the layout makes of synthetic rows, labelled by where the digits really are.

What a reader of pages meets most is neither a clean digit nor a letter: it is half a digit, two digits in one, a digit with a
piece of its neighbour, a comma, a part of a box. These glyphs are cut exactly as a page's are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, LabelledGlyphs
from inkread.datasets.rows import make_row
from inkread.datasets.synthesis import slimness
from inkread.glyph import EDGE, normalize
from inkread.ink import find_ink
from inkread.layout import find_rows, find_segments
from inkread.rules import without_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.rows import Material, RowSample
    from inkread.layout import Candidate

WHOLE = 0.8
"""A candidate is a digit if their boxes have this share of both in common."""

PART, MOST = 0.4, 0.6
"""It is none if it holds less of each digit than the first, or more of several than the second; what lies between may be one."""

SLIM = 0.45
"""A part that fits into a slimmer rectangle, however turned, may be a 1, and is left out."""

SPECK = 0.25
"""Dots and dirt smaller than this share of the writing's height are all alike, and left out."""

MOST_OF_A_ROW = 8
"""Candidates taken of each row."""


def row_candidates(material: Material, rows: int, rng: np.random.Generator) -> LabelledGlyphs:
    """Glyphs of the layout's candidates of that many rows: digits 0 to 9, and 10 for what is no single digit."""
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for _ in range(rows):
        sample = make_row(material, rng)
        for candidate, label in _labelled(sample, rng):
            images.append(normalize(candidate.ink))
            labels.append(label)
    stack = np.stack(images) if images else np.zeros((0, 28, 28), np.uint8)
    drawn = stack.any(axis=(1, 2))
    return LabelledGlyphs(
        name="Candidates in synthetic rows",
        images=stack[drawn],
        labels=np.array(labels, np.uint8)[drawn],
        sha256=hashlib.sha256(stack.tobytes()).hexdigest(),
        licence="; ".join(sorted({material.images.licence, material.characters.licence})),
        attribution=f"{material.images.attribution}; {material.characters.attribution}",
    )


def _labelled(sample: RowSample, rng: np.random.Generator) -> list[tuple[Candidate, int]]:
    """Some of a row's candidates that are surely a digit, or surely none."""
    ink = without_rules(find_ink(sample.pixels).map, sample.pixels)
    segments = find_segments(ink)
    found = find_rows(segments, np.zeros(len(segments)), (ink.shape[1], ink.shape[0]))
    candidates = [
        candidate
        for row in found
        for candidate in row.candidates
        if max(candidate.ink.shape) >= SPECK * row.height
    ]
    chosen = []
    for index in rng.permutation(len(candidates)).tolist():
        label = _label(candidates[index], sample, ink)
        if label is not None:
            chosen.append((candidates[index], label))
        if len(chosen) == MOST_OF_A_ROW:
            break
    return chosen


def _label(candidate: Candidate, sample: RowSample, ink: NDArray[np.float32]) -> int | None:
    """The digit that a candidate is, 10 where it is surely no single one, ``None`` where that is hard to say."""
    held = np.array([_held(candidate, box, ink) for box in sample.boxes.tolist()])
    if (held >= MOST).sum() <= 1 and (alike := _alike(candidate, sample)) is not None:
        return int(sample.text[alike]) if (np.delete(held, alike) <= 1 - WHOLE).all() else None
    if slimness(normalize(candidate.ink).astype(np.float32) / np.float32(255)) < SLIM:
        return None
    return NOT_A_DIGIT_CLASS if (held >= MOST).sum() >= 2 or (held < PART).all() else None


def _alike(candidate: Candidate, sample: RowSample) -> int | None:
    """The digit whose box is nearly the candidate's."""
    x0, y0, x1, y1 = candidate.box
    left, top, right, bottom = sample.boxes.T.astype(np.float64)
    common = (np.minimum(right, x1) - np.maximum(left, x0)).clip(0)
    common = common * (np.minimum(bottom, y1) - np.maximum(top, y0)).clip(0)
    share = common / ((x1 - x0) * (y1 - y0) + (right - left) * (bottom - top) - common)
    return int(share.argmax()) if share.size and share.max() >= WHOLE else None


def _held(candidate: Candidate, box: list[int], ink: NDArray[np.float32]) -> float:
    """The share of the ink in a box that is the candidate's."""
    x0, y0, x1, y1 = candidate.box
    left, top, right, bottom = (max(box[0], x0), max(box[1], y0), min(box[2], x1), min(box[3], y1))
    if left >= right or top >= bottom:
        return 0.0
    own = (candidate.ink[top - y0 : bottom - y0, left - x0 : right - x0] >= EDGE).sum()
    return float(own / max(1, (ink[box[1] : box[3], box[0] : box[2]] >= EDGE).sum()))
