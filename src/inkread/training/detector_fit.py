"""The digit detector, and its training on scenes that are made during training.

It is a small fully convolutional hourglass that sees objects as points: each place of its output, at a
quarter of the picture's resolution, says how probable the center of each class is there, and how far away the
sides of the box are (Zhou, Wang & Krähenbühl, "Objects as Points", 2019). A coarse branch at an eighth and a
sixteenth of the resolution sees the surroundings: whether a stroke is a 1, or part of something larger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inkread.pipeline.contrast import planes
from inkread.pipeline.detector import BOX_UNIT, STRIDE
from inkread.synthetic.scenes import CLASSES, Scene, make_scene
from inkread.training import on_the_fly
from inkread.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from inkread.synthetic.writers import Stock
    from inkread.training.checkpoint import State
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.trainer import Answer, Passed

RARE = -4.6
"""Initial logit of a class: a probability of about one in a hundred."""
AHEAD = 16
"""Scenes that each process prepares in advance."""
APART = 64
"""About how many batches later a scene is seen again."""
SPREAD, LEAST_SPREAD = 0.14, 0.55
"""Standard deviation of the hill around a center: a share of the box's sides, and a minimum in places."""
NEAR = 0.5
"""Places at least this high on a hill also learn the box."""
BOX_WEIGHT = 1.0


