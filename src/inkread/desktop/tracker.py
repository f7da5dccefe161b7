"""Readings steadied over frames: a digit counts once it was read alike in several, and is gone once it was missing as often.

Pure functions: ``follow`` makes the next state from the last and a reading, ``moved`` the state of a picture that has moved.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from inkread.results import Digit, Line, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from inkread.desktop.motion import Motion

WINDOW, ALIKE = 4, 3
"""What has been read alike in so many of the last readings stands; what has been missing as often is gone."""

LEAST_OVERLAP = 0.3
"""Boxes of two readings belong to one digit if they share at least this much of their union."""

NARROWEST = 0.5
"""Width over height that a box has at least while overlaps are measured."""

NEW = -1
"""Stands for a digit that was not known before."""

FloatBox = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the present frame."""


@dataclass(frozen=True, slots=True)
class TrackedDigit:
    """A digit that is followed from reading to reading.

    Attributes:
        box: where it stands now.
        seen: what it was in the last readings, at most ``WINDOW``, the newest last; ``None`` where it was not found.
        label: what it was last read as often enough; ``None`` as long as there is no such.
    """

    box: FloatBox
    seen: tuple[Digit | None, ...]
    label: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it was missing often enough."""
        return self.seen.count(None) >= ALIKE

    @property
    def likeliest(self) -> str:
        """What stands, or else what was read last."""
        return self.label or next(digit.label for digit in reversed(self.seen) if digit)

    def digit(self) -> Digit:
        """The digit, as probable as on average where it was read so."""
        label = self.likeliest
        alike = [seen.probability for seen in self.seen if seen and seen.label == label]
        x0, y0, x1, y1 = (round(side) for side in self.box)
        return Digit(label, sum(alike) / max(1, len(alike)), (x0, y0, x1, y1))

    def read(self, digit: Digit | None, box: FloatBox) -> TrackedDigit:
        """After one more reading, which found it as this digit there, or did not find it."""
        seen = (*self.seen, digit)[-WINDOW:]
        return TrackedDigit(box, seen, _agreed([one.label for one in seen if one]) or self.label)


_Row = list[tuple[int, TrackedDigit]]
"""Digits with the numbers under which they were known, or ``NEW``."""


@dataclass(frozen=True, slots=True)
class TrackedReading:
    """What is known of the picture after several readings.

    Attributes:
        rows: the digits that are followed, in the order of reading.
        texts: what the last readings came to, at most ``WINDOW``, the newest last.
        text: what enough of them agreed on; ``""`` where there is no digit, or not yet any that stands.
    """

    rows: tuple[tuple[TrackedDigit, ...], ...] = ()
    texts: tuple[str, ...] = ()
    text: str = ""

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The digits that stand, row by row."""
        return tuple(one.digit() for row in self.rows for one in row if one.label)

    def reading(self, source: str, width: int, height: int) -> Reading:
        """The digits that stand as a reading of a picture of that name and size."""
        rows = ([one.digit() for one in row if one.label] for row in self.rows)
        return Reading(source, width, height, tuple(Line(tuple(row)) for row in rows if row))


def follow(tracked: TrackedReading, reading: Reading, since: Motion) -> TrackedReading:
    """The state after one more reading.

    Args:
        tracked: the state before it, of the present frame.
        reading: of an earlier frame.
        since: how the picture has moved between that frame and the present one.
    """
    known = [one for row in tracked.rows for one in row]
    lines = [
        [(digit, _moved_box(digit.box, since)) for digit in line.digits]
        for line in reading.lines
        if line.digits
    ]
    partners = _matched([one.box for one in known], [box for line in lines for _, box in line])
    partner = iter(partners)
    rows: list[_Row] = []
    for line in lines:
        found = [(next(partner), digit, box) for digit, box in line]
        rows.append(
            [
                (who, (TrackedDigit(box, ()) if who == NEW else known[who]).read(digit, box))
                for who, digit, box in found
            ]
        )
    _add_missing(rows, tracked.rows, set(partners))
    followed = tuple(tuple(one for _, one in row) for row in rows)
    texts = (*tracked.texts, _text(followed))[-WINDOW:]
    if not any(one.label for row in followed for one in row):
        return TrackedReading(followed, texts)
    text = _agreed(texts)
    return TrackedReading(followed, texts, tracked.text if text is None else text)


