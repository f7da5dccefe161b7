"""The network for close-ups: whether a box holds exactly one digit, and which, from the box and around it.

It learns from a detector's candidates on scenes, and from the digits there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inkread.pipeline import closeups
from inkread.pipeline.detector import DIGITS
from inkread.synthetic.scenes import Heights, make_scene
from inkread.training import on_the_fly
from inkread.training.alignment import labelled
from inkread.training.detector_fit import Residual, convolution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.pipeline.detector import Detector
    from inkread.synthetic.scenes import Scene
    from inkread.synthetic.writers import Stock
    from inkread.training.recipe import DetectorRecipe

HEIGHTS = Heights((7.0, 1e9), (5.0, 1e9))
"""Heights of the digits that must be read on a page, and of those that may be, in pixels."""
WIDTHS = (24, 64, 112)
DROPPED = 0.2
PAGE = 256
MOST = 120
"""The most candidates per page to learn from: the most confident ones."""
SHIFTED, SCALED = 0.045, 0.06
"""How far the digits' boxes are moved and scaled, like a detector's: standard deviations, shares of the
box."""
BATCH, RATE, SMOOTHING = 64, 1.5e-3, 0.02
"""Close-ups per step; the highest learning rate; the smoothing of labels (Szegedy et al. 2016), because some
boxes are doubtful."""
TURNED, RESIZED, SHEARED, MOVED = 5.0, 0.07, 0.06, 0.8
"""How a close-up is varied, as standard deviations: degrees, logarithm of the scale, shear, pixels."""
BLURRED, GRAIN, BENT = 0.25, 0.15, 0.35
"""Share of blurred close-ups; the strongest grain, of 1; the standard deviation of the logarithm of gamma."""


class CloseupNetwork(nn.Module):
    """Halves the resolution three times, with residual blocks in between; two layers see all that is left.

    The classes include "not a single digit"; ``widths`` are the channels at each of the resolutions.
    """

    def __init__(self, classes: int, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        half, quarter, eighth = widths
        self.stem = convolution(2, half, stride=2)
        self.fine = Residual(half)
        self.to_middle = convolution(half, quarter, stride=2)
        self.middle = Residual(quarter)
        self.to_coarse = convolution(quarter, eighth, stride=2)
        self.coarse = Residual(eighth)
        self.flat = nn.Conv2d(eighth, 128, closeups.SIDE // 8)
        self.output = nn.Conv2d(128, classes, 1)

    def forward(self, planes: Tensor) -> Tensor:
        """Maps N×2×48×48, see ``pipeline.closeups``, to N×classes logits."""
        relu = functional.relu
        x = self.fine(relu(self.stem(planes)))
        x = self.middle(relu(self.to_middle(x)))
        x = self.coarse(relu(self.to_coarse(x)))
        x = functional.dropout(relu(self.flat(x)), DROPPED, self.training)
        return self.output(x).flatten(1)


@dataclass(frozen=True, slots=True)
class Closeups:
    """Labelled close-ups.

    Attributes:
        pixels: N×48×48 uint8.
        shares: N×2 float32, see ``pipeline.closeups.shares``.
        labels: N int64, the digit, or 10.
    """

    pixels: NDArray[np.uint8]
    shares: NDArray[np.float32]
    labels: NDArray[np.int64]


def page(stock: Stock, seed: int, index: int, *, size: int = PAGE) -> Scene:
    """Makes a page on which digits of every size count."""
    return make_scene(stock, np.random.default_rng([seed, index]), size=size, heights=HEIGHTS)


def gather(
    detector: Detector,
    stock: Stock,
    *,
    pages: int,
    seed: int,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> Closeups:
    """Cuts close-ups of the detector's candidates on so many pages, and of the digits on them."""
    parts = []
    for index in range(pages):
        scene = page(stock, seed, index)
        found, _ = detector.detect(scene.pixels)
        boxes = found.boxes[found.is_digit][:MOST]
        digits = scene.boxes[(scene.classes >= 0) & (scene.classes < DIGITS)]
        boxes = np.concatenate([boxes, _jittered(digits, np.random.default_rng([seed, 1, index]))])
        labels = labelled(boxes, scene)
        counted = labels >= 0
        boxes, labels = boxes[counted], labels[counted]
        parts.append(Closeups(closeups.cut(scene.pixels, boxes), closeups.shares(boxes), labels))
        on_batch(index + 1, pages)
    return Closeups(*(np.concatenate([getattr(part, name) for part in parts]) for name in Closeups.__slots__))


def _jittered(boxes: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Moves and scales the boxes a little."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    shift = rng.normal(0, SHIFTED, (len(boxes), 2)) * sides.max(axis=1, keepdims=True)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + shift
    half = sides * np.exp(rng.normal(0, SCALED, sides.shape)) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def fit_closeups(data: Closeups, recipe: DetectorRecipe, **options: Any) -> CloseupNetwork:
    """Returns the network after ``recipe.closeup_steps`` steps; see ``on_the_fly.fit_second`` for options."""
    torch.manual_seed(recipe.seed)
    task = on_the_fly.BatchesTask(partial(_batches, data, recipe.seed), _loss_of)
    return on_the_fly.fit_second(
        CloseupNetwork(DIGITS + 1),
        task,
        recipe,
        steps=recipe.closeup_steps,
        rate=RATE,
        start=on_the_fly.CLOSEUP,
        **options,
    )


def _batches(data: Closeups, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields endless batches; each close-up comes once before any comes again."""
    rng = np.random.default_rng([seed, 2, epoch])
    order = np.zeros(0, np.intp)
    while True:
        if len(order) < BATCH:
            order = rng.permutation(len(data.labels))
        chosen, order = order[:BATCH], order[BATCH:]
        planes = closeups.planes(_varied(data.pixels[chosen], rng), data.shares[chosen])
        yield torch.from_numpy(planes), torch.from_numpy(data.labels[chosen])


def _loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(logits, labels.to(logits.device), label_smoothing=SMOOTHING)


def _varied(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turns, scales, and moves close-ups a little, changes their light, blurs some, and inverts half."""
    moved = np.stack([_moved(each, rng) for each in pixels])
    shape = (len(pixels), 1, 1)
    value = np.where(rng.random(shape) < 0.5, moved, 255 - moved).astype(np.float32) / 255
    value = value ** np.exp(rng.normal(0, BENT, shape)).astype(np.float32)
    grain = GRAIN * rng.random(shape, np.float32) ** 3
    value = value + grain * rng.standard_normal(value.shape, np.float32)
    gain = rng.uniform(0.4, 1.0, shape).astype(np.float32)
    value = np.clip(value * gain + rng.random(shape, np.float32) * (1 - gain), 0, 1)
    return np.asarray(value * 255, np.uint8)


def _moved(closeup: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    angle, scale = rng.normal(0, TURNED), np.exp(rng.normal(0, RESIZED))
    matrix = cv2.getRotationMatrix2D(((closeups.SIDE - 1) / 2,) * 2, float(angle), float(scale))
    matrix[0, 1] += rng.normal(0, SHEARED)
    matrix[:, 2] += rng.normal(0, MOVED, 2)
    size = (closeups.SIDE, closeups.SIDE)
    moved = cv2.warpAffine(closeup, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    if rng.random() < BLURRED:
        moved = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.4, 1.6)))
    return np.asarray(moved, np.uint8)
