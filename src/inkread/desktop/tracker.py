"""Combines readings over frames: a digit appears and disappears only after several readings agree.

The functions are pure: ``follow`` returns the next state for a new reading, ``moved`` the state after a
motion.
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
"""The number of recent readings, and how many of them must agree for a digit to appear or disappear."""

LEAST_OVERLAP = 0.3
"""Minimum intersection over union of two readings' boxes of the same digit."""

NARROWEST = 0.5
"""Minimum width-to-height ratio of boxes when overlaps are measured."""

NEW = -1
"""The index of a new digit."""

FloatBox = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the current frame."""


@dataclass(frozen=True, slots=True)
class TrackedDigit:
    """A digit that is tracked from reading to reading.

    Attributes:
        box: its current box.
        seen: its digits in the last readings, at most ``WINDOW``, newest last; ``None`` if it was not found.
        label: the last label that enough readings agreed on; ``None`` before that.
    """

    box: FloatBox
    seen: tuple[Digit | None, ...]
    label: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it was missing in enough readings."""
        return self.seen.count(None) >= ALIKE

    @property
    def best_label(self) -> str:
        """The agreed label, or else the last one read."""
        return self.label or next(digit.label for digit in reversed(self.seen) if digit)

    def digit(self) -> Digit:
        """The digit, with the mean probability of the readings with this label."""
        label = self.best_label
        alike = [seen.probability for seen in self.seen if seen and seen.label == label]
        x0, y0, x1, y1 = (round(side) for side in self.box)
        return Digit(label, sum(alike) / max(1, len(alike)), (x0, y0, x1, y1))

    def read(self, digit: Digit | None, box: FloatBox) -> TrackedDigit:
        """Returns the state after another reading, which found this digit at the box, or ``None``."""
        seen = (*self.seen, digit)[-WINDOW:]
        return TrackedDigit(box, seen, _agreed([one.label for one in seen if one]) or self.label)


_Row = list[tuple[int, TrackedDigit]]
"""Digits with their previous indices, or ``NEW``."""


@dataclass(frozen=True, slots=True)
class TrackedReading:
    """The state of the picture after several readings.

    Attributes:
        rows: the tracked digits, in reading order.
        texts: the texts of the last readings, at most ``WINDOW``, newest last.
        text: the text that enough readings agreed on; ``""`` if there is no digit or no agreement yet.
    """

    rows: tuple[tuple[TrackedDigit, ...], ...] = ()
    texts: tuple[str, ...] = ()
    text: str = ""

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The agreed digits, row by row."""
        return tuple(one.digit() for row in self.rows for one in row if one.label)

    def reading(self, source: str, width: int, height: int) -> Reading:
        """Returns the agreed digits as a reading of a picture with this name and size."""
        rows = ([one.digit() for one in row if one.label] for row in self.rows)
        return Reading(source, width, height, tuple(Line(tuple(row)) for row in rows if row))


def follow(tracked: TrackedReading, reading: Reading, since: Motion) -> TrackedReading:
    """Returns the state after another reading, of an earlier frame.

    The states are in the current frame, and ``since`` is the motion from the earlier frame to it.
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
        row: _Row = []
        for (digit, box), who in zip(line, partner, strict=False):
            before = TrackedDigit(box, ()) if who == NEW else known[who]
            row.append((who, before.read(digit, box)))
        rows.append(row)
    _add_missing(rows, tracked.rows, set(partners))
    followed = tuple(tuple(one for _, one in row) for row in rows)
    texts = (*tracked.texts, _text(followed))[-WINDOW:]
    if not any(one.label for row in followed for one in row):
        return TrackedReading(followed, texts)
    text = _agreed(texts)
    return TrackedReading(followed, texts, tracked.text if text is None else text)


def moved(tracked: TrackedReading, step: Motion) -> TrackedReading:
    """Returns the state after a motion."""
    return replace(
        tracked,
        rows=tuple(tuple(replace(one, box=_moved_box(one.box, step)) for one in row) for row in tracked.rows),
    )


def _agreed(read: Sequence[str]) -> str | None:
    for word, times in Counter(read).most_common(1):
        if times >= ALIKE:
            return word
    return None


def _text(rows: Iterable[Iterable[TrackedDigit]]) -> str:
    """Returns a reading's text: the agreed labels, and the other labels that it read."""
    texts = ("".join(one.best_label for one in row if one.label or one.seen[-1]) for row in rows)
    return "\n".join(text for text in texts if text)


def _moved_box(box: FloatBox, motion: Motion) -> FloatBox:
    """Moves a box's center, and scales the box by the zoom; rotation does not enlarge it."""
    x0, y0, x1, y1 = box
    x, y, _ = motion @ ((x0 + x1) / 2, (y0 + y1) / 2, 1.0)
    zoom = math.sqrt(abs(float(np.linalg.det(motion[:2, :2]))))
    half_width, half_height = (x1 - x0) / 2 * zoom, (y1 - y0) / 2 * zoom
    return x - half_width, y - half_height, x + half_width, y + half_height


def _matched(known: Sequence[FloatBox], found: Sequence[FloatBox]) -> list[int]:
    """Returns, for each found box, the index of its known box, matching best overlaps first, or ``NEW``."""
    partners = [NEW] * len(found)
    overlaps = _overlaps(known, found)
    while overlaps.size and overlaps.max() >= LEAST_OVERLAP:
        who, where = np.unravel_index(int(overlaps.argmax()), overlaps.shape)
        partners[where] = int(who)
        overlaps[who, :] = overlaps[:, where] = 0
    return partners


def _overlaps(known: Sequence[FloatBox], found: Sequence[FloatBox]) -> NDArray[np.float64]:
    """Computes the intersection over union of known boxes (rows) and found boxes (columns)."""
    one, other = (np.array([_widened(box) for box in boxes]).reshape(-1, 4) for boxes in (known, found))
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


def _widened(box: FloatBox) -> FloatBox:
    """Widens a narrow box, so that an upright 1 is matched after a small motion."""
    x0, y0, x1, y1 = box
    spare = max(0.0, NARROWEST * (y1 - y0) - (x1 - x0)) / 2
    return x0 - spare, y0, x1 + spare, y1


def _add_missing(rows: list[_Row], before: Iterable[Sequence[TrackedDigit]], found: set[int]) -> None:
    """Inserts digits that this reading missed and that are not gone yet at their previous places."""
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
    """Inserts a digit after its nearest predecessor, else before its nearest successor, else as a new row."""
    for neighbors, offset in ((before, 1), (behind, 0)):
        for neighbor in neighbors:
            for row in rows:
                places = [place for place, (who, _) in enumerate(row) if who == neighbor]
                if places:
                    row.insert(places[0] + offset, entry)
                    return
    top = entry[1].box[1]
    rows.insert(sum(row[0][1].box[1] < top for row in rows), [entry])
