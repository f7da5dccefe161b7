"""Trains the networks for close-ups and strips, each from batches of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.training import on_the_fly
from inkread.training.checkpoint import CHECKPOINT_FILE, Checkpoint
from inkread.training.starts import load_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from torch import Tensor, nn

    from inkread.training.recipe import DetectorRecipe
    from inkread.training.trainer import Answer, Passed

SETTINGS: dict[str, Any] = {"warmup": 0.02, "decay": 0.5, "weight_decay": 0.03, "averaging": 0.999}
"""The settings in which both differ from the detector."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from.

    Attributes:
        planes: the network's input.
        loss: computes the loss of its answer, in 32 bits.
    """

    planes: Tensor
    loss: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class LossEpoch:
    """The mean loss of an epoch."""

    epoch: int
    learning_rate: float
    train_loss: float
    seconds: float


@dataclass(frozen=True, slots=True)
class BatchesTask:
    """Learns what batches say; see ``trainer.Task``.

    Attributes:
        batches: the batches of an epoch, by its number.
    """

    batches: Callable[[int], Iterable[Batch]]

    def loss(self, answer: Answer, batch: Batch) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the batch's own loss."""
        return batch.loss(answer(batch.planes)), ()

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> LossEpoch:  # noqa: ARG002
        """Returns the loss."""
        return LossEpoch(passed.epoch, passed.learning_rate, float(passed.means[0]), passed.seconds)


def learn(
    network: nn.Module,
    batches: Callable[[int], Iterable[Batch]],
    recipe: DetectorRecipe,
    *,
    steps: int,
    rate: float,
    start: Path,
    folder: Path | None = None,
    on_epoch: Callable[[LossEpoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> nn.Module:
    """Returns the mean of the weights after training, in evaluation mode.

    Args:
        network: with random weights.
        batches: the batches of an epoch, by its number.
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

    state = on_the_fly.fit(
        network,
        BatchesTask(batches),
        dataclasses.replace(recipe, steps=steps, learning_rate=rate, **SETTINGS),
        checkpoint=checkpoint,
        on_epoch=after,
        on_batch=lambda done, _of: on_batch(passed + done, steps),
    )
    return state.averaged.cpu()
