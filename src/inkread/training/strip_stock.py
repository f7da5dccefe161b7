"""Strips to learn from: runs that a detector finds on scenes, and real numbers with known text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.detector import DIGITS, likely
from inkread.pipeline.strips import HEIGHT, runs_of, strip_along, strips_of
from inkread.synthetic.counting import IGNORED
from inkread.training.closeup_fit import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from inkread.datasets.strips import Number
    from inkread.pipeline.detector import Detector
    from inkread.pipeline.strips import Strip
    from inkread.synthetic.scenes import Scene
    from inkread.synthetic.writers import Stock

PAGE = 320
OUTSIDE, HALFWAY = 1.0, 0.5
"""Distance of a digit's middle from a strip's course, in its heights, from which it is not part of the strip,
and below which it is."""
WHOLE = 0.75
"""A digit may be read or not if a smaller share of it is in the strip."""
UNKNOWN = np.nan
"""The place of a digit if only the text is known."""
OF_PAPER, LEAST_OF_PAPER = 0.75, 0.3
"""For a number in which no digit is found: the assumed foot of its digits, and their least height, as shares
of the strip's height."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One strip.

    Attributes:
        pixels: uint8 40×W.
        ends: float32 N×2, where each digit begins and ends, pixels, or ``UNKNOWN``.
        digits: int64 N, ``IGNORED`` for those that may be read or not.
    """

    pixels: NDArray[np.uint8]
    ends: NDArray[np.float32]
    digits: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strips:
    """Many strips, end to end.

    Attributes:
        columns: uint8 C×40, of all strips.
        limits: int64 N + 1, the first column of each strip, and the end of the last.
        counts: int64 N + 1, the same for the digits.
        ends: float32 M×2, see ``Sample``.
        digits: int8 M, see ``Sample``.
    """

    columns: NDArray[np.uint8]
    limits: NDArray[np.int64]
    counts: NDArray[np.int64]
    ends: NDArray[np.float32]
    digits: NDArray[np.int8]

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Strips:
        """Puts samples together."""
        kept = list(samples)
        return cls(
            np.concatenate([sample.pixels.T for sample in kept] or [np.zeros((0, HEIGHT), np.uint8)]),
            np.cumsum(np.array([0, *(sample.pixels.shape[1] for sample in kept)], np.int64)),
            np.cumsum(np.array([0, *(len(sample.digits) for sample in kept)], np.int64)),
            np.concatenate([sample.ends for sample in kept] or [np.zeros((0, 2), np.float32)]),
            np.concatenate([sample.digits for sample in kept] or [np.zeros(0, np.int64)]).astype(np.int8),
        )

    def __len__(self) -> int:
        return len(self.limits) - 1

    def __getitem__(self, index: int) -> Sample:
        columns = slice(*self.limits[index : index + 2])
        digits = slice(*self.counts[index : index + 2])
        return Sample(
            np.ascontiguousarray(self.columns[columns].T),
            self.ends[digits],
            self.digits[digits].astype(np.int64),
        )


def samples_of(scene: Scene, boxes: NDArray[np.float32]) -> list[Sample]:
    """Returns a sample for each run of boxes on the scene."""
    return [_sample(strip, scene) for strip in strips_of(scene.pixels, boxes)]


def _sample(strip: Strip, scene: Scene) -> Sample:
    """Returns the scene's digits that the strip shows."""
    digit = scene.classes < DIGITS
    boxes, classes = scene.boxes[digit], scene.classes[digit]
    places = strip.places(boxes)
    ends, width = places[:, :2], strip.pixels.shape[1]
    inside = np.clip(ends, 0, width)
    seen = np.diff(inside)[:, 0] / np.maximum(np.diff(ends)[:, 0], 1e-3)
    middle = (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
    tall = np.maximum(boxes[:, 3] - boxes[:, 1], HEIGHT / 2 / strip.scale)
    aside = np.abs(middle[:, 1] - np.polyval(strip.course, middle[:, 0])) / tall
    surely = (places[:, 2] < 1) & (seen >= WHOLE) & (aside < HALFWAY)
    touched = (seen > 0) & (aside < OUTSIDE)
    labels = np.where(surely, classes, IGNORED)[touched]
    order = np.argsort(ends[touched].sum(axis=1), kind="stable")
    return Sample(strip.pixels, ends[touched][order].astype(np.float32), labels[order])


def gather(
    detector: Detector,
    stock: Stock,
    *,
    pages: range,
    seed: int,
    on_page: Callable[[int], object] = lambda _done: None,
) -> Strips:
    """Cuts strips along the runs that the detector finds on these pages."""
    samples: list[Sample] = []
    for index in pages:
        scene = page(stock, seed, index, size=PAGE)
        samples += samples_of(scene, likely(detector.detect(scene.pixels)[0]))
        on_page(index)
    return Strips.of(samples)


def gather_numbers(detector: Detector, numbers: Iterable[Number]) -> Strips:
    """Cuts a strip along each number; its text is known, but not the places of its digits."""
    samples = []
    for number in numbers:
        height, width = number.pixels.shape
        boxes = likely(detector.detect(number.pixels)[0])
        boxes = boxes[boxes[:, 3] - boxes[:, 1] > LEAST_OF_PAPER * height]
        run = boxes[max(runs_of(boxes), key=len, default=[])]
        if not len(run):
            run = np.array([[0, (1 - OF_PAPER) * height, 0, OF_PAPER * height]], np.float32)
        # Two boxes at the ends make it as long as the picture.
        whole = np.concatenate([run[:1], run, run[-1:]])
        whole[0, [0, 2]], whole[-1, [0, 2]] = 0, width
        strip = strip_along([number.pixels], whole)
        digits = np.array([int(character) for character in number.text])
        samples.append(Sample(strip.pixels, np.full((len(digits), 2), UNKNOWN, np.float32), digits))
    return Strips.of(samples)
