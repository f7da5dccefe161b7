"""Trains the network that reads strips: by columns if the digits' places are known, and by text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import torch
from torch.nn import functional

from inkread.evaluation.metrics import edit_distance
from inkread.pipeline.detector import DIGITS
from inkread.pipeline.strips import HEIGHT, TALL, planes
from inkread.training import second_networks, starts
from inkread.training.hardware import multiplies_bfloat16
from inkread.training.strip_network import ANSWERS, COLUMN, StripNetwork, unfolded
from inkread.training.strip_stock import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.training.recipe import DetectorRecipe
    from inkread.training.strip_stock import Strips

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
    widths = np.array([sample.pixels.shape[1] for sample in samples])
    width = -(-int(widths.max()) // (ANSWERS * COLUMN)) * ANSWERS * COLUMN
    pixels = np.zeros((len(samples), HEIGHT, width), np.uint8)
    labels = np.full((len(samples), width // COLUMN), NOT_ASKED, np.int64)
    columns = -(-widths // COLUMN)
    lengths: list[int] = []
    text: list[int] = []
    for row, sample in enumerate(samples):
        pixels[row, :, : widths[row]] = sample.pixels
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
    return Batch(
        torch.from_numpy(planes(pixels, widths)),
        torch.from_numpy(labels),
        torch.from_numpy(columns),
        torch.tensor(text, dtype=torch.int64),
        torch.tensor(lengths),
    )


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
    bent = ELASTIC * float(rng.random()) * _displacements(target, rng)
    # The source of each pixel; OpenCV's whole numbers are the middles of pixels.
    x = (np.arange(target, dtype=np.float32)[None] + bent[0] + 0.5) / across - 0.5
    y = (
        (np.arange(HEIGHT, dtype=np.float32)[:, None] + bent[1] + 0.5 - HEIGHT / 2 + rng.normal(0, MOVED))
        / size
        + height / 2
        - 0.5
    )
    pixels = cv2.remap(
        sample.pixels,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if rng.random() < COARSE:
        share = math.exp(rng.uniform(math.log(LOWEST / TALL), 0))
        small = max(4, round(target * share)), max(4, round(HEIGHT * share))
        pixels = cv2.resize(
            cv2.resize(pixels, small, interpolation=cv2.INTER_AREA),
            (target, HEIGHT),
            interpolation=cv2.INTER_CUBIC,
        )
    if rng.random() < BLURRED:
        pixels = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.4, 1.6)))
    value = (pixels if rng.random() < 0.6 else 255 - pixels).astype(np.float32) / 255
    value **= np.float32(math.exp(rng.normal(0, BENT)))
    value += np.float32(GRAIN * rng.random() ** 3) * rng.standard_normal(value.shape, np.float32)
    gain = float(rng.uniform(0.4, 1.0))
    value = np.clip(value * gain + rng.random() * (1 - gain), 0, 1)
    return Sample(np.asarray(value * 255, np.uint8), sample.ends * np.float32(across), sample.digits)


def _displacements(width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns smooth noise, 2×40×W, along x and y, with a standard deviation of about 1."""
    coarse = (2 + HEIGHT // REACH, 2 + width // REACH)
    noise = rng.standard_normal((2, *coarse), np.float32)
    return np.stack([cv2.resize(one, (width, HEIGHT), interpolation=cv2.INTER_CUBIC) for one in noise])


def batches(
    parts: Sequence[Strips], shares: Sequence[float], rng: np.random.Generator
) -> Iterator[list[Sample]]:
    """Yields endless batches of strips of similar widths; ``shares`` is how often a strip is of each part."""
    while True:
        widths = [np.diff(part.limits) for part in parts]
        of = rng.choice(len(parts), 32 * BATCH, p=np.array(shares) / sum(shares))
        chosen = [(int(part), int(rng.integers(len(parts[part])))) for part in of]
        chosen.sort(key=lambda each: widths[each[0]][each[1]])
        for first in rng.permutation(len(chosen) // BATCH) * BATCH:
            yield [parts[part][index] for part, index in chosen[first : first + BATCH]]


def fit_strips(
    parts: Sequence[Strips], shares: Sequence[float], recipe: DetectorRecipe, **options: Any
) -> StripNetwork:
    """Returns the network after ``recipe.strip_steps`` steps of ``BATCH`` strips each.

    Args:
        parts: the sets of strips to learn from.
        shares: how often a strip is of each part.
        recipe: see ``hardware.resolved``.
        options: see ``second_networks.learn``.
    """
    torch.manual_seed(recipe.seed)
    network = second_networks.learn(
        StripNetwork(DIGITS + 1),
        lambda epoch: _varied_batches(parts, shares, np.random.default_rng([recipe.seed, 3, epoch])),
        recipe,
        steps=recipe.strip_steps,
        rate=RATE,
        start=starts.STRIP,
        **options,
    )
    return cast("StripNetwork", network)


def _varied_batches(
    parts: Sequence[Strips], shares: Sequence[float], rng: np.random.Generator
) -> Iterator[second_networks.Batch]:
    for samples in batches(parts, shares, rng):
        batch = batch_of([varied(sample, rng) for sample in samples])
        yield second_networks.Batch(batch.planes, partial(_loss_of_answer, batch=batch))


def _loss_of_answer(answer: Tensor, batch: Batch) -> Tensor:
    return loss_of(unfolded(answer), batch.to(answer.device))


@torch.no_grad()
def evaluate(network: StripNetwork, strips: Strips) -> tuple[float, float]:
    """Returns the share of strips with known text that is read exactly, and the edits needed per digit."""
    right = errors = length = count = 0
    order = np.argsort(np.diff(strips.limits), kind="stable")
    for first in range(0, len(order), BATCH):
        samples = [strips[int(index)] for index in order[first : first + BATCH]]
        batch = batch_of(samples)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=multiplies_bfloat16("cpu")):
            logits = unfolded(network(batch.planes.to(memory_format=torch.channels_last)).float())
        for sample, best, columns in zip(
            samples, logits.argmax(dim=2).numpy(), batch.columns.tolist(), strict=True
        ):
            if (sample.digits < 0).any():
                continue
            read = "".join(str(label) for label, _ in groupby(best[:columns].tolist()) if label != NONE)
            text = "".join(map(str, sample.digits))
            right += read == text
            errors += edit_distance(read, text)
            length += len(text)
            count += 1
    return right / max(1, count), errors / max(1, length)
