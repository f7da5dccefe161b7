"""Finds the lines of text on a page, and cuts each out as a strip for the recognizer.

Lines are ridges of the density of ink. Nothing here depends on the alphabet. All lengths are relative to
``s``, the typical height of the writing on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.pipeline.glyph import EDGE
from inkread.pipeline.ink import ink_of
from inkread.pipeline.lines import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inkread.pipeline.ink import Ink

HEIGHT, FILL = 48, 0.76
"""Height of a strip in pixels, and the share of it that the line's ink takes."""
INKED, DARKEST = 0.4, 99
"""A column has ink if a pixel differs from paper by this share of what this percentile of pixels does."""
SMEARED = (2.0, 0.4)
"""Standard deviations, in ``s``, of the blur along and across lines that makes them ridges."""
FINEST = 2.0
"""Pixels of the standard deviation across lines at which they are blurred."""
ACROSS, RIDGE, LEAST_INK = 0.7, 0.85, 0.02
"""A ridge is within this share of the highest density up to so many ``s`` above and below, and has that
density at least."""
SMALL, WITHIN = 0.1, 0.2
"""A line with less than this share of another's ink is a part of it, such as a dot or a loop, if this share
of its height is beside it."""
LOWEST = 0.4
"""Height of a line at least, in ``s``; what is lower is dirt, or the remains of a rule."""
JOINED = 3.0
"""Gap in a ridge, in ``s``, within one line."""
TWO_LINES = 2.2
"""Height of a component, in ``s``, from which each of its pixels belongs to the nearest line."""
NEAR = 1.6
"""Maximum distance of ink from the ridge of its line, in ``s``."""
APART = 0.5
"""Maximum distance of the centers of lines that are side by side, in their heights."""
LONG = 4.0
"""Width of a line, in ``s``, from which its slope is measured."""
MARGIN = 0.35
"""Paper before and after a line, in its heights."""
FLATTEST = 3.0
"""Width over height from which a single character does not fill the height of its strip, like a dash."""
BORDER, LEAST_BORDERS = 0.6, 2
"""A frame is a border between cells if it takes this share of the height of the ink beside it, and there are
so many in the line."""
EMPTY = 1.15
"""Width of a gap, in widths of a cell, above which a cell in it is empty."""
MOST_LINES = 400
"""Maximum number of lines, for pages of texture."""
WIDEST = 32_000
"""Pixels of a strip at most, which OpenCV can still sample; a longer line is drawn smaller."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text, cut from the page.

    Attributes:
        pixels: uint8 48×W.
        left: its start on the page, pixels.
        scale: pixels of the strip per pixel of the page.
        course: slope and height of the line's center on the page: y = course[0] * x + course[1].
        tall: height of its ink on the page, pixels.
        cells: the gaps between characters in cells of a form, from and to, pixels of the strip; and whether
            there is an empty cell in it.
    """

    pixels: NDArray[np.uint8]
    left: float
    scale: float
    course: tuple[float, float]
    tall: float
    cells: tuple[tuple[float, float, bool], ...] = ()

    def has_ink(self) -> NDArray[np.bool_]:
        """Returns whether each column of the strip has ink."""
        contrast = np.abs(self.pixels.astype(np.int16) - np.int16(np.median(self.pixels)))
        return np.asarray((contrast > INKED * np.percentile(contrast, DARKEST)).any(axis=0), np.bool_)

    def box(self, start: float, end: float) -> tuple[float, float, float, float]:
        """Returns the box on the page of the columns from ``start`` to ``end``, in pixels of the strip."""
        x0, x1 = self.left + start / self.scale, self.left + end / self.scale
        y0, y1 = sorted(self.course[0] * x + self.course[1] for x in (x0, x1))
        return x0, y0 - self.tall / 2, x1, y1 + self.tall / 2


