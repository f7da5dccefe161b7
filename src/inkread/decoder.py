"""Candidates and their probabilities -> the best reading of each row.

A row is a lattice: every path from its left end to its right covers each segment once, by a candidate read as a digit or by a
segment left out as none. The best path is the one with the highest probability (Viterbi 1967).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.layout import Candidate, Row

LOWEST = 0.4
"""A digit is at least this high, as a share of its row's usual height: lower ones are dots, dashes and commas."""

LEAST_LIKELY = 1e-6
"""Probabilities are raised to this before their logarithm is taken."""


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
        as_digit = best[candidate.start] + logs[index, :10].max() + _shape_prior(candidate, row.height)
        as_none = (
            best[candidate.start] + logs[index, 10] if candidate.stop == candidate.start + 1 else -np.inf
        )
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


def decode_single(row: Row, probabilities: NDArray[np.float32]) -> list[Choice]:
    """The one digit of a picture of one, or nothing where it is likelier none.

    Args:
        row: C candidates, unions of the picture's pieces of ink.
        probabilities: C×11 float32, the ten digits and "not a single digit".
    """
    amount = np.array([candidate.ink.sum() for candidate in row.candidates])
    share = amount / amount.max()
    index = int(np.argmax(probabilities[:, :10].max(axis=1) * share))
    if probabilities[index, 10] > probabilities[index, :10].max():
        return []
    return [Choice(index, probabilities[index, :10])]


def _shape_prior(candidate: Candidate, height: float) -> float:
    """Logarithm of how plausible the candidate's height is in its row: dots and dashes are no digits."""
    own = candidate.box[3] - candidate.box[1]
    return 0.0 if own >= LOWEST * height else float(np.log(LEAST_LIKELY))
