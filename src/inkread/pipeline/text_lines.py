"""Finds the lines of text on a page, and cuts each out as a strip for the recognizer.

Ink is what differs from its surroundings; lines are ridges of its density. Nothing here depends on the
alphabet. All lengths are relative to ``s``, the typical height of the writing on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.pipeline.contrast import planes
from inkread.pipeline.lines import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT, FILL = 48, 0.76
INKED, DARKEST = 0.4, 99
"""A column has ink if a pixel differs from paper by this share of what this percentile of pixels does."""
"""Height of a strip in pixels, and the share of it that the line's ink takes."""
FIRST_SIDE = 1_200
"""Longer side, pixels, at which ink is searched first; halved while the writing is higher than
``TALLEST``."""
TALLEST = 64
"""More than the window of ``contrast.planes``: strokes of higher writing would be hollow."""
INK = 0.25
"""Minimum contrast of ink, of 1; three local standard deviations are 1."""
RULE, SHORTEST_RULE = 6, 40
"""A straight run of ink longer than this fraction of the page's side, and this many pixels, is a printed
line."""
SPECK = 0.2
"""Side of a component, in ``s``, below which it may be dirt."""
SMEARED = (2.0, 0.4)
"""Standard deviations, in ``s``, of the blur along and across lines that makes them ridges."""
ACROSS, RIDGE, LEAST_INK = 1.5, 0.7, 0.02
"""A ridge is within this share of the highest density up to so many ``s`` above and below, and has that
density at least."""
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
MOST_LINES = 400
WIDEST = 12_000
"""Bounds for pages of texture; pixels of a strip."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text, cut from the page.

    Attributes:
        pixels: uint8 48×W.
        left: its start on the page, pixels.
        scale: pixels of the strip per pixel of the page.
        course: slope and height of the line's center on the page: y = course[0] * x + course[1].
        tall: height of its ink on the page, pixels.
    """

    pixels: NDArray[np.uint8]
    left: float
    scale: float
    course: tuple[float, float]
    tall: float

    def trimmed(self, start: float, end: float) -> tuple[float, float]:
        """Returns the part of some columns that has ink, in pixels of the strip; all of it if none has."""
        paper = np.abs(self.pixels.astype(np.int16) - np.int16(np.median(self.pixels)))
        has_ink = (paper > INKED * np.percentile(paper, DARKEST)).any(axis=0)
        found = np.flatnonzero(has_ink[max(0, int(start)) : max(0, int(end))]) + max(0, int(start))
        return (float(found[0]), float(found[-1] + 1)) if len(found) else (start, end)

    def box(self, start: float, end: float) -> tuple[float, float, float, float]:
        """Returns the box on the page of the columns from ``start`` to ``end``, in pixels of the strip."""
        x0, x1 = self.left + start / self.scale, self.left + end / self.scale
        y0, y1 = sorted(self.course[0] * x + self.course[1] for x in (x0, x1))
        return x0, y0 - self.tall / 2, x1, y1 + self.tall / 2


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a page at the resolution at which lines are found.

    Attributes:
        mask: bool h×w.
        scale: pixels of the mask per pixel of the page.
        size: ``s``, the typical height of the writing, in pixels of the mask; 0 if there is none.
    """

    mask: NDArray[np.bool_]
    scale: float
    size: float

    @property
    def box(self) -> NDArray[np.float32] | None:
        """The box of the writing, x0, y0, x1, y1 in pixels of the page; ``None`` without ink.

        Dirt is left out, and what the picture's border cuts off, unless it is the largest part.
        """
        _, _, stats, _ = cv2.connectedComponentsWithStats(self.mask.astype(np.uint8), connectivity=8)
        parts = stats[1:]
        parts = parts[(parts[:, 2:4] >= SPECK * self.size).any(axis=1)]
        if not len(parts):
            return None
        ends = parts[:, :2] + parts[:, 2:4]
        cut_off = (parts[:, :2] == 0).any(axis=1) | (ends == self.mask.shape[::-1]).any(axis=1)
        largest = int(parts[:, cv2.CC_STAT_AREA].argmax())
        keep = ~cut_off if not cut_off[largest] else np.ones(len(parts), bool)
        corners = np.concatenate([parts[keep, :2].min(axis=0), ends[keep].max(axis=0)])
        return np.asarray(corners / self.scale, np.float32)


def ink_of(grey: NDArray[np.uint8]) -> Ink:
    """Finds the ink of a page, uint8 H×W, without printed rules."""
    side = FIRST_SIDE
    while True:
        scale = min(1.0, side / max(grey.shape))
        small = grey
        if scale < 1:
            small = np.asarray(
                cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
            )
        mask = _without_rules(_contrasted(small))
        size = _size_of(mask)
        if size <= TALLEST or side <= 100:
            return Ink(mask, scale, size)
        side = int(max(small.shape) / 2)


def _contrasted(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    local = planes(grey)[1]
    # Ink covers less area than paper, so its side of the mean has the longer tail.
    return np.asarray(local < -INK if float((local**3).sum()) < 0 else local > INK)


def _without_rules(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    ink = mask.astype(np.uint8)
    height, width = ink.shape
    for kernel, across in (((1, width // RULE), (3, 1)), ((height // RULE, 1), (1, 3))):
        if max(kernel) < SHORTEST_RULE:
            continue
        rules = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(kernel, np.uint8))
        rules = cv2.dilate(rules, np.ones(across, np.uint8))
        ink = ink & ~rules & 1
        # Strokes that cross the rule are joined again.
        ink |= (
            cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones(tuple(2 * side + 1 for side in across), np.uint8))
            & rules
        )
    return np.asarray(ink, bool)


def _size_of(mask: NDArray[np.bool_]) -> float:
    """Returns the median height of the components, weighted by width so that dots count little."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    stats = stats[1:]
    stats = stats[stats[:, cv2.CC_STAT_AREA] >= 6]
    if not len(stats):
        return 0.0
    heights, widths = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    order = np.argsort(heights)
    total = np.cumsum(widths[order])
    return float(heights[order][np.searchsorted(total, total[-1] / 2)])


