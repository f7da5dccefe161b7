"""Trains the network that reads strips: by columns if the digits' places are known, and by text.

The strips are runs that a detector finds on scenes, and real numbers with known text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.nn import functional

from inkread.pipeline.detector import DIGITS, likely
from inkread.pipeline.strips import HEIGHT, TALL, runs_of, strip_along, strips_of
from inkread.synthetic.real import IGNORED
from inkread.synthetic.surfaces import displacements
from inkread.training import on_the_fly
from inkread.training.closeup_fit import page
from inkread.training.strip_network import COLUMN, StripNetwork, planes_of, unfolded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.datasets.strips import Number
    from inkread.pipeline.detector import Detector
    from inkread.pipeline.strips import Strip
    from inkread.synthetic.scenes import Scene
    from inkread.synthetic.writers import Stock
    from inkread.training.recipe import DetectorRecipe

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
NONE = DIGITS
BATCH, RATE = 32, 1.2e-3
"""Strips per step; the highest learning rate."""
TEXT = 0.3
"""Weight of the text's loss (connectionist temporal classification, in nats per digit) next to that of the
columns."""
CORE = 0.2
"""A digit's columns are those within this share of its width from its middle."""
NOT_ASKED = -100
"""The label of columns whose answer is unknown."""
STRETCH, GROW, MOVED = 0.2, 0.13, 2.0
"""How a strip is varied: the largest logarithm of its stretch; standard deviations of the logarithm of its
size, and of its place in pixels."""
ELASTIC, REACH = 1.2, 10
"""Largest standard deviation of each point's own displacement, and the distance at which displacements are
independent, in pixels (Simard et al. 2003)."""
COARSE, LOWEST = 0.3, 8.0
"""Share of strips in a lower resolution, and the least height of their digits there, in pixels."""
BLURRED, GRAIN, BENT = 0.2, 0.15, 0.35
"""Share of blurred strips; the strongest grain, of 1; the standard deviation of the logarithm of gamma."""


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


def samples_of(scene: Scene, boxes: NDArray[np.float32]) -> list[Sample]:
    """Returns a sample for each run of boxes on the scene."""
    return [_sample(strip, scene) for strip in strips_of(scene.pixels, boxes)]


def _sample(strip: Strip, scene: Scene) -> Sample:
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
    pages: int,
    seed: int,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> list[Sample]:
    """Cuts strips along the runs that the detector finds on so many pages."""
    samples: list[Sample] = []
    for index in range(pages):
        scene = page(stock, seed, index, size=PAGE)
        samples += samples_of(scene, likely(detector.detect(scene.pixels)[0]))
        on_batch(index + 1, pages)
    return samples


