"""Ink map -> rows of candidate glyphs.

Connected pieces of ink become segments, segments standing beside each other a row. What is one digit is not decided here:
neighbouring segments may be fragments of one (a 5 and its bar), and a wide segment may be two that touch. A row therefore
carries every plausible union of neighbours as a candidate, wide segments being cut beforehand, and the decoder picks the
candidates that read best (over-segmentation; Casey and Lecolinet 1996, "A survey of methods and strategies in
character segmentation", section III).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.cuts import cut_columns
from inkread.glyph import EDGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from inkread.reading import Box

MOST_SEGMENTS = 1200
"""A picture with more pieces of ink than this is texture; the largest are kept."""

MOST_CANDIDATES = 3000
"""Candidates of a page that cost a cut or a union, about 0.4 ms each; in rows beyond that each piece of ink is its only candidate."""

MOST_OVERLAP = 4
"""The boxes of all pieces of ink cover the picture at most this many times; the largest are left out."""

LEAST_SINGLE = 0.02
"""The one digit of a picture, or a part of it, is at least this long, as a share of the picture's longer side."""

FLUSH = 0.95
"""A strip beside the paper covers at least this share of the side of the picture that it lies on; a tight 1 does not."""

SPECK = 0.14
"""A piece whose longer side is below this share of the usual height is dirt or a dot."""

LARGE = 2.2
"""A piece higher than this, in usual heights, is a drawing, a shadow or the edge of a table."""

SMALL = 0.5
"""A piece lower than this share of the usual height follows the row it lies in, and does not lead one."""

SURE = 0.9
"""From this probability on, a piece of ink that reads as a digit tells the size of the writing."""

STRONG = 0.4
"""A piece with less contrast than this share of what most of the ink has does not tell the size of the writing: a pale grid around a
letter may hold what reads as an 8."""

MOST_MERGED = 4
"""A digit breaks into at most this many segments."""

WIDEST_UNION = 1.5
"""A union of segments is at most this wide, in usual heights of its row."""

WIDEST_GAP = 0.5
"""Segments of one digit are at most this far apart, in usual heights."""

CUTTABLE = 0.75
"""A segment wider than this share of its row's usual height may hold touching digits."""

MOST_PARTS = 6
"""A picture of one digit is taken to have at most this many pieces of ink."""

MOST_BESIDE, LIKE_HEIGHTS = 2, (0.4, 2.5)
"""A picture of one digit has at most so many further pieces of ink whose height, as a share of the digit's, is between these: with
more, the digit is one of a number, or a letter of a text."""

SLOPE_REACH = 0.6
"""A piece belongs to a row when its middle is within this share of a height of the middle of the row's last piece."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A connected piece of ink, or a part of one.

    Attributes:
        box: where it lies, in pixels of the ink map.
        ink: h×w float32 in 0..1 of the box's size, without what else lies in the box.
        cut_left: a cut through the ink is its left border.
        cut_right: a cut through the ink is its right border.
    """

    box: Box
    ink: NDArray[np.float32]
    cut_left: bool = False
    cut_right: bool = False

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> tuple[float, float]:
        """The centre of the box, (x, y)."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be one digit: the union of the row's segments ``start`` to ``stop`` (exclusive)."""

    start: int
    stop: int
    box: Box
    ink: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of segments from left to right, and the candidates made of them.

    Attributes:
        segments: the pieces of ink, ordered by their middles; none for a picture that is read as one digit.
        candidates: every plausible digit; each single segment is among them, and each piece of ink that was cut.
        height: the usual height of a digit in this row, in pixels of the ink map.
    """

    segments: tuple[Segment, ...]
    candidates: tuple[Candidate, ...]
    height: float


def find_rows(
    segments: Sequence[Segment],
    sureness: NDArray[np.float64],
    size: tuple[int, int],
    *,
    most: int = MOST_CANDIDATES,
) -> tuple[Row, ...]:
    """Rows of candidate glyphs, from top to bottom.

    Args:
        segments: N pieces of ink, in any order.
        sureness: N, in 0..1, how surely each is a digit as it stands; those that are tell the size of the writing, by which
            what is far larger is no writing, and what is far smaller dirt.
        size: width and height of the ink map.
        most: candidates, after which rows are neither cut nor united.
    """
    # What surrounds others on all four sides is the edge of the paper, however much it looks like a 0.
    inside = [not all(_borders(segment, size)) for segment in segments]
    if any(inside):
        segments, sureness = list(compress(segments, inside)), sureness[inside]
    if not segments:
        return ()
    height = usual_height(segments, sureness)
    surely = [segment for segment, sure in zip(segments, sureness, strict=True) if sure >= SURE]
    sized = [
        segment
        for segment, sure in zip(segments, sureness, strict=True)
        if max(segment.width, segment.height) >= SPECK * height
        and (segment.height <= LARGE * height or (sure >= SURE and not _surrounds(segment, surely)))
        and not _is_margin(segment, size)
    ]
    rows: list[Row] = []
    for members in sorted(_gather_rows(sized, height), key=_level):
        left = most - sum(len(row.candidates) for row in rows)
        rows.append(_make_row(members) if left > 0 else _make_plain_row(members))
    return tuple(sorted(rows, key=lambda row: _level(row.segments)))


def is_strong(segments: Sequence[Segment], contrast: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pieces of ink are about as dark as most of the ink is.

    Args:
        segments: N pieces of ink.
        contrast: H×W uint8, contrast to the paper, in the pixels of their boxes. What lies at the picture's border is not
            compared with: the table beside the paper is darker than any pen.
    """
    if not segments:
        return np.zeros(0, np.bool_)
    size = contrast.shape[1], contrast.shape[0]
    darkness = np.array([_darkness(segment, contrast) for segment in segments])
    amount = np.array([0.0 if any(_borders(s, size)) else float(s.ink.sum()) for s in segments])
    order = np.argsort(darkness)
    total = np.cumsum(amount[order])
    return np.asarray(darkness >= STRONG * darkness[order][np.searchsorted(total, total[-1] / 2)], np.bool_)


