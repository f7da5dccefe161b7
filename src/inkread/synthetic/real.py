"""Pages of real writing, and which of their digits count.

They are rows of real numbers: strips from registers and transcribed texts, with digit boxes from a detector;
and crops of pages that people corrected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from inkread.datasets.array_files import load_npz
from inkread.datasets.strips import load_numbers
from inkread.synthetic import surfaces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.corrections import CorrectedPage
    from inkread.datasets.strips import Number

BOXES_FILE = "number_boxes.npz"
"""The digit boxes of each number, as ``training.alignment`` found them."""
WRITTEN, CROPPED = (11.0, 38.0), (9.0, 40.0)
"""Heights of the digits on pages of real numbers, and on crops of corrected pages, in pixels."""
SPREAD = 0.15
"""Size variation of the numbers in a row: standard deviation of the logarithm."""
BETWEEN = 16
"""Maximum columns and rows of paper around a strip, whose border is repeated."""
EMPTY = 0.15
"""Share of crops that are anywhere on the page, not around one of its digits."""
IGNORED = -1
"""The class of objects that may or may not be detected."""
VISIBLE, DOUBTFUL = 0.75, 0.3
"""Visible shares of a digit that the border cuts: at least the first, it must be detected; below the second,
it is background."""


class Heights(NamedTuple):
    """Ranges of the heights of digits, in pixels: of those that must be detected, and that may be."""

    counted: tuple[float, float]
    possible: tuple[float, float]


def counted(
    boxes: NDArray[np.floating],
    heights: NDArray[np.floating],
    classes: NDArray[np.int64],
    frame: tuple[int, int, int, int],
    wanted: Heights,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns the boxes within the frame and their classes; ``IGNORED`` if detection is optional.

    Args:
        boxes: N×4, x0, y0, x1, y1 in pixels.
        heights: N, height of each digit, or of the digits next to a sign.
        classes: N.
        frame: the picture's edges, x0, y0, x1, y1.
        wanted: which heights must be detected, and which may be.
    """
    if not len(boxes):
        return np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    low, high = (np.array([*edge, *edge], np.float64) for edge in (frame[:2], frame[2:]))
    inside = np.clip(boxes, low, high)
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3), axis=1)
    seen = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / area
    must, may = ((heights >= least) & (heights <= most) for least, most in (wanted.counted, wanted.possible))
    found = must & (seen >= VISIBLE)
    keep = found | (may & (seen >= DOUBTFUL))
    return inside[keep].astype(np.float32), np.where(found, classes, IGNORED)[keep]


