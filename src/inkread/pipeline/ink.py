"""The ink of a page: what differs from the paper, without the paper's grain and printed rules and frames.

Nothing here depends on the alphabet. Lengths are relative to the page, or to the height of the writing on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.pipeline.contrast import WINDOW, planes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FIRST_SIDE = 1_200
"""Longer side, pixels, at which ink is searched first; halved while the writing is higher than ``TALLEST``.
The first time, the shorter side is not reduced below that."""
TALLEST = 64
"""About the window of ``contrast.planes``: strokes of higher writing would be hollow."""
INK = 0.25
"""Minimum contrast of ink, of 1; three local standard deviations are 1."""
PAPER_SIDE, COARSEST = 400, 3
"""Longer side, pixels, at which the grey value of the paper is estimated; at most this factor smaller."""
GRAIN = 6.0
"""Contrast that a stroke has somewhere, in standard deviations of the paper's grain."""
SMOOTH = 1.0
"""Standard deviation, pixels, of the blur before that: strokes are wider than grains."""
MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
RULE, SHORTEST_RULE = 6, 40
"""A straight thin run of ink longer than this fraction of the page's side, and this many pixels, is a printed
line."""
STROKE = 5.0
"""Length of the longest straight stroke of a letter, in heights of the writing."""
SLOPES = tuple(0.012 * step for step in range(-5, 6) if step)
"""Slopes at which rules across the page are searched."""
THICKEST = 4
"""Thickness of a rule in pixels."""
GAP = 7
"""Pixels by which a rule may be interrupted."""
LEAST_FRAME = 16
"""Shorter side in pixels of a frame, which is printed around one character, a row of them, or a line."""
CLOSED, BORDER = 0.85, 0.15
"""A frame has ink along this share of each side of its box, within that share of its shorter side; a rule
that divides it is at least as long, inside."""
LONG_FRAME = 2.0
"""Length over height from which a frame may slant; what is shorter may be a D, which fills such a box too."""
FAINTEST = 0.15
"""Contrast of a frame at least, of the strongest ink."""
HOLLOW = 0.5
"""Share of the pixels at the same distance from a frame's outline that have ink, below which it has ended."""
LEAST_AREA = 6
"""Pixels of a component that counts for the height of the writing."""
SPECK = 0.2
"""Side of a component, in heights of the writing, below which it may be dirt."""


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a page at the resolution at which lines are found.

    Attributes:
        mask: bool h×w.
        scale: pixels of the mask per pixel of the page.
        size: ``s``, the typical height of the writing, in pixels of the mask; 0 if there is none.
        frames: bool h×w, printed frames, which are not in the mask.
    """

    mask: NDArray[np.bool_]
    scale: float
    size: float
    frames: NDArray[np.bool_]

    @property
    def box(self) -> NDArray[np.float32] | None:
        """The box of the writing, x0, y0, x1, y1 in pixels of the page; ``None`` without ink.

        Dirt, smaller than a dot of the pen, is left out, and so is what the picture's border cuts off, unless
        it is the largest part.
        """
        _, labels, stats, _ = cv2.connectedComponentsWithStats(self.mask.astype(np.uint8), connectivity=8)
        parts = stats[1:]
        if not len(parts):
            return None
        dot = _stroke_width(labels == 1 + int(parts[:, cv2.CC_STAT_AREA].argmax()))
        parts = parts[(parts[:, 2:4] >= min(SPECK * self.size, dot)).any(axis=1)]
        if not len(parts):
            return None
        ends = parts[:, :2] + parts[:, 2:4]
        cut_off = (parts[:, :2] == 0).any(axis=1) | (ends == self.mask.shape[::-1]).any(axis=1)
        largest = int(parts[:, cv2.CC_STAT_AREA].argmax())
        keep = ~cut_off if not cut_off[largest] else np.ones(len(parts), bool)
        corners = np.concatenate([parts[keep, :2].min(axis=0), ends[keep].max(axis=0)])
        return np.asarray(corners / self.scale, np.float32)


def _stroke_width(part: NDArray[np.bool_]) -> float:
    """Returns the mean width of the strokes of a component, in pixels: its area over half its outline."""
    ink = part.astype(np.uint8)
    outline = ink & ~cv2.erode(ink, np.ones((3, 3), np.uint8)) & 1
    return float(2 * cv2.countNonZero(ink) / cv2.countNonZero(outline))


def ink_of(grey: NDArray[np.uint8]) -> Ink:
    """Finds the ink of a page, uint8 H×W, without printed rules and frames."""
    side = max(FIRST_SIDE, TALLEST * max(grey.shape) / min(grey.shape))
    while True:
        scale = min(1.0, side / max(grey.shape))
        small = grey
        if scale < 1:
            small = np.asarray(
                cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
            )
        contrasted, frames = _contrasted(small)
        mask = _without_rules(contrasted)
        size = _size_of(mask)
        if size <= TALLEST or side <= 100:
            return Ink(mask, scale, size, frames & ~mask)
        side = max(small.shape) / 2


def _contrasted(grey: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns what differs from its surroundings, without what is no stronger than grain; and the frames."""
    local = planes(grey)[1]
    # Ink covers less area than paper, so its side of the mean has the longer tail.
    sign = np.float32(-1 if float((local * local * local).sum()) < 0 else 1)
    mask = sign * local > INK
    contrast = sign * cv2.GaussianBlur(grey.astype(np.float32) - _paper(grey), (0, 0), SMOOTH)
    grain = MAD_TO_DEVIATION * float(np.median(np.abs(contrast[::2, ::2])))
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    strongest = np.zeros(count, np.float32)
    np.maximum.at(strongest, labels[mask], contrast[mask])
    kept = strongest >= GRAIN * grain
    kept[0] = False
    # Beside strong strokes, the local contrast of a faint frame is too low.
    marks = (contrast >= max(GRAIN * grain, FAINTEST * float(contrast.max()))).astype(np.uint8)
    frames = _frames(marks)
    return np.asarray(kept[labels] & ~frames), frames