def _darkness(segment: Segment, contrast: NDArray[np.uint8]) -> float:
    """Mean contrast of a piece's ink."""
    x0, y0, x1, y1 = segment.box
    return float(np.average(contrast[y0:y1, x0:x1], weights=segment.ink))


def find_single(*maps: Sequence[Segment], size: tuple[int, int]) -> tuple[Row, ...]:
    """The whole picture as one glyph: no rows, or one whose candidates are the main piece of ink and what lies around it.

    Nothing is a candidate that has many pieces like itself beside it.

    Args:
        maps: the pieces of ink of one or more ink maps of the same picture, the first without printed lines.
        size: width and height of the ink maps. What touches the border may be paper's edge or part of a grid, so that all
            is also tried without it.
    """
    least = LEAST_SINGLE * max(size)
    maps = tuple([s for s in segments if max(s.width, s.height) >= least] for segments in maps)
    whole = [[s for s in segments if not _is_margin(s, size)] for segments in maps]
    inner = [[s for s in segments if not any(_borders(s, size))] for segments in maps]
    found = [_grow(segments) for segments in (*whole, *inner) if segments]
    candidates = tuple(
        Candidate(0, 0, group.box, group.ink)
        for parts in found
        for group in (union(parts[: index + 1]) for index in range(len(parts)))
        if _beside(group, inner[0]) <= MOST_BESIDE
    )
    return (Row((), candidates, float(size[1])),) if candidates else ()


def _beside(group: Segment, others: Sequence[Segment]) -> int:
    """How many pieces of ink beside a group are about as high."""
    x0, y0, x1, y1 = group.box
    height = max(group.height, group.width / 2)  # a dash stands for a glyph that is about as high as wide
    least, most = (share * height for share in LIKE_HEIGHTS)
    return sum(
        least <= s.height <= most and not (x0 <= s.middle[0] <= x1 and y0 <= s.middle[1] <= y1)
        for s in others
    )


def _borders(segment: Segment, size: tuple[int, int]) -> tuple[bool, bool, bool, bool]:
    """Which of the picture's borders the segment touches: left, top, right, bottom."""
    x0, y0, x1, y1 = segment.box
    return x0 <= 0, y0 <= 0, x1 >= size[0], y1 >= size[1]


def _surrounds(segment: Segment, others: Sequence[Segment]) -> bool:
    """Whether another one lies in its box: what looks like a large 0 is then a frame, or the edge of the paper."""
    x0, y0, x1, y1 = segment.box
    return any(
        x0 < other.middle[0] < x1 and y0 < other.middle[1] < y1 for other in others if other is not segment
    )