def gather_numbers(detector: Detector, numbers: Iterable[Number]) -> list[Sample]:
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
    return samples


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from.

    Attributes:
        planes: float32 N×1×40×W.
        labels: int64 N×(W / 2), the right answer for each column, or ``NOT_ASKED``.
        columns: int64 N, how many columns are not padding.
        digits: int64, those of the strips whose whole text is known, one after the other.
        lengths: int64 N, how many digits each has; -1 if the text is unknown.
    """

    planes: Tensor
    labels: Tensor
    columns: Tensor
    digits: Tensor
    lengths: Tensor

    def to(self, device: torch.device) -> Batch:
        """Returns the batch on a device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def batch_of(samples: Sequence[Sample]) -> Batch:
    """Puts samples into one batch, padded on the right."""
    inputs, counts = planes_of([sample.pixels for sample in samples])
    columns = counts.tolist()
    labels = np.full((len(samples), inputs.shape[3] // COLUMN), NOT_ASKED, np.int64)
    lengths: list[int] = []
    text: list[int] = []
    for row, sample in enumerate(samples):
        known = not np.isnan(sample.ends).any()
        if known:
            labels[row, : columns[row]] = NONE
            for (x0, x1), digit in zip(sample.ends.tolist(), sample.digits.tolist(), strict=True):
                middle, reach = (x0 + x1) / 2, CORE * (x1 - x0)
                ends = (middle - reach, middle + reach) if digit >= 0 else (x0, x1)
                first, last = (min(max(0, int(end / COLUMN)), columns[row] - 1) for end in ends)
                labels[row, first : last + 1] = digit if digit >= 0 else NOT_ASKED
        is_whole = bool((sample.digits >= 0).all())
        lengths.append(len(sample.digits) if is_whole else -1)
        text += sample.digits.tolist() if is_whole else []
    digits = torch.tensor(text, dtype=torch.int64)
    return Batch(inputs, torch.from_numpy(labels), counts, digits, torch.tensor(lengths))


def loss_of(logits: Tensor, batch: Batch) -> Tensor:
    """Returns the loss of the columns and of the texts together."""
    asked = batch.labels != NOT_ASKED
    loss = 0.0 * logits.sum()
    if asked.any():
        # Per digit, because how many columns there are says little.
        digit = asked & (batch.labels < NONE)
        each = functional.cross_entropy(
            logits.flatten(0, 1), batch.labels.flatten(), ignore_index=NOT_ASKED, reduction="sum"
        )
        loss = loss + each / max(1, int(digit.sum()))
    known = batch.lengths >= 0
    if known.any():
        loss = loss + TEXT * functional.ctc_loss(
            logits[known].log_softmax(dim=2).transpose(0, 1),
            batch.digits,
            batch.columns[known],
            batch.lengths[known],
            blank=NONE,
            zero_infinity=True,
        )
    return loss


def varied(sample: Sample, rng: np.random.Generator) -> Sample:
    """Stretches, scales, moves, and bends a strip, and changes its resolution and its light."""
    height, width = sample.pixels.shape
    size = math.exp(rng.normal(0, GROW))
    across = size * math.exp(rng.uniform(-STRETCH, STRETCH))
    target = max(HEIGHT // 2, round(width * across))
    bent = ELASTIC * float(rng.random()) * displacements((HEIGHT, target), REACH, rng)
    # The source of each pixel; OpenCV's whole numbers are the middles of pixels.
    x = (np.arange(target, dtype=np.float32)[None] + bent[0] + 0.5) / across - 0.5
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None] + bent[1] + 0.5 - HEIGHT / 2 + rng.normal(0, MOVED)
    places = x.astype(np.float32), (rows / size + height / 2 - 0.5).astype(np.float32)
    pixels = cv2.remap(sample.pixels, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < COARSE:
        share = math.exp(rng.uniform(math.log(LOWEST / TALL), 0))
        small = max(4, round(target * share)), max(4, round(HEIGHT * share))
        coarse = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
        pixels = cv2.resize(coarse, (target, HEIGHT), interpolation=cv2.INTER_CUBIC)
    if rng.random() < BLURRED:
        pixels = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.4, 1.6)))
    value = (pixels if rng.random() < 0.6 else 255 - pixels).astype(np.float32) / 255
    value **= np.float32(math.exp(rng.normal(0, BENT)))
    value += np.float32(GRAIN * rng.random() ** 3) * rng.standard_normal(value.shape, np.float32)
    gain = float(rng.uniform(0.4, 1.0))
    value = np.clip(value * gain + rng.random() * (1 - gain), 0, 1)
    return Sample(np.asarray(value * 255, np.uint8), sample.ends * np.float32(across), sample.digits)


def batches(
    parts: Sequence[list[Sample]], shares: Sequence[float], rng: np.random.Generator
) -> Iterator[list[Sample]]:
    """Yields endless batches of strips of similar widths; ``shares`` is how often a strip is of each part."""
    while True:
        of = rng.choice(len(parts), 32 * BATCH, p=np.array(shares) / sum(shares))
        chosen = [parts[part][int(rng.integers(len(parts[part])))] for part in of]
        chosen.sort(key=_width)
        for first in rng.permutation(len(chosen) // BATCH) * BATCH:
            yield chosen[first : first + BATCH]


def _width(sample: Sample) -> int:
    return sample.pixels.shape[1]


def fit_strips(
    parts: Sequence[list[Sample]], shares: Sequence[float], recipe: DetectorRecipe, **options: Any
) -> StripNetwork:
    """Returns the network after ``recipe.strip_steps`` steps; see ``on_the_fly.fit_second`` for options.

    ``parts`` are the sets of strips to learn from, ``shares`` how often a strip is of each.
    """

    def varied_batches(epoch: int) -> Iterator[tuple[Tensor, Batch]]:
        rng = np.random.default_rng([recipe.seed, 3, epoch])
        for samples in batches(parts, shares, rng):
            batch = batch_of([varied(sample, rng) for sample in samples])
            yield batch.planes, batch

    torch.manual_seed(recipe.seed)
    task = on_the_fly.BatchesTask(
        varied_batches, lambda answer, batch: loss_of(unfolded(answer), batch.to(answer.device))
    )
    return on_the_fly.fit_second(
        StripNetwork(DIGITS + 1),
        task,
        recipe,
        steps=recipe.strip_steps,
        rate=RATE,
        start=on_the_fly.STRIP,
        **options,
    )
