"""Rows read as a whole, beside the lattice of candidates: which of the two readings of a row stands.

The lattice knows digits that stand apart better than anything, and refuses what it was not taught. The recognizers read what
touches, overlaps and is crossed by lines. The lattice and the first recognizer see every row. Where they differ, all recognizers look at
it several times, and judge, as they can tell how probable they find any text.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from inkread.bands import band_of, whole
from inkread.decoder import Choice, evidence
from inkread.layout import Candidate, Row
from inkread.recognizer import log_likelihood, spotted
from inkread.strip import HEIGHT, Resized, make_strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.bands import Band
    from inkread.layout import Segment
    from inkread.reading import Box
    from inkread.recognizer import Columns, Recognizer, Spotted


AGAIN = (Resized(0.95, 0.88), Resized(1.15, 1.0), Resized(0.85, 0.94))
"""Where the two readings differ, the recognizers look at the strip resized too, within what they were trained on."""

PARTIAL = 1.0
"""The lattice's reading of a row stands unless the recognizers find their own more probable by more than this, in nats: whoever
judges its own reading is partial to it."""

DOUBLE = 0.5
"""Two boxes of which the smaller is covered more than this hold one digit."""


def read_rows(
    recognizers: Sequence[Recognizer],
    rows: Sequence[Row],
    probabilities: Sequence[NDArray[np.float32]],
    choices: Sequence[tuple[Choice, ...]],
    maps: Sequence[NDArray[np.float32]],
) -> tuple[tuple[Row, ...], tuple[NDArray[np.float32], ...], tuple[tuple[Choice, ...], ...]]:
    """The rows with the digits that the recognizers found as further candidates, and the better choice of each.

    Args:
        recognizers: of whole rows, at least one.
        rows: of the layout.
        probabilities: for each row C×11 float32.
        choices: for each row what the lattice read.
        maps: H×W float32, ink maps of the same page, with printed lines and without: of each row the clearest is read.

    Returns:
        Rows, probabilities and choices, like those given.
    """
    read = [_read_row(recognizers, *each, maps) for each in zip(rows, probabilities, choices, strict=True)]
    found = tuple(row for row, _, _ in read)
    return found, tuple(table for _, table, _ in read), _once(found, [chosen for _, _, chosen in read])


def read_whole(
    recognizers: Sequence[Recognizer],
    segments: Sequence[Segment],
    maps: Sequence[NDArray[np.float32]],
    *,
    other_than: str,
    at_least: float,
) -> tuple[Row, NDArray[np.float32], tuple[Choice, ...]] | None:
    """The whole page as one row, which needs no layout: where print or texture breaks it into pieces, that finds none.

    Args:
        recognizers: of whole rows, at least one.
        segments: the page's pieces of ink.
        maps: as for ``read_rows``.
        other_than: the digits that the page's rows have, one row after the other.
        at_least: evidence for digits, see ``decoder.evidence``, that such a reading needs.

    Returns:
        A row of all segments, its C×11 probabilities, and its choices: all of its candidates. ``None`` where the page so read
        has hardly a row, or the same digits.
    """
    band = whole((maps[0].shape[1], maps[0].shape[0]))
    strip, columns = _clearest(recognizers[0], maps)
    found = spotted(columns)
    row = Row(tuple(sorted(segments, key=lambda segment: segment.middle[0])), (), float(band.height))

    def read(found: Sequence[Spotted]) -> tuple[Row, NDArray[np.float32], tuple[Choice, ...]] | None:
        if len(found) < 2 or _text(found) == other_than:
            return None
        candidates = _located(found, row, band, maps[-1])
        height = float(np.median([one.box[3] - one.box[1] for one in candidates]))
        read = _extended(replace(row, height=height), np.zeros((0, 11), np.float32), candidates, found)
        return read if evidence(read[0], read[2]) > at_least else None

    return read(found) and read(_surest(_looks(recognizers, strip, columns)))


def _read_row(
    recognizers: Sequence[Recognizer],
    row: Row,
    probabilities: NDArray[np.float32],
    choices: tuple[Choice, ...],
    maps: Sequence[NDArray[np.float32]],
) -> tuple[Row, NDArray[np.float32], tuple[Choice, ...]]:
    """One row, as ``read_rows``."""
    band = band_of(row)
    strip, columns = _clearest(recognizers[0], [band.cut(ink) for ink in maps])
    found = spotted(columns)
    lattice = _text(choices)
    if lattice == _text(found) or max(len(lattice), len(found)) == 1:
        return row, probabilities, choices  # what a glyph by itself is, the lattice knows better
    looks = _looks(recognizers, strip, columns)
    surest = _surest(looks)
    likelihood = partial(_likelihood, [look for look, _ in looks])
    if likelihood(lattice) >= likelihood(_text(surest)) - PARTIAL:
        return row, probabilities, choices
    return _extended(row, probabilities, _located(surest, row, band, maps[-1]), surest)


def _once(rows: Sequence[Row], choices: Sequence[tuple[Choice, ...]]) -> tuple[tuple[Choice, ...], ...]:
    """The choices without the digits that another row has as well, and more speaks for that row: bands of rows overlap."""
    strength = [evidence(row, chosen) for row, chosen in zip(rows, choices, strict=True)]
    order = sorted(range(len(rows)), key=lambda index: -strength[index])
    taken: list[Box] = []
    kept = [()] * len(rows)  # type: list[tuple[Choice, ...]]
    for index in order:
        boxes = [rows[index].candidates[choice.index].box for choice in choices[index]]
        free = [not any(_overlap(box, other) > DOUBLE for other in taken) for box in boxes]
        kept[index] = tuple(compress(choices[index], free))
        taken += boxes
    return tuple(kept)


def _overlap(one: Box, other: Box) -> float:
    """The share of the smaller box that the larger covers."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(0, width) * max(0, height) / max(1, smaller)


