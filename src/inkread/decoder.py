"""Candidates and their probabilities -> the best reading of each row.

A row is a lattice: every path from its left end to its right covers each segment once, by a candidate read as a digit or by a
segment left out as none. The best path is the one with the highest probability (Viterbi 1967).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.glyph import EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.layout import Candidate, Row, Segment

LOWEST = 0.4
"""A digit is at least this high, as a share of its row's usual height: lower ones are dots, dashes and commas."""

LEAST_LIKELY = 1e-6
"""Probabilities are raised to this before their logarithm is taken."""

CUT = 0.5
"""Prior probability that a place where ink could be cut is where two digits touch."""

STUMP = 0.05
"""Prior probability that what a cut leaves is no digit."""

WHOLE = 0.3
"""Prior probability that a piece which could be cut is one thing that is no digit: a plus, a letter."""

OTHERS, FEW, MANY = 0.6, 4, 1.5
"""Weight of each piece that is no digit as evidence that its row is not of digits: of so few, which may be signs, a unit, a short word,
and of each further one, as only lines of words have many, half of whose letters pass for digits in some scripts."""

ENOUGH = 0.5
"""Evidence from which a row stands by itself."""

ALIKE = 1.5
"""Digits of one picture whose heights differ by no more than this factor are of one size."""

MATTERS = 0.3
"""Power of the share of ink that a single digit leaves out: a grid around it may hold more ink than the digit."""

FAINT = 0.5
"""Contrast of a bar, as a share of that of its row's other digits, below which another pen, or none, drew it."""

DOUBTFUL, AWAY = 0.9, 1.0
"""A digit less probable than this that the picture's border cuts off is none if it is farther from all others than this, in usual
heights: something else begins there."""

BAR = 0.25
"""Weight of a 1 as evidence that a row is of digits: any bar reads as a 1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate read as a digit: its place among the row's candidates, and the probabilities of the ten digits."""

    index: int
    digits: NDArray[np.float32]


def decode(row: Row, probabilities: NDArray[np.float32]) -> list[Choice]:
    """The most probable digits of a row, from left to right.

    Args:
        row: C candidates over S segments.
        probabilities: C×11 float32, the ten digits and "not a single digit".

    Returns:
        The chosen candidates; segments that are none of them are no digits.
    """
    logs = np.log(np.maximum(probabilities, LEAST_LIKELY))
    best = np.full(len(row.segments) + 1, -np.inf)
    best[0] = 0.0
    steps: list[tuple[int, int, bool]] = [(-1, 0, False)] * len(best)
    for index, candidate in enumerate(row.candidates):
        before = best[candidate.start] + _cut_prior(row, candidate)
        as_digit = before + logs[index, :10].max() + _height_prior(row, candidate)
        as_none = before + logs[index, 10] + _none_prior(row, candidate)
        for score, is_digit in ((as_digit, True), (as_none, False)):
            if score > best[candidate.stop]:
                best[candidate.stop] = score
                steps[candidate.stop] = (index, candidate.start, is_digit)
    choices = []
    at = len(row.segments)
    while at > 0:
        index, previous, is_digit = steps[at]
        if is_digit:
            choices.append(Choice(index, probabilities[index, :10]))
        at = previous
    return choices[::-1]


def decode_single(row: Row, probabilities: NDArray[np.float32], *, refusal: float = 1.0) -> list[Choice]:
    """The one digit of a picture of one, or nothing where it may well be none.

    Args:
        row: C candidates, unions of the picture's pieces of ink.
        probabilities: C×11 float32, the ten digits and "not a single digit".
        refusal: there is none where "not a single digit" is more than this times as probable as the likeliest digit.
    """
    index = main_candidate(row, probabilities)
    if probabilities[index, 10] > refusal * probabilities[index, :10].max():
        return []
    return [Choice(index, probabilities[index, :10])]


def single_score(row: Row, probabilities: NDArray[np.float32]) -> float:
    """How probable it is that a picture of one glyph shows a digit, whichever, 0..1, also where it is refused.

    One less the probability of "not a single digit" for the candidate that ``decode_single`` judges.
    """
    return 1.0 - float(probabilities[main_candidate(row, probabilities), 10])


def main_candidate(row: Row, probabilities: NDArray[np.float32]) -> int:
    """The number of the candidate that looks most like a digit and leaves out little ink; for what, see ``decode_single``."""
    amount = np.array([candidate.ink.sum() for candidate in row.candidates])
    share = amount / amount.max()
    return int(np.argmax(probabilities[:, :10].max(axis=1) * share**MATTERS))


