"""How the networks of pages and lines learn: from examples that are made during training."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import torch

from inkread.training import trainer
from inkread.training.schedules import trapezoid

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from inkread.training.checkpoint import Checkpoint, State
    from inkread.training.recipe import DetectorRecipe, TextRecipe

MAX_GRADIENT_NORM = 5.0
"""Gradients are clipped to this norm."""

Row = TypeVar("Row", bound=trainer.Figures)


def fit(
    network: nn.Module,
    task: trainer.Task[Row],
    recipe: DetectorRecipe | TextRecipe,
    *,
    checkpoint: Checkpoint[Row] | None,
    on_epoch: Callable[[Row], object] = lambda _row: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> State[Row]:
    """Trains a network, or continues from the checkpoint, which is written after every epoch.

    Args:
        network: with the weights to start from.
        task: what it learns.
        recipe: how, see ``hardware.resolved``.
        checkpoint: see ``trainer.train``, also for the last two and the errors.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step with the number of steps done in this epoch, and in all of it.
    """
    return trainer.train(
        network.to(memory_format=torch.channels_last),  # type: ignore[call-overload]
        task,
        plan(recipe),
        checkpoint=checkpoint,
        on_epoch=on_epoch,
        on_batch=on_batch,
    )


def plan(recipe: DetectorRecipe | TextRecipe) -> trainer.Plan:
    """Returns how the weights change."""
    schedule = partial(trapezoid, warmup=recipe.warmup, decay=recipe.decay)
    return trainer.plan_of(
        recipe, steps=recipe.steps, epoch=recipe.epoch_steps, schedule=schedule, clip=MAX_GRADIENT_NORM
    )