def find_lines(grey: NDArray[np.uint8]) -> list[TextLine]:
    """Cuts out the lines of a page in reading order.

    Args:
        grey: uint8 H×W.
    """
    ink = ink_of(grey)
    if not ink.size:
        return []
    owner, count = owners_of(ink)
    masks = [(owner == index) & ink.mask for index in range(1, min(count, MOST_LINES) + 1)]
    masks = [mask for mask in masks if mask.any()]
    boxes = np.array([cv2.boundingRect(mask.astype(np.uint8)) for mask in masks], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    pyramid = [grey]
    return [_cut(pyramid, ink, masks[index]) for row in rows_of(boxes, apart=APART) for index in row]


def strip_of(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draws one character as a line, uint8 48×W, dark on white.

    Args:
        ink: h×w in 0..1, with some ink; see ``glyphs.cut_ink``.
    """
    x, y, width, height = cv2.boundingRect((ink >= EDGE).astype(np.uint8))
    tall = max(height, width / FLATTEST)
    scale = FILL * HEIGHT / tall
    size = [max(1, round(scale * side)) for side in (width, height)]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    drawn = cv2.resize(ink[y : y + height, x : x + width], size, interpolation=way)
    above, before = (HEIGHT - size[1]) // 2, round(MARGIN * scale * tall)
    drawn = np.pad(drawn, ((above, HEIGHT - size[1] - above), (before, before)))
    return np.asarray(255 - np.rint(255 * np.clip(drawn, 0, 1)), np.uint8)


def owners_of(ink: Ink) -> tuple[NDArray[np.int32], int]:
    """Returns the number of the line that each pixel belongs to, from 1, or 0; and the number of lines.

    Lines are ridges of the density of ink, blurred along them (Manmatha & Rothfeder 2005).
    """
    size, mask = ink.size, ink.mask.astype(np.uint8)
    along, across = (max(0.5, share * size) for share in SMEARED)
    density = _blurred(mask, along, across)
    around = cv2.dilate(density, np.ones((2 * round(ACROSS * size) + 1, 1), np.uint8))
    ridges = ((density > RIDGE * around) & (density > LEAST_INK)).astype(np.uint8)
    ridges = cv2.morphologyEx(
        ridges, cv2.MORPH_CLOSE, np.ones((1, 2 * round(JOINED * size / 2) + 1), np.uint8)
    )
    count, numbers = cv2.connectedComponents(ridges, connectivity=8)
    distance, nearest = cv2.distanceTransformWithLabels(1 - ridges, cv2.DIST_L2, 5)
    # The distance transform numbers the ridges in its own order.
    own = np.zeros(int(nearest.max()) + 1, np.int32)
    own[nearest[ridges > 0]] = numbers[ridges > 0]
    owner = np.where(distance <= NEAR * size, own[nearest], 0)
    parts, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    votes = np.zeros((parts, count), np.int32)
    np.add.at(votes, (labels[ink.mask], owner[ink.mask]), 1)
    whole = (stats[:, cv2.CC_STAT_HEIGHT] <= TWO_LINES * size) & (np.arange(parts) > 0)
    owner = np.where(whole[labels], votes.argmax(axis=1)[labels], owner)
    return _joined(owner, ink.mask, count, size)[owner], count - 1


def _joined(owner: NDArray[np.intp], mask: NDArray[np.bool_], count: int, size: float) -> NDArray[np.int32]:
    """Returns the line that each of the lines belongs to: a part to the whole, dirt to none (0).

    Args:
        owner: h×w, numbers of lines.
        mask: bool h×w, the ink.
        count: numbers of lines, with 0.
        size: height of the writing.
    """
    y, x = np.nonzero(mask)
    own = owner[y, x]
    order = np.argsort(own, kind="stable")
    y, x = y[order], x[order]
    present, starts = np.unique(own[order], return_index=True)
    ends = np.append(starts[1:], len(y))
    area = ends - starts
    (left, top), (right, below) = (
        [end.reduceat(values, starts) for values in (x, y)] for end in (np.minimum, np.maximum)
    )
    tall = below - top + 1
    numbers = np.arange(count, dtype=np.int32)
    for index in np.flatnonzero(present > 0):
        shared = np.minimum(below, below[index]) - np.maximum(top, top[index]) + 1
        beside = (present > 0) & (left <= right[index]) & (right >= left[index])
        beside &= (area[index] < SMALL * area) & (shared > WITHIN * tall[index])
        if beside.any():
            numbers[present[index]] = present[np.where(beside, shared, -1).argmax()]
        elif tall[index] < size:
            here = slice(starts[index], ends[index])
            slope = _slope(x[here], y[here])
            if np.ptp(y[here] - slope * x[here]) + 1 < LOWEST * size:
                numbers[present[index]] = 0
    return numbers[numbers]


def _slope(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Returns the slope of the straight line through points, by least squares; 0 if it would be upright."""
    return float(np.polyfit(x, y, 1)[0]) if np.ptp(x) else 0.0


def _blurred(mask: NDArray[np.uint8], along: float, across: float) -> NDArray[np.float32]:
    """Blurs the mask, float32 h×w in 0..1, by Gaussians of these standard deviations; large ones coarsely."""
    factor = max(1, int(across / FINEST))
    height, width = mask.shape
    size = -(-width // factor), -(-height // factor)
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigmaX=along / factor, sigmaY=across / factor)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _cut(pyramid: list[NDArray[np.uint8]], ink: Ink, own: NDArray[np.bool_]) -> TextLine:
    """Cuts out the line with the ink ``own``; frames and the ink of other lines are covered with paper."""
    y, x = (np.argwhere(own).T + 0.5) / ink.scale
    slope = _slope(x, y) if np.ptp(x) > LONG * ink.size / ink.scale else 0.0
    level = y - slope * x
    top, bottom = (float(end) for end in np.quantile(level, [0.002, 0.998]))
    tall = max(4.0, bottom - top)
    left, right = float(x.min()) - MARGIN * tall, float(x.max()) + MARGIN * tall
    scale = min(FILL * HEIGHT / tall, WIDEST / (right - left))
    width = int(np.clip(np.ceil((right - left) * scale), 16, WIDEST))
    source, columns, rows = _sampled(pyramid, (left, (top + bottom) / 2, slope), scale, width)
    pixels = cv2.remap(source, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = np.float32(ink.scale * pyramid[0].shape[0] / source.shape[0])
    foreign = cv2.dilate(((ink.mask | ink.frames) & ~own).astype(np.uint8), np.ones((3, 3), np.uint8))
    foreign[own] = 0
    half = np.float32(0.5)
    covered = cv2.remap(
        foreign, (columns + half) * share - half, (rows + half) * share - half, cv2.INTER_NEAREST
    )
    pixels[covered > 0] = np.median(pixels)
    cells = tuple(
        ((start / ink.scale - left) * scale, (end / ink.scale - left) * scale, is_empty)
        for start, end, is_empty in _gaps_between_cells(own, ink.frames)
    )
    return TextLine(np.asarray(pixels, np.uint8), left, scale, (slope, (top + bottom) / 2), tall, cells)


def _gaps_between_cells(
    own: NDArray[np.bool_], frames: NDArray[np.bool_]
) -> Iterator[tuple[float, float, bool]]:
    """Yields the gaps in a line's ink at the borders of cells: columns from and to, whether a cell is empty.

    A border is a frame over most of the height of the ink.
    """
    rows = np.flatnonzero(own.any(axis=1))
    # Slanting borders pass through several columns.
    beside = cv2.dilate(frames[rows[0] : rows[-1] + 1].astype(np.uint8), np.ones((1, 5), np.uint8))
    is_border = beside.mean(axis=0) >= BORDER
    columns = np.flatnonzero(own.any(axis=0))
    after = np.flatnonzero(np.diff(columns) > 1)
    gaps = [(int(columns[at]) + 1, int(columns[at + 1])) for at in after.tolist()]
    gaps = [(start, end) for start, end in gaps if is_border[start:end].any()]
    if len(gaps) >= LEAST_BORDERS:
        cell = float(np.median(np.diff([(start + end) / 2 for start, end in gaps])))
        for start, end in gaps:
            yield start, end, end - start > EMPTY * cell


def _sampled(
    pyramid: list[NDArray[np.uint8]], place: tuple[float, float, float], scale: float, width: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Returns the level of the pyramid to sample, and the source of each pixel of the strip on it."""
    left, level, slope = place
    depth = max(0, int(np.floor(-np.log2(scale))))
    while len(pyramid) <= depth and min(pyramid[-1].shape) >= 2:
        half = tuple(max(1, side // 2) for side in pyramid[-1].shape[::-1])
        pyramid.append(np.asarray(cv2.resize(pyramid[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
    source = pyramid[min(depth, len(pyramid) - 1)]
    x = left + (np.arange(width) + 0.5) / scale
    y = level + slope * x[None] + ((np.arange(HEIGHT) + 0.5 - HEIGHT / 2) / scale)[:, None]
    # In OpenCV, integer coordinates are pixel centers.
    columns = np.broadcast_to(x * source.shape[1] / pyramid[0].shape[1] - 0.5, y.shape)
    rows = y * source.shape[0] / pyramid[0].shape[0] - 0.5
    return source, columns.astype(np.float32), rows.astype(np.float32)