def plausible(rows: Sequence[Row], choices: Sequence[tuple[Choice, ...]]) -> tuple[tuple[Choice, ...], ...]:
    """The choices, without the rows that are no rows of digits: words, specks and textures that hold a bar or two.

    A row of which enough speaks for digits stays. A row of bars stays if its bars have the size of the digits elsewhere, or,
    where there are no others, if there is nothing in the picture but bars of one size.
    """
    strength = [evidence(row, chosen) for row, chosen in zip(rows, choices, strict=True)]
    heights = [
        row.candidates[choice.index].box[3] - row.candidates[choice.index].box[1]
        for row, chosen, own in zip(rows, choices, strength, strict=True)
        if own >= ENOUGH
        for choice in chosen
    ]
    only_bars = not heights and _are_all_bars(rows, choices)
    kept = []
    for row, chosen, own in zip(rows, choices, strength, strict=True):
        if heights:
            usual = float(np.median(heights))
            fits = all(
                1 / ALIKE
                <= (row.candidates[c.index].box[3] - row.candidates[c.index].box[1]) / usual
                <= ALIKE
                for c in chosen
            )
        else:
            fits = only_bars
        kept.append(chosen if own >= ENOUGH or (own > 0 and fits) else ())
    return tuple(kept)


def _are_all_bars(rows: Sequence[Row], choices: Sequence[tuple[Choice, ...]]) -> bool:
    """Whether every piece of ink was read as a digit, and all these are of one size."""
    heights = [
        row.candidates[choice.index].box[3] - row.candidates[choice.index].box[1]
        for row, chosen in zip(rows, choices, strict=True)
        for choice in chosen
    ]
    pieces = sum(len(row.segments) for row in rows)
    return 0 < pieces == len(heights) and max(heights) <= ALIKE * min(heights)


def without_faint_bars(
    row: Row, choices: Sequence[Choice], contrast: NDArray[np.uint8]
) -> tuple[Choice, ...]:
    """The choices without 1s that are much fainter than the other digits: what is left of a grid, a fold, a shadow.

    Args:
        row: the row.
        choices: its digits.
        contrast: H×W uint8, contrast to the paper, in the pixels of the row's boxes.
    """

    def strength(choice: Choice) -> float:
        candidate = row.candidates[choice.index]
        x0, y0, x1, y1 = candidate.box
        return float(contrast[y0:y1, x0:x1][candidate.ink >= EDGE].mean())

    others = [strength(choice) for choice in choices if int(choice.digits.argmax()) != 1]
    if not others:
        return tuple(choices)
    least = FAINT * float(np.median(others))
    return tuple(c for c in choices if int(c.digits.argmax()) != 1 or strength(c) >= least)


def without_cut_off(row: Row, choices: Sequence[Choice], width: int) -> tuple[Choice, ...]:
    """The choices without a doubtful digit at the picture's left or right border, away from the others.

    Args:
        row: the row.
        choices: its digits, from left to right.
        width: of the picture, in the pixels of the row's boxes.
    """
    boxes = [row.candidates[choice.index].box for choice in choices]

    def begins_something_else(index: int) -> bool:
        x0, _, x1, _ = boxes[index]
        gaps = [max(x0 - other[2], other[0] - x1) for other in boxes[:index] + boxes[index + 1 :]]
        away = bool(gaps) and min(gaps) > AWAY * row.height
        return away and (x0 <= 0 or x1 >= width) and float(choices[index].digits.max()) < DOUBTFUL

    return tuple(choice for index, choice in enumerate(choices) if not begins_something_else(index))


def evidence(row: Row, choices: Sequence[Choice]) -> float:
    """How much speaks for a row being one of digits: its digits, bars counting little, less what is none beside them."""
    read = [row.candidates[choice.index] for choice in choices]
    covered = {i for candidate in read for i in range(candidate.start, candidate.stop)}
    others = sum(is_high(segment, row) for i, segment in enumerate(row.segments) if i not in covered)
    digits = sum(
        float(choice.digits.max()) * (BAR if int(choice.digits.argmax()) == 1 else 1.0) for choice in choices
    )
    return digits - OTHERS * min(others, FEW) - MANY * max(0, others - FEW)


def is_high(segment: Segment, row: Row) -> bool:
    """Whether a piece of ink is as high as a digit of its row may be."""
    return segment.height >= LOWEST * row.height


def _cut_prior(row: Row, candidate: Candidate) -> float:
    """Half of each cut's logarithm goes to the candidate on either side of it."""
    cuts = row.segments[candidate.start].cut_left + row.segments[candidate.stop - 1].cut_right
    return 0.5 * cuts * float(np.log(CUT))


def _none_prior(row: Row, candidate: Candidate) -> float:
    """Only whole pieces of ink are left out; part of one is hardly ever none, and several are not one thing."""
    first, last = row.segments[candidate.start], row.segments[candidate.stop - 1]
    if candidate.stop == candidate.start + 1:
        return float(np.log(STUMP)) if first.cut_left or last.cut_right else 0.0
    inner = row.segments[candidate.start : candidate.stop - 1]
    one_piece = not first.cut_left and not last.cut_right and all(segment.cut_right for segment in inner)
    return float(np.log(WHOLE)) if one_piece else -np.inf


def _height_prior(row: Row, candidate: Candidate) -> float:
    """Dots and dashes are no digits."""
    height = candidate.box[3] - candidate.box[1]
    return 0.0 if height >= LOWEST * row.height else float(np.log(LEAST_LIKELY))