def convolution(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Returns a convolution, padded to keep the size if the stride is 1, and a batch norm."""
    layer = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """Two convolutions of 3×3, added to the identity (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = convolution(channels, channels), convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps N×C×H×W to the same shape."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class DetectorNetwork(nn.Module):
    """The network; ``widths`` are the channels at a half, a quarter, an eighth and a sixteenth."""

    def __init__(self, classes: int, widths: tuple[int, int, int, int] = (32, 64, 96, 128)) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.stem_half = convolution(2, half, stride=2)
        self.stem_quarter = convolution(half, quarter, stride=2)
        self.quarter_down = nn.Sequential(*(Residual(quarter) for _ in range(2)))
        self.to_eighth = convolution(quarter, eighth, stride=2)
        self.eighth_down = nn.Sequential(*(Residual(eighth) for _ in range(3)))
        self.to_sixteenth = convolution(eighth, sixteenth, stride=2)
        self.sixteenth = nn.Sequential(*(Residual(sixteenth) for _ in range(2)))
        self.from_sixteenth = convolution(sixteenth, eighth, size=1)
        self.eighth_up = nn.Sequential(Residual(eighth))
        self.from_eighth = convolution(eighth, quarter, size=1)
        self.quarter_up = nn.Sequential(*(Residual(quarter) for _ in range(2)))
        self.head = convolution(quarter, quarter)
        self.output = nn.Conv2d(quarter, classes + 4, 1)
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            start = torch.zeros(classes + 4)
            start[:classes] = RARE
            self.output.bias = nn.Parameter(start)

    def forward(self, planes: Tensor) -> Tensor:
        """Maps N×2×H×W, see ``pipeline.contrast``, to N×(classes + 4)×H/4×W/4.

        The output has logits, then the distances to left, top, right, and bottom in ``detector.BOX_UNIT``.
        """
        relu = functional.relu
        quarter = self.quarter_down(relu(self.stem_quarter(relu(self.stem_half(planes)))))
        eighth = self.eighth_down(relu(self.to_eighth(quarter)))
        coarse = self.sixteenth(relu(self.to_sixteenth(eighth)))
        coarse = functional.interpolate(self.from_sixteenth(coarse), scale_factor=2, mode="nearest")
        eighth = self.eighth_up(relu(eighth + coarse))
        eighth = functional.interpolate(self.from_eighth(eighth), scale_factor=2, mode="nearest")
        fine = self.quarter_up(relu(quarter + eighth))
        return self.output(relu(self.head(fine)))


@dataclass(frozen=True)
class DetectorEpoch:
    """The mean losses of an epoch; a row of ``history.csv``.

    The loss of places is that of centers, in nats per object; that of sides is of the boxes, in shares of
    their size.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    side_loss: float
    seconds: float

    def summary(self) -> dict[str, str]:
        """Returns the figures that a person asks for, by name."""
        return {"Loss of places, of sides": f"{self.train_loss:.4f}, {self.side_loss:.4f}"}


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets for a batch of N scenes.

    Attributes:
        heat: N×classes×h×w, 1 at the center of each object, falling off around it.
        center: N×classes×h×w bool, true at the centers.
        counted: N×1×h×w bool, false where objects may be found or not.
        box: N×4×h×w, distances to the sides in ``BOX_UNIT``.
        near: N×1×h×w, weight of the box there, 0 away from centers.
    """

    heat: Tensor
    center: Tensor
    counted: Tensor
    box: Tensor
    near: Tensor


def targets_of(scenes: Sequence[Scene], classes: int, device: torch.device) -> Targets:
    """Returns the targets for scenes of one size."""
    size_y, size_x = (side // STRIDE for side in scenes[0].pixels.shape)
    most = max(1, *(len(scene.boxes) for scene in scenes))
    boxes = torch.zeros(len(scenes), most, 4)
    labels = torch.full((len(scenes), most), -2, dtype=torch.long)
    for row, scene in enumerate(scenes):
        boxes[row, : len(scene.boxes)] = torch.from_numpy(scene.boxes)
        labels[row, : len(scene.boxes)] = torch.from_numpy(scene.classes)
    return _targets(boxes.to(device), labels.to(device), classes, size_y, size_x)


def _targets(boxes: Tensor, labels: Tensor, classes: int, size_y: int, size_x: int) -> Targets:
    count, device = len(boxes), boxes.device
    middle = (boxes[..., :2] + boxes[..., 2:]) / (2 * STRIDE) - 0.5
    spread = ((boxes[..., 2:] - boxes[..., :2]) * (SPREAD / STRIDE)).clamp(min=LEAST_SPREAD)
    cell = middle.round().long()
    cell[..., 0].clamp_(0, size_x - 1)
    cell[..., 1].clamp_(0, size_y - 1)
    x = torch.arange(size_x, device=device)
    y = torch.arange(size_y, device=device)
    # Each hill is centered on a place, so that every object has a place with the target 1.
    hill_x = torch.exp(-((x - cell[..., :1]) ** 2) / (2 * spread[..., :1] ** 2))
    hill_y = torch.exp(-((y - cell[..., 1:]) ** 2) / (2 * spread[..., 1:] ** 2))
    heat = torch.zeros(count, classes, size_y, size_x, device=device)
    center = torch.zeros_like(heat, dtype=torch.bool)
    counted = torch.ones(count, 1, size_y, size_x, dtype=torch.bool, device=device)
    box = torch.zeros(count, 4, size_y, size_x, device=device)
    near = torch.zeros(count, 1, size_y, size_x, device=device)
    centers_x, centers_y = (x + 0.5) * STRIDE, (y + 0.5) * STRIDE
    for row, index in (labels != -2).nonzero().tolist():
        label = int(labels[row, index])
        x0, y0, x1, y1 = boxes[row, index].tolist()
        if label < 0:
            left, top = int(x0 // STRIDE), int(y0 // STRIDE)
            counted[row, 0, top : int(y1 // STRIDE) + 1, left : int(x1 // STRIDE) + 1] = False
            continue
        hill = hill_y[row, index][:, None] * hill_x[row, index][None, :]
        torch.maximum(heat[row, label], hill, out=heat[row, label])
        center[row, label, cell[row, index, 1], cell[row, index, 0]] = True
        closer = (hill > near[row, 0]) & (hill >= NEAR)
        near[row, 0] = torch.where(closer, hill, near[row, 0])
        sides = (
            (centers_x - x0)[None, :].expand(size_y, -1),
            (centers_y - y0)[:, None].expand(-1, size_x),
            (x1 - centers_x)[None, :].expand(size_y, -1),
            (y1 - centers_y)[:, None].expand(-1, size_x),
        )
        box[row] = torch.where(closer, torch.stack(sides) / BOX_UNIT, box[row])
    return Targets(heat, center, counted | center.any(1, keepdim=True), box, near)


def loss_of(output: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Returns the loss of places, which forgives near misses (Law & Deng 2018), and that of boxes."""
    classes = targets.heat.shape[1]
    logits = output[:, :classes].float()
    positive, negative = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    probability = logits.sigmoid()
    at_center = positive * (1 - probability) ** 2 * targets.center
    elsewhere = negative * probability**2 * (1 - targets.heat) ** 4 * (~targets.center & targets.counted)
    count = targets.center.sum().clamp(min=1)
    places = -(at_center.sum() + elsewhere.sum()) / count
    distance = (output[:, classes:].float() - targets.box).abs()
    # Relative to the size of the box, so that small ones count as much.
    size = (targets.box[:, 1:2] + targets.box[:, 3:4]).clamp(min=0.25)
    sides = (distance / size * targets.near).sum() / (4 * targets.near.sum()).clamp(min=1)
    return places, BOX_WEIGHT * 4 * sides


def jittered(scene: Scene, rng: np.random.Generator) -> Scene:
    """Returns the scene in other light, and sometimes inverted."""
    pixels = scene.pixels if rng.random() < 0.8 else 255 - scene.pixels
    gain, shift = float(rng.uniform(0.6, 1.1)), float(rng.uniform(-20, 40))
    return replace(scene, pixels=cv2.convertScaleAbs(np.clip(pixels * gain + shift, 0, 255)))


def batches(recipe: DetectorRecipe, start: int, stock: Stock, *, workers: int) -> Iterator[list[Scene]]:
    """Yields a batch per step from ``start`` on; each scene comes ``recipe.echo`` times, later again."""
    fresh = recipe.batch_size // recipe.echo
    make = partial(_scenes, stock, recipe)
    scenes = on_the_fly.stream(make, workers=workers, ahead=AHEAD, start=start * fresh)
    rng = np.random.default_rng([recipe.seed, start])
    waiting: list[Scene] = []
    while True:
        batch = [next(scenes) for _ in range(fresh)]
        waiting += batch * (recipe.echo - 1)
        while len(batch) < recipe.batch_size:
            if len(waiting) > APART * recipe.batch_size:
                index = int(rng.integers(len(waiting)))
                waiting[index], waiting[-1] = waiting[-1], waiting[index]
                batch.append(jittered(waiting.pop(), rng))
            else:
                batch.append(next(scenes))
        yield batch


def _scenes(stock: Stock, recipe: DetectorRecipe, index: int) -> list[Scene]:
    """Makes the scene with this number, the same for the same seed."""
    return [make_scene(stock, np.random.default_rng([recipe.seed, 0, index]), size=recipe.scene_side)]


class DetectorTask:
    """Learns to find objects on scenes made of a stock; see ``trainer.Task``."""

    def __init__(self, recipe: DetectorRecipe, stock: Stock) -> None:
        self._recipe, self._stock = recipe, stock
        self._stream: Iterator[list[Scene]] | None = None

    def batches(self, epoch: int) -> Iterator[list[Scene]]:
        """Returns one stream for all epochs, which begins at the first epoch that is asked for."""
        if self._stream is None:
            start = (epoch - 1) * self._recipe.epoch_steps
            self._stream = batches(self._recipe, start, self._stock, workers=self._recipe.workers)
        return self._stream

    def loss(self, answer: Answer, batch: Sequence[Scene]) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the loss of places and sides together, and each by itself."""
        inputs = torch.from_numpy(np.stack([planes(scene.pixels) for scene in batch]))
        output = answer(inputs.contiguous(memory_format=torch.channels_last))
        places, sides = loss_of(output, targets_of(batch, len(CLASSES), output.device))
        return places + sides, (places.item(), sides.item())

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> DetectorEpoch:  # noqa: ARG002
        """Returns the losses; held-out scenes are measured at the end of the whole training only."""
        _, places, sides = passed.means.tolist()
        return DetectorEpoch(passed.epoch, passed.learning_rate, places, sides, passed.seconds)


def fit_detector(
    recipe: DetectorRecipe, folder: Path, *, stock: Stock, resume: bool = False, **options: Any
) -> State[DetectorEpoch]:
    """Trains a detector on scenes made of ``stock``, or continues the interrupted run in the folder.

    See ``on_the_fly.fit`` for the options and errors.
    """
    torch.manual_seed(recipe.seed)
    network = DetectorNetwork(len(CLASSES))
    if recipe.weights == "bundled":
        on_the_fly.load_weights(network, on_the_fly.DETECTOR)
    checkpoint = Checkpoint(folder, recipe.identity(), DetectorEpoch, resume=resume)
    return on_the_fly.fit(network, DetectorTask(recipe, stock), recipe, checkpoint=checkpoint, **options)
