"""Trains the digit detector on scenes that are made during training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from inkread.pipeline.contrast import planes
from inkread.synthetic.scenes import CLASSES, Scene, make_scene
from inkread.training import starts, trainer
from inkread.training.checkpoint import Checkpoint, State
from inkread.training.detector_loss import loss_of, targets_of
from inkread.training.detector_network import DetectorNetwork
from inkread.training.recipe import EPOCH, DetectorRecipe
from inkread.training.schedules import trapezoid
from inkread.training.starts import load_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from inkread.synthetic.writers import Stock
    from inkread.training.trainer import Answer, Passed

AHEAD = 16
"""Scenes that each process prepares in advance."""
APART = 64
"""About how many batches later a scene is seen again."""
STEEPEST = 5.0
"""The norm that gradients are clipped to."""
FREE = frozenset({"steps", "decay", "warmup", "threads", "workers", "device", "precision", "closeup_pages",
                  "closeup_steps", "strip_pages", "strip_steps", "judged_pages"})  # fmt: skip
"""Settings that may differ when a run is resumed."""


@dataclass(frozen=True)
class DetectorEpoch:
    """The mean losses of ``recipe.EPOCH`` steps; a row of ``history.csv``.

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
            start = (epoch - 1) * EPOCH
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
    recipe: DetectorRecipe,
    folder: Path,
    *,
    stock: Stock,
    resume: bool = False,
    on_epoch: Callable[[DetectorEpoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> State[DetectorEpoch]:
    """Trains a detector, or continues from the run's checkpoint, which is written after every epoch.

    Args:
        recipe: every setting, see ``hardware.resolved``.
        folder: the run's.
        stock: the material of the scenes.
        resume: continues the interrupted run in it.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step with the number of steps done in this epoch, and in all of it.

    Raises:
        TrainingError: the checkpoint is damaged or of another recipe, or the loss is no longer a number.
        OutputError: the folder cannot be written to.
    """
    torch.manual_seed(recipe.seed)
    network = DetectorNetwork(len(CLASSES))
    if recipe.weights == "bundled":
        load_weights(network, starts.DETECTOR)
    identity = {name: value for name, value in recipe.to_dict().items() if name not in FREE}
    checkpoint = Checkpoint(folder, identity, DetectorEpoch, resume=resume)
    return trainer.train(
        network.to(memory_format=torch.channels_last),  # type: ignore[call-overload]
        DetectorTask(recipe, stock),
        plan_of_detector(recipe),
        checkpoint=checkpoint,
        on_epoch=on_epoch,
        on_batch=on_batch,
    )


def plan_of_detector(recipe: DetectorRecipe) -> trainer.Plan:
    """Returns how the detector's weights change."""
    schedule = partial(trapezoid, warmup=recipe.warmup, decay=recipe.decay)
    return trainer.plan_of(recipe, steps=recipe.steps, epoch=EPOCH, schedule=schedule, clip=STEEPEST)
