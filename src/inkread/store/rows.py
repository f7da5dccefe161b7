"""Aligns a row's correct text with its digits, to find wrong digits and the places of missed ones."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from operator import itemgetter
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inkread.results import Box

SAME_PLACE = 0.5
"""Two boxes with a larger intersection over union belong to the same digit."""

LEAST_VISIBLE = 0.25
"""Minimum fraction of the width and height of a missed digit's box that must be inside the picture."""

BESIDE = 0.5
"""Maximum distance of a mark above or below the nearest digit of its row, in the row's digit sizes."""

USUAL_PITCH = 1.5
"""Distance between digits, in digit widths, if a row is too short to measure it."""

Step = tuple[float, float]
"""A distance to the right and down, pixels."""

Cost = tuple[int, float]
"""The number of edits, and their unlikelihood, which decides between alignments with equally many edits."""


@dataclass(frozen=True, slots=True)
class Item:
    """A digit of a row, as read or as marked by a person.

    Attributes:
        label: the current label; ``""`` if it was corrected to no digit.
        box: the box in pixels of the upright source picture.
        probability: the label's probability, 0..1; 1 for a correction, 0 for a mark, so that marks change
            before digits that were read.
        position: the index of a digit that was read, from 0.
        mark: the id of a mark.
        covers: whether the mark replaces a digit that was read.
    """

    label: str
    box: Box
    probability: float = 1.0
    position: int | None = None
    mark: str | None = None
    covers: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A change that corrects a row: an item, or if it is ``None`` a missed digit; its box; its label."""

    item: Item | None
    box: Box
    label: str


class NoRoomError(ValueError):
    """A missed digit would be outside the picture."""


def overlap(one: Box, other: Box) -> float:
    """Computes the intersection over union of two boxes, 0..1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other))
    return width * height / (both - width * height)


def row_of(box: Box, rows: Sequence[Sequence[Box]]) -> int | None:
    """Returns the row of a box: that of the nearest digit, unless the box is above or below it.

    The rows have the boxes of their digits; none is empty.
    """
    if not rows:
        return None
    nearest, row = min(
        (math.dist(middle(box), middle(digit)), number)
        for number, digits in enumerate(rows)
        for digit in digits
    )
    step, size = _pitch(rows[row]), _size(rows[row])
    digit = next(digit for digit in rows[row] if math.dist(middle(box), middle(digit)) == nearest)
    (x, y), (at_x, at_y) = middle(box), middle(digit)
    away = abs((x - at_x) * step[1] - (y - at_y) * step[0]) / math.hypot(*step)
    return row if away <= BESIDE * max(size) else None


def in_order(items: Sequence[Item], digits: Sequence[Box]) -> list[Item]:
    """Sorts the items along the direction of the row's digits, because a page may be rotated."""
    step = _pitch(digits)
    return sorted(items, key=lambda item: middle(item.box)[0] * step[0] + middle(item.box)[1] * step[1])


def changes(row: Sequence[Item], text: str, *, width: int, height: int) -> list[Change]:
    """Finds the fewest edits that change a row to the text (Levenshtein distance), along the row.

    If there are several solutions, less probable digits change, and missed digits are placed where there is
    room for them. The row has at least one item, in order; the text is ``""`` if nothing in it is a digit;
    the size is that of the upright source picture in pixels.

    Raises:
        NoRoomError: a digit before the first or after the last would be outside the picture.
    """
    found: list[Change] = []
    missed = [""] * (len(row) + 1)
    for index, label in _aligned(row, text, _crowds(row, width, height)):
        if index < 0:
            missed[~index] += label
        elif label != row[index].label:
            found.append(Change(row[index], row[index].box, label))
    for gap, labels in enumerate(missed):
        for box, label in zip(_places(row, gap, len(labels)), labels, strict=True):
            found.append(Change(None, _clipped(box, width, height), label))
    return found