def _paper(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns the grey value of the paper at each pixel: the median of the surroundings."""
    height, width = grey.shape
    factor = int(np.clip(round(max(grey.shape) / PAPER_SIDE), 1, COARSEST))
    size = max(1, width // factor), max(1, height // factor)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(small, max(3, WINDOW // factor | 1))
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _without_rules(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Removes long straight runs down and across the page; strokes that cross them are joined again."""
    ink = mask.astype(np.uint8)
    across, down = (side // RULE for side in ink.shape[::-1])
    if across >= SHORTEST_RULE:
        ink = _without(ink, _rules(ink, across, (0.0,)), (3, 1))
    if down >= SHORTEST_RULE:
        ink = _without(ink, cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((down, 1), np.uint8)), (1, 3))
    across = max(across, round(STROKE * _size_of(ink)))
    if SHORTEST_RULE <= across < ink.shape[1]:
        ink = _without(ink, _rules(ink, across, SLOPES), (3, 1))
    return np.asarray(ink, bool)


def _frames(ink: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Returns the frames of forms, and the rules from side to side in them, of ink h×w, 1 or 0."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    frames = np.zeros(ink.shape, bool)
    for number in (np.flatnonzero(stats[1:, 2:4].min(axis=1) >= LEAST_FRAME) + 1).tolist():
        x, y, wide, high = stats[number, :4].tolist()
        here = slice(y, y + high), slice(x, x + wide)
        part = (labels[here] == number).astype(np.uint8)
        if _is_frame(part):
            frames[here] |= (part > 0) & (_inside(part) == 0)
    return frames


def _is_frame(part: NDArray[np.uint8]) -> bool:
    """Returns whether a component, 1 in its box h×w, is a rectangle's outline at least, level or slanting."""
    if _is_closed(part):
        return True
    (outline, *_), _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    _, sides, angle = cv2.minAreaRect(outline)
    angle -= 90 * round(angle / 90)
    if max(sides) < LONG_FRAME * min(sides) or abs(np.tan(np.deg2rad(angle))) > max(SLOPES):
        return False
    height, width = part.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    level = cv2.warpAffine(part, turn, (width, height), flags=cv2.INTER_NEAREST)
    x, y, wide, high = cv2.boundingRect(level)
    return _is_closed(level[y : y + high, x : x + wide])


def _is_closed(part: NDArray[np.uint8]) -> bool:
    """Returns whether a component has ink along all sides of its box."""
    border = max(2, round(BORDER * min(part.shape)))
    sides = (part[:border], part[-border:], part[:, :border].T, part[:, -border:].T)
    return all(float(side.any(axis=0).mean()) >= CLOSED for side in sides)


def _inside(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns a frame's component, h×w, without the frame and the rules that divide it; all of a full one."""
    filled = np.zeros_like(part)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    rings = np.ceil(cv2.distanceTransform(np.pad(filled, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]).astype(np.intp)
    inked = np.bincount(rings.ravel(), part.ravel()) / np.maximum(1, np.bincount(rings.ravel()))
    hollow = inked[1:] < HOLLOW
    if not hollow.any():
        return part
    thickness = int(hollow.argmax()) + 2
    left = part * (rings > thickness).astype(np.uint8)
    for _ in range(2):  # the rules across it, then those down it
        across = float(np.median(filled.sum(axis=1)))  # of a slanting frame, less than its box
        length = max(LEAST_FRAME // 2, round(CLOSED * (across - 2 * thickness)))
        rules = _rules(left, length, (0.0, *SLOPES), 2 * thickness)
        left = np.ascontiguousarray(_without(left, rules, (3, 1)).T)
        filled = np.ascontiguousarray(filled.T)
    return left


def _rules(
    ink: NDArray[np.uint8], length: int, slopes: Iterable[float], thickest: int = THICKEST
) -> NDArray[np.uint8]:
    """Finds straight runs of a length at some slopes, by shearing the page until they are level."""
    along = np.ones((1, GAP), np.uint8)
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, along)
    joined = cv2.dilate(joined, np.ones((3, 1), np.uint8))  # between two slopes, a rule is a staircase
    thick = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((thickest + 3, 1), np.uint8))
    joined = cv2.morphologyEx(joined & ~thick & 1, cv2.MORPH_CLOSE, along)
    found = np.zeros_like(ink)
    rows = _rows_of_wide(joined, length)
    joined, part = joined[rows], found[rows]
    height, width = joined.shape
    for slope in slopes if height else ():
        if abs(slope) * length > ink.shape[0]:  # such a run would not fit
            continue
        room = int(abs(slope) * width) + 1
        shear = np.array([[1, 0, 0], [slope, 1, room if slope < 0 else 0]], np.float32)
        level = cv2.warpAffine(joined, shear, (width, height + room), flags=cv2.INTER_NEAREST)
        runs = cv2.morphologyEx(level, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
        back = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        part |= np.asarray(cv2.warpAffine(runs, shear, (width, height), flags=back), np.uint8)
    return found


def _rows_of_wide(ink: NDArray[np.uint8], least: int) -> slice:
    """Returns the rows of all components that are at least so wide; none if there is no such component."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    wide = stats[1:][stats[1:, cv2.CC_STAT_WIDTH] >= least]
    if not len(wide):
        return slice(0, 0)
    top, tall = wide[:, cv2.CC_STAT_TOP], wide[:, cv2.CC_STAT_HEIGHT]
    return slice(int(top.min()), int((top + tall).max()))


def _without(ink: NDArray[np.uint8], rules: NDArray[np.uint8], across: tuple[int, int]) -> NDArray[np.uint8]:
    """Removes rules; joins the strokes that cross them again.

    Args:
        ink: h×w, 1 for ink.
        rules: h×w, 1 for rules.
        across: rows and columns of a line across the rule.
    """
    rules = np.asarray(cv2.dilate(rules, np.ones(across, np.uint8)), np.uint8)
    left = ink & ~rules & 1
    gap = np.ones(tuple(2 * side + 1 for side in across), np.uint8)
    return np.asarray(left | (cv2.morphologyEx(left, cv2.MORPH_CLOSE, gap) & rules), np.uint8)


def _size_of(mask: NDArray[Any]) -> float:
    """Returns the median height of the components, weighted by area so that dots and dashes count little."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    stats = stats[1:]
    stats = stats[stats[:, cv2.CC_STAT_AREA] >= LEAST_AREA]
    if not len(stats):
        return 0.0
    heights = stats[:, cv2.CC_STAT_HEIGHT]
    order = np.argsort(heights)
    total = np.cumsum(stats[order, cv2.CC_STAT_AREA])
    return float(heights[order][np.searchsorted(total, total[-1] / 2)])
