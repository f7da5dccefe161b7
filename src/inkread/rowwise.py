"""Rows read as a whole, beside the lattice of candidates: which of the two readings of a row stands.

The lattice knows digits that stand apart better than anything, and refuses what it was not taught. The recognizers read what
touches, overlaps and is crossed by lines. The lattice and the first recognizer see every row. Where they differ, all recognizers look at
it several times, and judge, as they can tell how probable they find any text.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from inkread.bands import band_of, whole
from inkread.decoder import Choice, evidence
from inkread.layout import Candidate, Row
from inkread.recognizer import log_likelihoods, spotted
from inkread.strip import HEIGHT, Resized, make_strip, strip_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.bands import Band
    from inkread.layout import Segment
    from inkread.recognizer import Columns, Recognizer, Spotted

    Look = tuple[Columns, list[Spotted]]

AGAIN = (Resized(0.95, 0.88), Resized(1.15, 1.0), Resized(0.85, 0.94))
"""Where the two readings differ, the recognizers look at the strip resized too, within what they were trained on."""

PARTIAL = 1.0
"""The lattice's reading of a row stands unless the recognizers find their own more probable by more than this, in nats: whoever
judges its own reading is partial to it."""

MOST_PIXELS = 150_000
"""Pixels of strips that recognizers are given to read the rows of one page, about 1.5 s of one core; rows beyond that keep the
lattice's reading. A count and no time, so that a picture is always read alike."""

DOUBLE = 0.5
"""Two boxes of which the smaller is covered more than this hold one digit."""


def read_rows(
    recognizers: Sequence[Recognizer],
    rows: Sequence[Row],
    probabilities: Sequence[NDArray[np.float32]],
    choices: Sequence[tuple[Choice, ...]],
    maps: Sequence[NDArray[np.float32]],
    *,
    most: int = MOST_PIXELS,
) -> tuple[tuple[Row, ...], tuple[NDArray[np.float32], ...], tuple[tuple[Choice, ...], ...]]:
    """The rows with the digits that the recognizers found as further candidates, and the better choice of each.

    Args:
        recognizers: of whole rows, at least one.
        rows: of the layout.
        probabilities: for each row C×11 float32.
        choices: for each row what the lattice read.
        maps: H×W float32, ink maps of the same page, with printed lines and without: of each row the clearest is read.
        most: pixels of strips that recognizers are given; rows beyond that keep the lattice's reading.

    Returns:
        Rows, probabilities and choices, like those given.
    """
    found, tables, chosen, left = [], [], [], most
    for row, table, lattice in zip(rows, probabilities, choices, strict=True):
        (row_read, table_read, choices_read), spent = _read_row(
            recognizers, row, table, lattice, maps, most=left
        )
        found.append(row_read)
        tables.append(table_read)
        chosen.append(choices_read)
        left -= spent
    return tuple(found), tuple(tables), _once(found, chosen)


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

    if not read(found):
        return None
    looks = _looks(recognizers, strip, columns)
    return read(_surest(looks, _likelihoods(looks)))


def _read_row(
    recognizers: Sequence[Recognizer],
    row: Row,
    probabilities: NDArray[np.float32],
    choices: tuple[Choice, ...],
    maps: Sequence[NDArray[np.float32]],
    *,
    most: int,
) -> tuple[tuple[Row, NDArray[np.float32], tuple[Choice, ...]], int]:
    """One row, as ``read_rows``, and the pixels of strips that recognizers were given, which are no more than ``most``."""
    as_it_is = row, probabilities, choices
    band = band_of(row)
    width = strip_width(band.height, band.width)
    spent = width * len(maps)
    if spent > most:
        return as_it_is, 0
    strip, columns = _clearest(recognizers[0], [band.cut(ink) for ink in maps])
    found = spotted(columns)
    lattice = _text(choices)
    if lattice == _text(found) or max(len(lattice), len(found)) == 1:
        return as_it_is, spent  # what a glyph by itself is, the lattice knows better
    again = width * (len(recognizers) - 1 + len(recognizers) * sum(resized.across for resized in AGAIN))
    if spent + again > most:
        return as_it_is, spent
    spent += round(again)
    looks = _looks(recognizers, strip, columns)
    likelihoods = _likelihoods(looks, lattice)
    surest = _surest(looks, likelihoods)
    if likelihoods[lattice] >= likelihoods[_text(surest)] - PARTIAL:
        return as_it_is, spent
    return _extended(row, probabilities, _located(surest, row, band, maps[-1]), surest), spent


def _once(rows: Sequence[Row], choices: Sequence[tuple[Choice, ...]]) -> tuple[tuple[Choice, ...], ...]:
    """The choices without the digits that another row has as well, and more speaks for that row: bands of rows overlap."""
    strength = [evidence(row, chosen) for row, chosen in zip(rows, choices, strict=True)]
    order = sorted(range(len(rows)), key=lambda index: -strength[index])
    taken = np.zeros((0, 4))
    kept = [()] * len(rows)  # type: list[tuple[Choice, ...]]
    for index in order:
        boxes = np.array([rows[index].candidates[choice.index].box for choice in choices[index]], np.float64)
        boxes = boxes.reshape(-1, 4)
        free = np.asarray((_overlaps(boxes, taken) <= DOUBLE).all(axis=1))
        kept[index] = tuple(compress(choices[index], free.tolist()))
        taken = np.concatenate([taken, boxes])
    return tuple(kept)


def _overlaps(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """N×M, of N and M boxes the share of the smaller of two that the larger covers."""
    corners = np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], others[None, :, :2]
    )
    areas = (np.prod(of[:, 2:] - of[:, :2], axis=1) for of in (boxes, others))
    smaller = np.minimum.outer(*areas)
    return np.asarray(corners.clip(0, None).prod(axis=2) / np.maximum(1, smaller))


def _clearest(
    recognizer: Recognizer, inks: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], Columns]:
    """Of several ink maps of the same row, the strip in which most digits are sure, and what the recognizer says of it."""
    strips = [make_strip(ink) for ink in inks]
    return max(((strip, recognizer.columns(strip)) for strip in strips), key=lambda each: _clarity(each[1]))


def _looks(recognizers: Sequence[Recognizer], strip: NDArray[np.float32], columns: Columns) -> list[Look]:
    """What each recognizer says of the strip as it is, the first one ``columns``, and resized; and the digits, on the strip itself."""
    looks = [(columns, spotted(columns))]
    looks += [(seen, spotted(seen)) for seen in (other.columns(strip) for other in recognizers[1:])]
    for resized in AGAIN:
        again = resized.of(strip)
        for recognizer in recognizers:
            seen = recognizer.columns(again)
            looks.append((seen, [replace(one, box=resized.back(one.box)) for one in spotted(seen)]))
    return looks


def _surest(looks: Sequence[Look], likelihoods: dict[str, float]) -> list[Spotted]:
    """Of the readings of all looks the one that all looks together find the most probable; the first of equals."""
    return max((found for _, found in looks), key=lambda found: likelihoods[_text(found)])


def _likelihoods(looks: Sequence[Look], *others: str) -> dict[str, float]:
    """Logarithms of how probable the texts of all looks are, and others, as the mean of the looks finds them.

    Any of them may be the one that sees clearly.
    """
    texts = list(dict.fromkeys([*others, *(_text(found) for _, found in looks)]))
    each = log_likelihoods([columns for columns, _ in looks], texts)
    together = np.logaddexp.reduce(each, axis=0) - math.log(len(looks))
    return dict(zip(texts, together.tolist(), strict=True))


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
