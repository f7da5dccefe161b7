"""Trains the digit detector on scenes that are made beside the training."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from inkread.errors import TrainingError
from inkread.pipeline.contrast import planes
from inkread.synthetic.scenes import CLASSES, Scene, make_scene
from inkread.training import starts
from inkread.training.checkpoint import State, restore, save
from inkread.training.detector_loss import loss_of, targets_of
from inkread.training.detector_network import DetectorNetwork
from inkread.training.hardware import multiplies_bfloat16
from inkread.training.recipe import EPOCH, DetectorRecipe
from inkread.training.starts import load_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from inkread.synthetic.writers import Stock

AHEAD = 16
"""Scenes that each process makes in advance."""
APART = 64
"""A scene is seen again after about so many batches."""
STEEPEST = 5.0
"""Norm that gradients are clipped to."""


@dataclass(frozen=True)
class DetectorEpoch:
    """What ``recipe.EPOCH`` steps came to, means over them; a row of ``history.csv``.

    The loss of places is that of centres, in nats an object; that of sides is of the boxes, in shares of their size.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    side_loss: float
    seconds: float

    def summary(self) -> dict[str, str]:
        """The figures that a person asks for, by name."""
        return {"Loss of places, of sides": f"{self.train_loss:.4f}, {self.side_loss:.4f}"}


class Scenes(IterableDataset[Scene]):
    """Endless scenes, the same for the same seed; each worker makes every ``workers``-th."""

    def __init__(self, stock: Stock, seed: int, start: int, size: int) -> None:
        self.stock, self.seed, self.start, self.size = stock, seed, start, size

    def __iter__(self) -> Iterator[Scene]:
        cv2.setNumThreads(1)
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        index = self.start + first
        while True:
            yield make_scene(self.stock, np.random.default_rng([self.seed, 0, index]), size=self.size)
            index += step


def jittered(scene: Scene, rng: np.random.Generator) -> Scene:
    """The scene seen once more: other light, other polarity."""
    pixels = scene.pixels if rng.random() < 0.8 else 255 - scene.pixels
    gain, shift = float(rng.uniform(0.6, 1.1)), float(rng.uniform(-20, 40))
    return Scene(
        cv2.convertScaleAbs(np.clip(pixels * gain + shift, 0, 255)), scene.boxes, scene.classes, scene.kind
    )


def rate_at(step: int, recipe: DetectorRecipe) -> float:
    """Rises, stays, and falls at the end (Hägele et al., "Scaling laws and compute-optimal training beyond fixed durations", 2024)."""
    rising, falling = recipe.warmup * recipe.steps, recipe.decay * recipe.steps
    left = (recipe.steps - step) / max(1.0, falling)
    return recipe.learning_rate * min(1.0, (step + 1) / max(1.0, rising), max(0.0, left))


def batches(recipe: DetectorRecipe, start: int, stock: Stock, *, workers: int) -> Iterator[list[Scene]]:
    """A batch for every step from ``start`` on, each scene ``recipe.echo`` times, the repetitions among later scenes."""
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


@torch.no_grad()
def average_all(slow: nn.Module, fast: nn.Module, decay: float) -> None:
    """One step of the exponential moving average of the weights and of the statistics of batch norms."""
    now = fast.state_dict()
    for name, kept in slow.state_dict().items():
        if kept.dtype.is_floating_point:
            kept.lerp_(now[name], 1 - decay)
        else:
            kept.copy_(now[name])


class DetectorTraining:
    """A detector while it learns.

    Args:
        recipe: how it is trained.
        device: where.

    Attributes:
        state: its weights, their mean, the optimizer, and the figures so far.
        step: how many are done.
    """

    def __init__(self, recipe: DetectorRecipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step = recipe, device, 0
        network = DetectorNetwork(len(CLASSES)).to(device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.state: State[DetectorEpoch] = State.start(recipe, network, DetectorEpoch)

    @property
    def identity(self) -> dict[str, Any]:
        """What a run has in common with the one that it resumes; it may be longer."""
        free = (
            "steps",
            "decay",
            "warmup",
            "threads",
            "workers",
            "closeup_pages",
            "closeup_steps",
            "strip_pages",
            "strip_steps",
            "judged_pages",
        )
        return {name: value for name, value in self.recipe.to_dict().items() if name not in free}

    def learn(self, batch: Sequence[Scene]) -> NDArray[np.float64]:
        """One step; the losses of places and of boxes."""
        for group in self.state.optimizer.param_groups:
            group["lr"] = rate_at(self.step, self.recipe)
        inputs = torch.from_numpy(np.stack([planes(scene.pixels) for scene in batch]))
        targets = targets_of(batch, len(CLASSES), self.device)
        fast = multiplies_bfloat16(self.device.type)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=fast):
            output = self.state.network(inputs.to(self.device, memory_format=torch.channels_last))
        places, sides = loss_of(output, targets)
        (places + sides).backward()  # type: ignore[no-untyped-call]
        if torch.isfinite(torch.nn.utils.clip_grad_norm_(self.state.network.parameters(), STEEPEST)):
            self.state.optimizer.step()
        self.state.optimizer.zero_grad(set_to_none=True)
        average_all(
            self.state.averaged, self.state.network, min(self.recipe.averaging, self.step / (self.step + 10))
        )
        self.step += 1
        return np.array([places.item(), sides.item()])

    def start_from(self, path: Path) -> None:
        """Starts with the weights of a file, see ``starts.save_weights``, in place of random ones."""
        for network in (self.state.network, self.state.averaged):
            load_weights(network, path)

    def resume(self, folder: Path) -> None:
        """Goes on from the checkpoint of a run.

        Raises:
            TrainingError: it is damaged, or of another recipe.
        """
        restore(folder, self.state, self.identity)
        self.step = min(len(self.state.history) * EPOCH, self.recipe.steps)


def fit_detector(
    recipe: DetectorRecipe,
    folder: Path,
    *,
    stock: Stock,
    resume: bool = False,
    on_epoch: Callable[[DetectorEpoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> DetectorTraining:
    """Trains a detector, or goes on from the run's checkpoint, which is written after every epoch.

    Args:
        recipe: every setting.
        folder: of the run.
        stock: what scenes are made of.
        resume: continues the interrupted run in it.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step, with the steps done in this epoch and how many it has.

    Raises:
        TrainingError: the checkpoint is damaged or of another recipe, or the loss is no longer a number.
        OutputError: the folder cannot be written to.
    """
    training = DetectorTraining(recipe, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    if resume:
        training.resume(folder)
        for epoch in training.state.history:
            on_epoch(epoch)
    elif recipe.weights == "bundled":
        training.start_from(starts.DETECTOR)
    losses, began, done = np.zeros(2), time.monotonic(), 0
    scenes = batches(recipe, training.step, stock, workers=recipe.workers)
    while training.step < recipe.steps:
        losses += training.learn(next(scenes))
        done += 1
        on_batch(done, EPOCH)
        if training.step % EPOCH and training.step != recipe.steps:
            continue
        if not np.isfinite(losses).all():
            problem = "the loss is no longer a number"
            raise TrainingError(f"step {training.step}", problem, "start again with a lower learning rate")
        places, sides = (losses / done).tolist()
        rate = rate_at(training.step - 1, recipe)
        epoch = DetectorEpoch(-(-training.step // EPOCH), rate, places, sides, time.monotonic() - began)
        training.state.history.append(epoch)
        save(folder, training.state, training.identity)
        on_epoch(epoch)
        losses, began, done = np.zeros(2), time.monotonic(), 0
    return training
