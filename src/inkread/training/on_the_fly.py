"""How the networks of pages and lines learn: from examples that are made during training."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from inkread.training import trainer
from inkread.training.schedules import trapezoid

if TYPE_CHECKING:
    from torch import nn

    from inkread.training.checkpoint import State
    from inkread.training.recipe import DetectorRecipe, TextRecipe

MAX_GRADIENT_NORM = 5.0
"""Gradients are clipped to this norm."""

Row = TypeVar("Row", bound=trainer.Figures)


def fit(
    network: nn.Module, task: trainer.Task[Row], recipe: DetectorRecipe | TextRecipe, **options: Any
) -> State[Row]:
    """Trains a network, or continues from its checkpoint; see ``trainer.train`` for options and errors.

    Args:
        network: with the weights to start from.
        task: what it learns.
        recipe: how, see ``hardware.resolved``.
        options: passed to ``trainer.train``.
    """
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return trainer.train(network, task, plan(recipe), **options)


def plan(recipe: DetectorRecipe | TextRecipe) -> trainer.Plan:
    """Returns how the weights change."""
    schedule = partial(trapezoid, warmup=recipe.warmup, decay=recipe.decay)
    return trainer.plan_of(
        recipe, steps=recipe.steps, epoch=recipe.epoch_steps, schedule=schedule, clip=MAX_GRADIENT_NORM
    )
