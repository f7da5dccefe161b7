"""How the networks of pages and lines learn: from examples that are made during training.

They can start from the weights of earlier trainings, which are bundled with the package in 16 bits; see
docs/experiments.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from safetensors.torch import load_file, save
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from inkread.system.files import write_whole
from inkread.training import trainer
from inkread.training.checkpoint import CHECKPOINT_FILE, Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import Tensor

    from inkread.training.checkpoint import State
    from inkread.training.recipe import DetectorRecipe, TextRecipe
    from inkread.training.trainer import Answer, Passed

DETECTOR, CLOSEUP, STRIP, TEXT = (
    Path(__file__).with_name(f"{name}.safetensors") for name in ("detector", "closeup", "strip", "text")
)
"""The bundled weights."""
MAX_GRADIENT_NORM = 5.0
"""Gradients are clipped to this norm."""
SECOND: dict[str, Any] = {"warmup": 0.02, "decay": 0.5, "weight_decay": 0.03, "averaging": 0.999}
"""The settings in which the networks for close-ups and strips differ from the detector."""

Row = TypeVar("Row")
Network = TypeVar("Network", bound=nn.Module)


def load_weights(network: nn.Module, path: Path) -> None:
    """Loads weights that ``save_weights`` wrote."""
    network.load_state_dict(network.state_dict() | _in_32_bits(path))


def load_trunk(network: nn.Module, path: Path) -> None:
    """Loads those weights that a network for another task shares with this one, by name and shape."""
    own = network.state_dict()
    shared = {name: each for name, each in _in_32_bits(path).items() if each.shape == own[name].shape}
    network.load_state_dict(own | shared)


def _in_32_bits(path: Path) -> dict[str, Tensor]:
    return {name: tensor.float() for name, tensor in load_file(path).items()}


def save_weights(network: nn.Module, path: Path) -> None:
    """Writes a network's weights in 16 bits; raises an ``OutputError`` if that fails."""
    weights = network.state_dict().items()
    halves = {name: each.half().contiguous() for name, each in weights if each.dtype.is_floating_point}
    write_whole(path, save(halves))


class Endless(IterableDataset[Any]):
    """Yields what ``make`` makes of each number from ``start`` on; each worker takes every n-th number."""

    def __init__(self, make: Callable[[int], Iterable[Any]], start: int) -> None:
        self.make, self.start = make, start

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        for number in count(self.start + first, step):
            yield from self.make(number)


def stream(
    make: Callable[[int], Iterable[Any]],
    *,
    workers: int,
    ahead: int,
    start: int = 0,
    context: str | None = None,
) -> Iterator[Any]:
    """Returns the examples of ``Endless``, made in ``workers`` processes, or in this one for 0.

    Each process prepares so many examples ``ahead``; ``context`` is how it starts, by default the platform's
    way.
    """
    return iter(
        DataLoader(
            Endless(make, start),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=ahead if workers else None,
            multiprocessing_context=context if workers else None,
        )
    )


def fit(
    network: nn.Module, task: trainer.Task[Row], recipe: DetectorRecipe | TextRecipe, **options: Any
) -> State[Row]:
    """Trains a network, or continues from its checkpoint; see ``trainer.train`` for options and errors.

    The recipe must be ``hardware.resolved``.
    """
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return trainer.train(network, task, plan(recipe), **options)


def plan(recipe: DetectorRecipe | TextRecipe) -> trainer.Plan:
    """Returns how the weights change."""
    schedule = partial(trainer.trapezoid, warmup=recipe.warmup, decay=recipe.decay)
    return trainer.plan_of(
        recipe, steps=recipe.steps, epoch=recipe.epoch_steps, schedule=schedule, clip=MAX_GRADIENT_NORM
    )


@dataclass(frozen=True)
class LossEpoch:
    """The mean loss of an epoch."""

    epoch: int
    learning_rate: float
    train_loss: float
    seconds: float


@dataclass(frozen=True, slots=True)
class BatchesTask:
    """Learns from inputs and targets; see ``trainer.Task``.

    Attributes:
        batches: the batches of an epoch, by its number: inputs, and what ``loss_of`` compares with.
        loss_of: computes the loss of the network's output, in 32 bits, and a target.
    """

    batches: Callable[[int], Iterable[tuple[Tensor, Any]]]
    loss_of: Callable[[Tensor, Any], Tensor]

    def loss(self, answer: Answer, batch: tuple[Tensor, Any]) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the loss alone."""
        inputs, target = batch
        return self.loss_of(answer(inputs), target), ()

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> LossEpoch:  # noqa: ARG002
        """Returns the loss."""
        return LossEpoch(passed.epoch, passed.learning_rate, float(passed.means[0]), passed.seconds)


def fit_second(
    network: Network,
    task: BatchesTask,
    recipe: DetectorRecipe,
    *,
    steps: int,
    rate: float,
    start: Path,
    folder: Path | None = None,
    on_epoch: Callable[[LossEpoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> Network:
    """Returns the network for close-ups or strips, in evaluation mode: the mean of its weights.

    Args:
        network: with random weights.
        task: what it learns.
        recipe: says where and from which weights to train, see ``hardware.resolved``.
        steps: in all.
        rate: the highest learning rate.
        start: bundled weights to start from, if the recipe wants them.
        folder: the folder of a checkpoint, from which an interrupted training continues; None for none.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step with the number of steps done, and in all.
    """
    if recipe.weights == "bundled":
        load_weights(network, start)
    checkpoint = None
    if folder:
        identity = {"steps": steps, "seed": recipe.seed, "weights": recipe.weights}
        checkpoint = Checkpoint(folder, identity, LossEpoch, resume=(folder / CHECKPOINT_FILE).exists())
    passed = 0

    def after(row: LossEpoch) -> None:
        nonlocal passed
        passed = row.epoch * recipe.epoch_steps
        on_epoch(row)

    state = fit(
        network,
        task,
        dataclasses.replace(recipe, steps=steps, learning_rate=rate, **SECOND),
        checkpoint=checkpoint,
        on_epoch=after,
        on_batch=lambda done, _of: on_batch(passed + done, steps),
    )
    averaged: Network = state.averaged.cpu()
    return averaged
