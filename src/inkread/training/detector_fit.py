"""Trains the digit detector on scenes that are made during training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from inkread.pipeline.contrast import planes
from inkread.synthetic.scenes import CLASSES, Scene, make_scene
from inkread.training import on_the_fly, starts
from inkread.training.checkpoint import Checkpoint
from inkread.training.detector_loss import loss_of, targets_of
from inkread.training.detector_network import DetectorNetwork
from inkread.training.starts import load_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from inkread.synthetic.writers import Stock
    from inkread.training.checkpoint import State
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.trainer import Answer, Passed

AHEAD = 16
"""Scenes that each process prepares in advance."""
APART = 64
"""About how many batches later a scene is seen again."""


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


class Scenes(IterableDataset[Scene]):
    """Yields endless scenes, the same for the same seed; each worker makes every ``workers``-th."""

    def __init__(self, stock: Stock, seed: int, start: int, size: int) -> None:
        self.stock, self.seed, self.start, self.size = stock, seed, start, size

    def __iter__(self) -> Iterator[Scene]:
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        index = self.start + first
        while True:
            yield make_scene(self.stock, np.random.default_rng([self.seed, 0, index]), size=self.size)
            index += step


def jittered(scene: Scene, rng: np.random.Generator) -> Scene:
    """Returns the scene in other light, and sometimes inverted."""
    pixels = scene.pixels if rng.random() < 0.8 else 255 - scene.pixels
    gain, shift = float(rng.uniform(0.6, 1.1)), float(rng.uniform(-20, 40))
    return Scene(
        cv2.convertScaleAbs(np.clip(pixels * gain + shift, 0, 255)), scene.boxes, scene.classes, scene.kind
    )


def batches(recipe: DetectorRecipe, start: int, stock: Stock, *, workers: int) -> Iterator[list[Scene]]:
    """Yields a batch per step from ``start`` on; each scene comes ``recipe.echo`` times, later again."""
    fresh = recipe.batch_size // recipe.echo
    scenes = iter(
        DataLoader(
            Scenes(stock, recipe.seed, start * fresh, recipe.scene_side),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=AHEAD if workers else None,
        )
    )
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


class DetectorTask:
    """Learns to find objects on scenes; see ``trainer.Task``.

    Args:
        recipe: how many scenes there are, and of which size.
        stock: the material of the scenes.
    """

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
        load_weights(network, starts.DETECTOR)
    checkpoint = Checkpoint(folder, recipe.identity(), DetectorEpoch, resume=resume)
    return on_the_fly.fit(network, DetectorTask(recipe, stock), recipe, checkpoint=checkpoint, **options)
