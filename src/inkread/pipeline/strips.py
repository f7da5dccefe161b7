"""Strips: each run of neighboring digits, cut from the page at one height, for a network to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.pipeline.lines import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT, TALL = 40, 22.0
"""Height of a strip, and median height of its digits, pixels."""
GAP = 1.2
"""Maximum gap between neighbors of a run, in heights of the row."""
BEYOND = 1.0
"""Margin before the first and after the last digit, in heights of the row."""
NARROWEST = 24
LEAST_DEVIATION, LIMIT = 0.03, 3.0
"""Standard deviation below which contrast is not amplified; deviations from the mean that map to 1."""
LIKE = (0.4, 2.2)
"""Range of a box's height in a strip, relative to the strip's digits."""
ASIDE = 0.5
"""Maximum distance of a box's center from the strip's course, in heights of its digits."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A run of digits as one image.

    Attributes:
        pixels: uint8 40×W.
        left: its start on the page, pixels.
        scale: pixels of the strip per pixel of the page.
        course: polynomial in x, highest power first, of the vertical center of the digits on the page.
    """

    pixels: NDArray[np.uint8]
    left: float
    scale: float
    course: NDArray[np.float64]

    def places(self, boxes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns N×3: start and end of each box in the strip, pixels, and its mismatch, 1 if outside.

        Args:
            boxes: N×4, x0, y0, x1, y1 in pixels of the page.
        """
        middle = (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
        tall = TALL / self.scale
        aside = np.abs(middle[:, 1] - np.polyval(self.course, middle[:, 0])) / tall
        share = np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3) / tall
        ends = (boxes[:, [0, 2]] - self.left) * self.scale
        within = (ends.mean(axis=1) > 0) & (ends.mean(axis=1) < self.pixels.shape[1])
        fits = within & (aside < ASIDE) & (share > LIKE[0]) & (share < LIKE[1])
        unlike = (aside / ASIDE + np.abs(np.log(share))) / (1 + np.log(LIKE[1]))
        return np.column_stack([ends, np.where(fits, np.minimum(unlike, 0.999), 1.0)])


def runs_of(boxes: NDArray[np.float32]) -> list[list[int]]:
    """Returns the indices of the boxes, run by run, each from left to right: rows split at wide gaps.

    A box whose height is very different from its row's is a run by itself.
    """
    runs = []
    for row in rows_of(boxes):
        heights = boxes[row, 3] - boxes[row, 1]
        tall = float(np.median(heights))
        run: list[int] = []
        end = 0.0
        for index, height in zip(row, heights.tolist(), strict=True):
            if not LIKE[0] * tall < height < LIKE[1] * tall:
                runs.append([index])
                continue
            if run and boxes[index, 0] - end > GAP * tall:
                runs.append(run)
                run = []
            end = max(end, boxes[index, 2]) if run else boxes[index, 2]
            run.append(index)
        runs += [run] if run else []
    return runs


def strips_of(grey: NDArray[np.uint8], boxes: NDArray[np.float32]) -> list[Strip]:
    """Cuts a strip along each run.

    Args:
        grey: uint8 H×W.
        boxes: N×4 of probable digits, with little overlap, x0, y0, x1, y1 in pixels.
    """
    pyramid = [grey]
    return [strip_along(pyramid, boxes[run]) for run in runs_of(boxes)]


def owners(strips: list[Strip], boxes: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Assigns each box to the strip that it fits best, or to -1, and returns its start and end in it.

    Args:
        strips: the strips of a page.
        boxes: N×4, x0, y0, x1, y1 in pixels of the page.

    Returns:
        N integers, and N×2 in pixels of the strip.
    """
    owner, best, ends = np.full(len(boxes), -1), np.ones(len(boxes)), np.zeros((len(boxes), 2))
    for index, strip in enumerate(strips):
        places = strip.places(boxes)
        better = places[:, 2] < best
        owner[better], best[better], ends[better] = index, places[better, 2], places[better, :2]
    return owner, ends


def strip_along(pyramid: list[NDArray[np.uint8]], boxes: NDArray[np.float32]) -> Strip:
    """Cuts the strip along the boxes of one run.

    Args:
        pyramid: the page and its halved versions so far; extended if needed.
        boxes: N×4, from left to right.
    """
    grey = pyramid[0]
    tall = max(2.0, float(np.median(boxes[:, 3] - boxes[:, 1])))
    middle = (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
    # Two digits at different heights do not make a slope.
    degree = 0 if len(boxes) < 3 else 1 if len(boxes) < 9 else 2
    course = np.polyfit(middle[:, 0], middle[:, 1], degree)
    left = max(float(boxes[:, 0].min()) - BEYOND * tall, -BEYOND * tall / 4)
    right = min(float(boxes[:, 2].max()) + BEYOND * tall, grey.shape[1] + BEYOND * tall / 4)
    scale = TALL / tall
    width = max(NARROWEST, int(np.ceil((right - left) * scale)))
    level = max(0, int(np.floor(-np.log2(scale))))
    while len(pyramid) <= level and min(pyramid[-1].shape) >= 2:
        half = tuple(max(1, side // 2) for side in pyramid[-1].shape[::-1])
        pyramid.append(np.asarray(cv2.resize(pyramid[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
    source = pyramid[min(level, len(pyramid) - 1)]
    x = left + (np.arange(width) + 0.5) / scale
    aside = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) / scale
    y = np.polyval(course, x)[None] + aside[:, None]
    # In OpenCV, integer coordinates are pixel centers.
    map_x = np.broadcast_to(x * source.shape[1] / grey.shape[1] - 0.5, y.shape).astype(np.float32)
    map_y = (y * source.shape[0] / grey.shape[0] - 0.5).astype(np.float32)
    pixels = cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Strip(np.asarray(pixels, np.uint8), left, scale, np.asarray(course, np.float64))


def planes(pixels: NDArray[np.uint8], widths: NDArray[np.int64]) -> NDArray[np.float32]:
    """Makes the network's input: strips with mean 0, normalized contrast and bright ink, padded with 0.

    Args:
        pixels: N×H×W uint8.
        widths: N, the width of each strip; the rest is padding.

    Returns:
        N×1×H×W float32 in -1..1.
    """
    value = pixels.astype(np.float32) / np.float32(255)
    inside = (np.arange(pixels.shape[2]) < widths[:, None]).astype(np.float32)[:, None]
    area = pixels.shape[1] * widths.astype(np.float32)[:, None, None]
    mean = (value * inside).sum(axis=(1, 2), keepdims=True) / area
    deviation = np.sqrt((((value - mean) * inside) ** 2).sum(axis=(1, 2), keepdims=True) / area)
    even = np.clip((value - mean) / ((deviation + np.float32(LEAST_DEVIATION)) * np.float32(LIMIT)), -1, 1)
    even *= inside
    # Ink covers less area than paper, so its side of the mean has the longer tail.
    is_dark = (even**3).sum(axis=(1, 2), keepdims=True) < 0
    return np.asarray(np.where(is_dark, -even, even)[:, None], np.float32)