@dataclass(frozen=True, slots=True)
class RealNumber:
    """A strip with known digits.

    Attributes:
        pixels: uint8 48×W, dark on light.
        boxes: float32 N×4, the digits' boxes, then regions that contain a sign at an unknown position.
        classes: int64 N, ``IGNORED`` for the latter.
        height: median height of the digits, pixels.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    height: float

    @classmethod
    def of(cls, number: Number, boxes: NDArray[np.float32]) -> RealNumber:
        """Combines a number with its digit boxes."""
        tall = float(np.median(boxes[:, 3] - boxes[:, 1]))
        places = [_place_of_sign(boxes, after, tall) for after in number.signs]
        classes = [*map(int, number.text), *(IGNORED for _ in places)]
        return cls(
            number.pixels,
            np.concatenate([boxes, np.array(places, np.float32).reshape(-1, 4)]),
            np.array(classes, np.int64),
            tall,
        )


def load_real(data_dir: Path | None = None, *, held_out: bool = False) -> tuple[RealNumber, ...]:
    """Loads the numbers with known digit boxes; see ``load_numbers`` for the arguments and errors."""
    path = resources.files("inkread.synthetic") / BOXES_FILE
    with resources.as_file(path) as file:
        pack = load_npz(file, ("source", "count", "boxes"))
    boxes = np.split(pack["boxes"].astype(np.float32), np.cumsum(pack["count"].astype(np.int64))[:-1])
    known = dict(zip(pack["source"].astype(str).tolist(), boxes, strict=True))
    return tuple(
        RealNumber.of(number, known[number.source])
        for number in load_numbers(data_dir, held_out=held_out)
        if number.source in known
    )


def _place_of_sign(boxes: NDArray[np.float32], after: int, tall: float) -> list[float]:
    """Returns a box between two digits, or beside the first or last, from mid-height to below the line."""
    left = float(boxes[after, 2]) if after >= 0 else float(boxes[0, 0]) - tall
    right = float(boxes[after + 1, 0]) if after + 1 < len(boxes) else left + tall
    beside = boxes[max(after, 0)]
    middle, foot = float(beside[1] + beside[3]) / 2, float(beside[3])
    return [min(left, right) - 0.1 * tall, middle, max(left, right) + 0.1 * tall, foot + 0.4 * tall]


def corrected_part(
    pages: Sequence[CorrectedPage], rng: np.random.Generator, size: int, wanted: Heights
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Crops a square from a corrected page, at the sizes that the detector is trained for.

    The page's border is repeated beyond it. Returns uint8 size×size and the digits that count, see
    ``counted``.
    """
    page = pages[int(rng.integers(len(pages)))]
    height, width = page.pixels.shape
    tall = float(np.median(page.boxes[:, 3] - page.boxes[:, 1])) if len(page.boxes) else height / 8
    scale = math.exp(rng.uniform(math.log(CROPPED[0]), math.log(CROPPED[1]))) / max(tall, 1.0)
    middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    if len(page.boxes) and rng.random() >= EMPTY:
        x0, y0, x1, y1 = page.boxes[int(rng.integers(len(page.boxes)))].tolist()
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    # The digit may be anywhere in the square.
    corner = middle * scale - rng.uniform(0.1, 0.9, 2) * size
    source = page.pixels
    while scale < 0.5 and min(source.shape) >= 4:
        source = np.asarray(cv2.resize(source, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2
    own = np.array([source.shape[1] / width, source.shape[0] / height])
    whole = scale * own  # from page pixels to square pixels
    matrix = np.array([[scale, 0, 0.5 * scale - 0.5 - corner[0]], [0, scale, 0.5 * scale - 0.5 - corner[1]]])
    pixels = cv2.warpAffine(
        source, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    boxes = page.boxes * np.tile(whole, 2) - np.tile(corner, 2)
    heights = boxes[:, 3] - boxes[:, 1]
    found = counted(boxes, heights, page.classes, (0, 0, size, size), wanted)
    return np.asarray(pixels, np.uint8), *found


def real_page(
    numbers: tuple[RealNumber, ...], rng: np.random.Generator, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Renders rows of real numbers on paper of a single tone, captured by a camera again.

    Returns:
        uint8 size×size; then, for the digits, including some beyond the page's edge, and for regions to
        ignore: the boxes, the heights of the digits there, and the classes.
    """
    rows, boxes, heights, classes, top, unit = [], [], [], [], 0, 20.0
    tone = float(rng.uniform(120, 250))
    while top < size:
        unit = math.exp(rng.uniform(math.log(WRITTEN[0]), math.log(WRITTEN[1])))
        tiles, left = [], 0
        while left < size:
            number = numbers[int(rng.integers(len(numbers)))]
            scale = unit * math.exp(rng.normal(0, SPREAD)) / number.height
            width, height = (max(4, round(side * scale)) for side in number.pixels.shape[::-1])
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            paper = max(1.0, float(np.median(number.pixels)))
            even = cv2.convertScaleAbs(number.pixels, alpha=tone / paper)
            resized = cv2.resize(even, (width, height), interpolation=way)
            above, below, before, after = (int(side) for side in rng.integers(0, BETWEEN, 4))
            tile = cv2.copyMakeBorder(resized, above, below, before, after, cv2.BORDER_REPLICATE)
            scales = np.array([width, height] * 2) / np.array(number.pixels.shape[::-1] * 2)
            own = number.boxes * scales
            boxes.append(own + np.array([left + before, top + above] * 2))
            heights.append(np.where(number.classes < 0, number.height * scales[1], own[:, 3] - own[:, 1]))
            classes.append(number.classes)
            tiles.append(tile)
            left += tile.shape[1]
        deep = max(len(tile) for tile in tiles)
        tall = [cv2.copyMakeBorder(t, 0, deep - len(t), 0, 0, cv2.BORDER_REPLICATE) for t in tiles]
        rows.append(np.hstack(tall)[:, :size])
        top += deep
    page = np.asarray(np.vstack(rows)[:size] / 255, np.float32)
    pixels = surfaces.captured(surfaces.lit(page, rng), unit, rng, clean=rng.random() < 0.3)
    if rng.random() < 0.2:
        pixels = 255 - pixels
    places = np.concatenate(boxes).astype(np.float64)
    return pixels, places, np.concatenate(heights), np.concatenate(classes)
