"""Rows read as a whole, beside the lattice of candidates: which of the two readings of a row stands.

The lattice knows digits that stand apart better than anything, and refuses what it was not taught. The recognizer reads what
touches, overlaps and is crossed by lines. Both see every row; the recognizer, which can tell how probable it finds any text,
judges.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.bands import Band, band_of
from inkread.decoder import Choice
from inkread.layout import Candidate, Row
from inkread.recognizer import log_likelihood, spotted
from inkread.strip import HEIGHT, make_strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.recognizer import Columns, Recognizer, Spotted

TRUST = 3.0
"""The lattice's reading of a row stands unless the recognizer's is more probable by more than this, in nats."""


def read_rows(
    recognizer: Recognizer,
    rows: Sequence[Row],
    probabilities: Sequence[NDArray[np.float32]],
    choices: Sequence[tuple[Choice, ...]],
    ink: NDArray[np.float32],
) -> tuple[tuple[Row, ...], tuple[NDArray[np.float32], ...], tuple[tuple[Choice, ...], ...]]:
    """The rows with the digits that the recognizer found as further candidates, and the better choice of each.

    Args:
        recognizer: of whole rows.
        rows: of the layout.
        probabilities: for each row C×11 float32.
        choices: for each row what the lattice read.
        ink: H×W float32, the ink map that the rows are of.

    Returns:
        Rows, probabilities and choices, like those given.
    """
    size = (ink.shape[1], ink.shape[0])
    read = []
    for row, own, chosen in zip(rows, probabilities, choices, strict=True):
        band = band_of(row)
        columns = recognizer.columns(make_strip(band.cut(ink)))
        found = spotted(columns)
        if _stands(columns, chosen, found):
            read.append((row, own, chosen))
        else:
            read.append(_with(row, own, _located(found, row, band, ink, size), found))
    return tuple(r for r, _, _ in read), tuple(p for _, p, _ in read), tuple(c for _, _, c in read)


def _stands(columns: Columns, choices: Sequence[Choice], found: Sequence[Spotted]) -> bool:
    """Whether the lattice's reading does."""
    lattice = "".join(str(int(choice.digits.argmax())) for choice in choices)
    other = "".join(str(int(one.digits.argmax())) for one in found)
    if lattice == other:
        return True
    return log_likelihood(columns, lattice) >= log_likelihood(columns, other) - TRUST


def _located(
    found: Sequence[Spotted], row: Row, band: Band, ink: NDArray[np.float32], size: tuple[int, int]
) -> list[Candidate]:
    """The digits that were found in a band as candidates of its row: their boxes on the ink map, and the ink in them."""
    scale = band.height / HEIGHT
    candidates = []
    for one in found:
        x0, y0, x1, y1 = box = band.to_map(tuple(side * scale for side in one.box), size)  # type: ignore[arg-type]
        covered = [index for index, segment in enumerate(row.segments) if x0 <= segment.middle[0] <= x1]
        start, stop = (covered[0], covered[-1] + 1) if covered else (0, 0)
        candidates.append(Candidate(start, stop, box, ink[y0:y1, x0:x1]))
    return candidates


def _with(
    row: Row, probabilities: NDArray[np.float32], candidates: Sequence[Candidate], found: Sequence[Spotted]
) -> tuple[Row, NDArray[np.float32], tuple[Choice, ...]]:
    """The row with further candidates, which are its choices."""
    first = len(row.candidates)
    digits = np.array([one.digits for one in found], np.float32).reshape(-1, 10)
    none = 1 - digits.sum(axis=1, keepdims=True)
    together = np.concatenate([probabilities, np.concatenate([digits, none], axis=1)])
    chosen = tuple(Choice(first + index, one.digits) for index, one in enumerate(found))
    return replace(row, candidates=(*row.candidates, *candidates)), together, chosen