def moved(tracked: TrackedReading, step: Motion) -> TrackedReading:
    """The state of a picture that has moved."""
    return replace(
        tracked,
        rows=tuple(tuple(replace(one, box=_moved_box(one.box, step)) for one in row) for row in tracked.rows),
    )


def _agreed(read: Sequence[str]) -> str | None:
    """What enough of these are alike in."""
    for word, times in Counter(read).most_common(1):
        if times >= ALIKE:
            return word
    return None


def _text(rows: Iterable[Iterable[TrackedDigit]]) -> str:
    """What a reading came to: what stands, and what it found beside that."""
    texts = ("".join(one.likeliest for one in row if one.label or one.seen[-1]) for row in rows)
    return "\n".join(text for text in texts if text)


def _moved_box(box: FloatBox, motion: Motion) -> FloatBox:
    """The upright box around the moved middle, larger or smaller by the zoom; turning does not make it larger."""
    x0, y0, x1, y1 = box
    x, y, _ = motion @ ((x0 + x1) / 2, (y0 + y1) / 2, 1.0)
    zoom = math.sqrt(abs(float(np.linalg.det(motion[:2, :2]))))
    half_width, half_height = (x1 - x0) / 2 * zoom, (y1 - y0) / 2 * zoom
    return x - half_width, y - half_height, x + half_width, y + half_height


def _matched(known: Sequence[FloatBox], found: Sequence[FloatBox]) -> list[int]:
    """For each box that was found which of the known it overlaps most, the best pairs first; ``NEW`` for none."""
    partners = [NEW] * len(found)
    overlaps = _overlaps(known, found)
    while overlaps.size and overlaps.max() >= LEAST_OVERLAP:
        who, where = np.unravel_index(int(overlaps.argmax()), overlaps.shape)
        partners[where] = int(who)
        overlaps[who, :] = overlaps[:, where] = 0
    return partners


def _overlaps(known: Sequence[FloatBox], found: Sequence[FloatBox]) -> NDArray[np.float64]:
    """Intersection over union of each known box (rows) with each that was found (columns)."""
    one, other = (np.array([_widened(box) for box in boxes]).reshape(-1, 4) for boxes in (known, found))
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


def _widened(box: FloatBox) -> FloatBox:
    """The box, as wide as an upright 1 needs to be found again when it has moved a little."""
    x0, y0, x1, y1 = box
    spare = max(0.0, NARROWEST * (y1 - y0) - (x1 - x0)) / 2
    return x0 - spare, y0, x1 + spare, y1


def _add_missing(rows: list[_Row], before: Iterable[Sequence[TrackedDigit]], found: set[int]) -> None:
    """Puts what this reading did not find, and is not gone yet, where it stood among the others."""
    number = count()
    for old in before:
        row = [(next(number), one) for one in old]
        for place, (who, one) in enumerate(row):
            missed = one.read(None, one.box)
            if who not in found and not missed.is_gone:
                neighbors = [n for n, _ in row]
                _insert(rows, (who, missed), neighbors[:place][::-1], neighbors[place + 1 :])


def _insert(
    rows: list[_Row], entry: tuple[int, TrackedDigit], before: Iterable[int], behind: Iterable[int]
) -> None:
    """After the nearest of those that stood before it, or else before the nearest behind it, or else as a row of its own."""
    for neighbors, offset in ((before, 1), (behind, 0)):
        for neighbor in neighbors:
            for row in rows:
                places = [place for place, (who, _) in enumerate(row) if who == neighbor]
                if places:
                    row.insert(places[0] + offset, entry)
                    return
    top = entry[1].box[1]
    rows.insert(sum(row[0][1].box[1] < top for row in rows), [entry])