def _clearest(
    recognizer: Recognizer, inks: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], Columns]:
    """Of several ink maps of the same row, the strip in which most digits are sure, and what the recognizer says of it."""
    strips = [make_strip(ink) for ink in inks]
    return max(((strip, recognizer.columns(strip)) for strip in strips), key=lambda each: _clarity(each[1]))


def _looks(
    recognizers: Sequence[Recognizer], strip: NDArray[np.float32], columns: Columns
) -> list[tuple[Columns, list[Spotted]]]:
    """What each recognizer says of the strip as it is, the first one ``columns``, and resized; and the digits, on the strip itself."""
    looks = [(columns, spotted(columns))]
    looks += [(seen, spotted(seen)) for seen in (other.columns(strip) for other in recognizers[1:])]
    for resized in AGAIN:
        again = resized.of(strip)
        for recognizer in recognizers:
            seen = recognizer.columns(again)
            looks.append((seen, [replace(one, box=resized.back(one.box)) for one in spotted(seen)]))
    return looks


def _surest(looks: Sequence[tuple[Columns, list[Spotted]]]) -> list[Spotted]:
    """Of the readings of all looks the one that all looks together find the most probable; the first of equals."""
    seen = [columns for columns, _ in looks]
    return max((found for _, found in looks), key=lambda found: _likelihood(seen, _text(found)))


def _likelihood(looks: Sequence[Columns], text: str) -> float:
    """Logarithm of how probable a text is, the mean of all looks, any of which may be the one that sees clearly."""
    each = [log_likelihood(columns, text) for columns in looks]
    return float(np.logaddexp.reduce(each)) - math.log(len(each))


def _text(digits: Sequence[Choice] | Sequence[Spotted]) -> str:
    """The most probable digit of each."""
    return "".join(str(int(one.digits.argmax())) for one in digits)


def _clarity(columns: Columns) -> float:
    """How much of what is there is surely a digit: the more and the surer, the better."""
    return sum(2 * float(one.digits.max()) - 1 for one in spotted(columns))


def _located(found: Sequence[Spotted], row: Row, band: Band, ink: NDArray[np.float32]) -> list[Candidate]:
    """The digits that were found in a band as candidates of its row: their boxes on the ink map, and the ink in them."""
    scale, size = band.height / HEIGHT, (ink.shape[1], ink.shape[0])
    candidates = []
    for one in found:
        x0, y0, x1, y1 = box = band.to_map(tuple(side * scale for side in one.box), size)  # type: ignore[arg-type]
        covered = [index for index, segment in enumerate(row.segments) if x0 <= segment.middle[0] <= x1]
        start, stop = (covered[0], covered[-1] + 1) if covered else (0, 0)
        candidates.append(Candidate(start, stop, box, ink[y0:y1, x0:x1]))
    return candidates


def _extended(
    row: Row, probabilities: NDArray[np.float32], candidates: Sequence[Candidate], found: Sequence[Spotted]
) -> tuple[Row, NDArray[np.float32], tuple[Choice, ...]]:
    """The row with further candidates, which are its choices."""
    first = len(row.candidates)
    digits = np.array([one.digits for one in found], np.float32).reshape(-1, 10)
    none = 1 - digits.sum(axis=1, keepdims=True)
    together = np.concatenate([probabilities, np.concatenate([digits, none], axis=1)])
    chosen = tuple(Choice(first + index, one.digits) for index, one in enumerate(found))
    return replace(row, candidates=(*row.candidates, *candidates)), together, chosen