def _is_margin(segment: Segment, size: tuple[int, int]) -> bool:
    """Whether it is a strip along one whole side of the picture: the table beside the paper, a scanner's lid."""
    touched = _borders(segment, size)
    sides = (segment.ink[:, 0], segment.ink[0], segment.ink[:, -1], segment.ink[-1])
    flush = [
        touches and bool((side >= EDGE).mean() >= FLUSH) for touches, side in zip(touched, sides, strict=True)
    ]
    return sum(touched) == 3 and flush[(touched.index(False) + 2) % 4]


def _grow(segments: Sequence[Segment]) -> list[Segment]:
    """The main piece of ink, and the others by their distance from it, as far as they are no specks."""
    if not segments:
        return []
    main = max(segments, key=lambda s: float(s.ink.sum()))
    size = max(main.width, main.height)
    near = [
        s
        for s in segments
        if s is not main and max(s.width, s.height) >= SPECK * size and _apart(main, s) < size
    ]
    return [main, *sorted(near, key=lambda s: _apart(main, s))[: MOST_PARTS - 1]]


def _apart(one: Segment, other: Segment) -> float:
    """Distance between two boxes in pixels; 0 where they overlap."""
    across = max(0, max(one.box[0], other.box[0]) - min(one.box[2], other.box[2]))
    down = max(0, max(one.box[1], other.box[1]) - min(one.box[3], other.box[3]))
    return float(np.hypot(across, down))


def find_segments(ink: NDArray[np.float32]) -> list[Segment]:
    """The connected pieces of ink, the largest ``MOST_SEGMENTS`` of them.

    Args:
        ink: H×W float32 in 0..1, 0.5 being the edge of a stroke.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink >= EDGE).astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_WIDTH].astype(np.int64) * stats[1:, cv2.CC_STAT_HEIGHT]
    largest = np.argsort(-areas)[:MOST_SEGMENTS][::-1]
    # Each piece takes the memory of its box: hatching that fills the picture would take it a thousand times over.
    order = largest[np.cumsum(areas[largest]) <= MOST_OVERLAP * ink.size] + 1
    return [_cut_out(ink, labels, int(label), stats[label]) for label in order]


def usual_height(segments: Sequence[Segment], sureness: NDArray[np.float64]) -> float:
    """The height of the picture's digits: the weighted median of its pieces of ink.

    Args:
        segments: N pieces of ink, at least one.
        sureness: N, in 0..1, how surely each is a digit as it stands. Where hardly any is, as when all touch, the pieces
            weigh as much as they are high.
    """
    heights = np.array([segment.height for segment in segments], np.float64)
    weights = np.where(sureness >= SURE, sureness, 0.0)
    if not weights.any():
        weights = np.array([max(s.height, s.width / 4) for s in segments], np.float64)
    order = np.argsort(heights)
    total = np.cumsum(weights[order])
    return float(heights[order][np.searchsorted(total, total[-1] / 2)])


def union(segments: Sequence[Segment]) -> Segment:
    """The segments as one."""
    if len(segments) == 1:
        return segments[0]
    boxes = np.array([segment.box for segment in segments])
    x0, y0 = (int(value) for value in boxes[:, :2].min(axis=0))
    x1, y1 = (int(value) for value in boxes[:, 2:].max(axis=0))
    ink = np.zeros((y1 - y0, x1 - x0), np.float32)
    for segment in segments:
        left, top = segment.box[0] - x0, segment.box[1] - y0
        part = ink[top : top + segment.height, left : left + segment.width]
        np.maximum(part, segment.ink, out=part)
    return Segment((x0, y0, x1, y1), ink)


def _cut_out(
    ink: NDArray[np.float32], labels: NDArray[np.int32], label: int, stats: NDArray[np.int32]
) -> Segment:
    """One connected piece with its soft edge, which lies a pixel outside its label."""
    x, y, width, height = (int(stats[i]) for i in range(4))
    x0, y0 = max(0, x - 1), max(0, y - 1)
    x1, y1 = min(ink.shape[1], x + width + 1), min(ink.shape[0], y + height + 1)
    own = (labels[y0:y1, x0:x1] == label).astype(np.uint8)
    own = cv2.dilate(own, np.ones((3, 3), np.uint8))
    other = (labels[y0:y1, x0:x1] != label) & (labels[y0:y1, x0:x1] > 0)
    return Segment((x0, y0, x1, y1), ink[y0:y1, x0:x1] * own * ~other)


def _gather_rows(segments: Iterable[Segment], height: float) -> list[list[Segment]]:
    """Follows each row from left to right, so that it may slope or bend; small pieces join the row they lie in."""
    leaders = [s for s in segments if s.height >= SMALL * height]
    small = [s for s in segments if s.height < SMALL * height]
    rows: list[list[Segment]] = []
    for segment in sorted(leaders, key=lambda s: s.middle[0]):
        distances = [
            abs(segment.middle[1] - row[-1].middle[1]) / max(segment.height, row[-1].height) for row in rows
        ]
        nearest = int(np.argmin(distances)) if distances else -1
        if distances and distances[nearest] < SLOPE_REACH:
            rows[nearest].append(segment)
        else:
            rows.append([segment])
    members = [list(row) for row in rows]
    for segment in small:
        best, best_distance = -1, np.inf
        for index, row in enumerate(rows):
            neighbour = min(row, key=lambda s: abs(s.middle[0] - segment.middle[0]))
            distance = abs(segment.middle[1] - neighbour.middle[1]) / neighbour.height
            if distance < best_distance:
                best, best_distance = index, distance
        if best_distance < 1.0:
            members[best].append(segment)
    return members


def _level(members: Sequence[Segment]) -> float:
    """How far down a row lies."""
    return float(np.mean([segment.middle[1] for segment in members]))


def _row_height(members: Sequence[Segment]) -> float:
    """The usual height of a row's digits."""
    least = SMALL * max(segment.height for segment in members)
    return float(np.median([segment.height for segment in members if segment.height >= least]))