def middle(box: Box) -> Step:
    """Returns the center of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _aligned(row: Sequence[Item], text: str, crowds: Sequence[float]) -> Iterator[tuple[int, str]]:
    """Yields, in order, an item's index and label (``""`` if deleted), or ``~gap`` and a missed label."""
    best: dict[tuple[int, int], tuple[Cost, tuple[int, int]]] = {(0, 0): ((0, 0.0), (0, 0))}
    for i, j in itertools.product(range(len(row) + 1), range(len(text) + 1)):
        ways: list[tuple[Cost, tuple[int, int]]] = []
        if i and j:
            before, item = best[i - 1, j - 1][0], row[i - 1]
            same = item.label == text[j - 1]
            ways.append((before if same else _plus(before, item.probability * bool(item.label)), (1, 1)))
        if i:
            before, item = best[i - 1, j][0], row[i - 1]
            ways.append((_plus(before, item.probability) if item.label else before, (1, 0)))
        if j:
            ways.append((_plus(best[i, j - 1][0], crowds[i]), (0, 1)))
        if ways:
            best[i, j] = min(ways, key=itemgetter(0))
    steps = []
    i, j = len(row), len(text)
    while i or j:
        di, dj = best[i, j][1]
        steps.append((i - 1 if di else ~i, text[j - 1] if dj else ""))
        i, j = i - di, j - dj
    return reversed(steps)


def _plus(cost: Cost, unlikely: float) -> Cost:
    return cost[0] + 1, cost[1] + unlikely


def _crowds(row: Sequence[Item], width: int, height: int) -> list[float]:
    """Rates the crowding of each gap, before the first item to after the last: 1 is full, 0 fits a digit."""
    boxes = [item.box for item in row]
    # One gap is not enough to measure the usual distance.
    step = math.hypot(*_pitch(boxes)) if len(row) > 2 else USUAL_PITCH * _size(boxes)[0]
    inner = [
        1 - min(1.0, max(0.0, math.dist(middle(one.box), middle(other.box)) / step - 1))
        for one, other in itertools.pairwise(row)
    ]
    before, after = (
        0.5 if _is_visible(next(_places(row, gap, 1)), width, height) else 1.0 for gap in (0, len(row))
    )
    return [before, *inner, after]


def _places(row: Sequence[Item], gap: int, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Yields boxes for missed digits in a gap, evenly spaced, with the size of the row's median digit."""
    boxes = [item.box for item in row]
    (step_x, step_y), (wide, high) = _pitch(boxes), _size(boxes)
    for number in range(1, count + 1):
        if gap == 0:
            (x, y), share = middle(boxes[0]), number - count - 1.0
            x, y = x + share * step_x, y + share * step_y
        elif gap == len(row):
            (x, y), share = middle(boxes[-1]), float(number)
            x, y = x + share * step_x, y + share * step_y
        else:
            (x, y), (to_x, to_y), share = middle(boxes[gap - 1]), middle(boxes[gap]), number / (count + 1)
            x, y = x + share * (to_x - x), y + share * (to_y - y)
        yield x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _pitch(boxes: Sequence[Box]) -> Step:
    """Returns the step from one digit's center to the next; for a single digit, its width to the right."""
    middles = [middle(box) for box in boxes]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(middles)]
    step = (median(x for x, _ in steps), median(y for _, y in steps)) if steps else (0.0, 0.0)
    return step if any(step) else (float(_size(boxes)[0]), 0.0)


def _size(boxes: Sequence[Box]) -> Step:
    """Computes the median width and height, at least one pixel."""
    wide = median(x1 - x0 for x0, _, x1, _ in boxes)
    high = median(y1 - y0 for _, y0, _, y1 in boxes)
    return max(1.0, float(wide)), max(1.0, float(high))


def _is_visible(box: tuple[float, float, float, float], width: int, height: int) -> bool:
    x0, y0, x1, y1 = box
    wide, high = min(width, x1) - max(0, x0), min(height, y1) - max(0, y0)
    return wide >= max(1, LEAST_VISIBLE * (x1 - x0)) and high >= max(1, LEAST_VISIBLE * (y1 - y0))


def _clipped(box: tuple[float, float, float, float], width: int, height: int) -> Box:
    if not _is_visible(box, width, height):
        raise NoRoomError
    x0, y0, x1, y1 = (round(value) for value in box)
    left, top = max(0, x0), max(0, y0)
    return left, top, min(width, max(x1, left + 1)), min(height, max(y1, top + 1))