def find_lines(grey: NDArray[np.uint8]) -> list[TextLine]:
    """Cuts out the lines of a page in reading order.

    Args:
        grey: uint8 H×W.
    """
    ink = ink_of(grey)
    if not ink.size:
        return []
    owner, count = _owners(ink)
    masks = [(owner == index) & ink.mask for index in range(1, min(count, MOST_LINES) + 1)]
    masks = [mask for mask in masks if mask.any()]
    boxes = np.array([cv2.boundingRect(mask.astype(np.uint8)) for mask in masks], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    pyramid = [grey]
    return [_cut(pyramid, ink, masks[index]) for row in rows_of(boxes, apart=APART) for index in row]


def _owners(ink: Ink) -> tuple[NDArray[np.int32], int]:
    """Returns the number of the line that each pixel belongs to, from 1, or 0; and the number of lines.

    Lines are ridges of the density of ink, blurred along them (Manmatha & Rothfeder 2005).
    """
    size, mask = ink.size, ink.mask.astype(np.uint8)
    along, across = (max(0.5, share * size) for share in SMEARED)
    density = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigmaX=along, sigmaY=across)
    highest = cv2.dilate(density, np.ones((2 * round(ACROSS * size) + 1, 1), np.uint8))
    ridges = ((density > RIDGE * highest) & (density > LEAST_INK)).astype(np.uint8)
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
    return np.where(whole[labels], votes.argmax(axis=1)[labels], owner).astype(np.int32), count - 1


def _cut(pyramid: list[NDArray[np.uint8]], ink: Ink, own: NDArray[np.bool_]) -> TextLine:
    """Cuts out the line with the ink ``own``; the ink of other lines is covered with paper."""
    y, x = (np.argwhere(own).T + 0.5) / ink.scale
    slope = float(np.polyfit(x, y, 1)[0]) if np.ptp(x) > LONG * ink.size / ink.scale else 0.0
    level = y - slope * x
    top, bottom = (float(end) for end in np.quantile(level, [0.002, 0.998]))
    tall = max(4.0, bottom - top)
    scale = FILL * HEIGHT / tall
    left, right = float(x.min()) - MARGIN * tall, float(x.max()) + MARGIN * tall
    width = int(np.clip(np.ceil((right - left) * scale), 16, WIDEST))
    source, columns, rows = _sampled(pyramid, (left, (top + bottom) / 2, slope), scale, width)
    pixels = cv2.remap(source, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = np.float32(ink.scale * pyramid[0].shape[0] / source.shape[0])
    foreign = cv2.dilate((ink.mask & ~own).astype(np.uint8), np.ones((3, 3), np.uint8))
    half = np.float32(0.5)
    covered = cv2.remap(
        foreign, (columns + half) * share - half, (rows + half) * share - half, cv2.INTER_NEAREST
    )
    pixels[covered > 0] = np.median(pixels)
    return TextLine(np.asarray(pixels, np.uint8), left, scale, (slope, (top + bottom) / 2), tall)


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