def _make_plain_row(members: Sequence[Segment]) -> Row:
    """A row in which each piece of ink is a candidate, and nothing else."""
    parts = sorted(members, key=lambda segment: segment.middle[0])
    candidates = (Candidate(at, at + 1, part.box, part.ink) for at, part in enumerate(parts))
    return Row(tuple(parts), tuple(candidates), _row_height(members))


def _make_row(members: Sequence[Segment]) -> Row:
    height = _row_height(members)
    parts = [part for segment in members for part in _cut_wide(segment, height)]
    parts.sort(key=lambda s: s.middle[0])
    return Row(tuple(parts), tuple(_candidates(parts, height)), height)


def _candidates(parts: Sequence[Segment], height: float) -> Iterable[Candidate]:
    """Every single part, every union of a few close neighbours, and every piece of ink that was cut, as a whole."""
    ends = [*range(1, len(parts) + 1)]  # where the piece of ink ends that each part belongs to
    for at in range(len(parts) - 2, -1, -1):
        if parts[at].cut_right:
            ends[at] = ends[at + 1]
    for start, end in enumerate(ends):
        for stop in range(start + 1, min(start + MOST_MERGED, len(parts)) + 1):
            members = parts[start:stop]
            if stop == start + 1 or _may_be_one(members, height) or _was_one(members):
                yield _candidate(parts, start, stop)
            elif stop > end:
                break
        if end > start + MOST_MERGED and not parts[start].cut_left:
            yield _candidate(parts, start, end)


def _candidate(parts: Sequence[Segment], start: int, stop: int) -> Candidate:
    whole = union(parts[start:stop])
    return Candidate(start, stop, whole.box, whole.ink)


def _may_be_one(members: Sequence[Segment], height: float) -> bool:
    """Whether neighbours are close and few enough to be the fragments of one digit."""
    width = max(s.box[2] for s in members) - min(s.box[0] for s in members)
    gap = members[-1].box[0] - max(s.box[2] for s in members[:-1])
    return len(members) <= MOST_MERGED and width <= WIDEST_UNION * height and gap <= WIDEST_GAP * height


def _was_one(members: Sequence[Segment]) -> bool:
    """Whether the members are all the parts of one piece of ink."""
    whole = not members[0].cut_left and not members[-1].cut_right
    return whole and all(part.cut_right for part in members[:-1])


def _cut_wide(segment: Segment, height: float) -> list[Segment]:
    """The segment in parts that may be digits of their own; itself where it is narrow."""
    if segment.width <= CUTTABLE * max(height, segment.height * SMALL) or segment.width < 8:
        return [segment]
    parts, left = [], 0
    for cut in [*cut_columns(segment.ink), segment.width]:
        part = segment.ink[:, left:cut]
        rows = np.flatnonzero((part >= EDGE).any(axis=1))
        if rows.size:
            top, bottom = int(rows[0]), int(rows[-1]) + 1
            x0, y0 = segment.box[0] + left, segment.box[1] + top
            box = (x0, y0, segment.box[0] + cut, segment.box[1] + bottom)
            parts.append(Segment(box, part[top:bottom], cut_left=left > 0, cut_right=cut < segment.width))
        left = cut
    return parts
