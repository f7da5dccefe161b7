"""Pages of real numbers: strips from registers and transcribed texts, with digit boxes from a detector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.array_files import load_npz
from inkread.datasets.strips import load_numbers
from inkread.synthetic import surfaces
from inkread.synthetic.counting import IGNORED

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.strips import Number

BOXES_FILE = "number_boxes.npz"
"""The digit boxes of each number, as ``training.alignment`` found them."""
HEIGHTS = (11.0, 38.0)
"""Heights of the digits on a page, in pixels."""
SPREAD = 0.15
"""Size variation of the numbers in a row: standard deviation of the logarithm."""
BETWEEN = 16
"""Maximum columns and rows of paper around a strip, whose border is repeated."""


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
    ends = np.append(0, np.cumsum(pack["count"].astype(np.int64)))
    known = {
        source: pack["boxes"][ends[i] : ends[i + 1]] for i, source in enumerate(pack["source"].astype(str))
    }
    return tuple(
        RealNumber.of(number, known[number.source].astype(np.float32))
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
        unit = math.exp(rng.uniform(math.log(HEIGHTS[0]), math.log(HEIGHTS[1])))
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
        deep = max(tile.shape[0] for tile in tiles)
        rows.append(
            np.hstack(
                [cv2.copyMakeBorder(t, 0, deep - t.shape[0], 0, 0, cv2.BORDER_REPLICATE) for t in tiles]
            )[:, :size]
        )
        top += deep
    page = np.asarray(np.vstack(rows)[:size] / 255, np.float32)
    pixels = surfaces.captured(surfaces.lit(page, rng), unit, rng, clean=rng.random() < 0.3)
    if rng.random() < 0.2:
        pixels = 255 - pixels
    return (
        pixels,
        np.concatenate(boxes).astype(np.float64),
        np.concatenate(heights),
        np.concatenate(classes),
    )
