"""The task of the networks that read single glyphs: which digit, or class, each one is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional
from torch.optim.swa_utils import update_bn

from inkread.errors import TrainingError
from inkread.system.ranks import rank, ranks
from inkread.training import trainer
from inkread.training.augment import augment
from inkread.training.checkpoint import Checkpoint, refuse
from inkread.training.hardware import Share, joined, resolved, torch_settings
from inkread.training.run import Run
from inkread.training.to_torch import build
from inkread.training.trainer import SCHEDULES, seed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath
    from inkread.training.recipe import Recipe
    from inkread.training.trainer import Answer, Passed

INFERENCE_BATCH = 1_000

STATISTICS_BATCHES = 20
"""Batches of plain glyphs from which the averaged network's batch norms take their statistics."""


@dataclass(frozen=True)
class Epoch:
    """The figures of one pass over the training glyphs; a row of ``history.csv``.

    Losses are mean cross-entropies (nats), accuracies shares of 0..1. The training figures are of augmented
    glyphs and the current weights, with label smoothing in the loss; the validation figures are of plain
    glyphs and the averaged weights. The learning rate is that of the last step.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    def summary(self) -> dict[str, str]:
        """Returns the figures that a person asks for, by name."""
        return {
            "Training loss, accuracy": f"{self.train_loss:.4f}, {self.train_accuracy:.2%}",
            "Validation loss, accuracy": f"{self.validation_loss:.4f}, {self.validation_accuracy:.2%}",
        }


class DigitsTask:
    """Learns labelled glyphs, and measures each epoch on others; see ``trainer.Task``."""

    def __init__(self, recipe: Recipe, learned: LabelledGlyphs, validation: LabelledGlyphs) -> None:
        self._recipe, self._validation = recipe, validation
        self._images = torch.tensor(learned.images)
        self._labels = torch.tensor(learned.labels).long()
        classes = class_count(learned, validation)
        self._weights = class_weights(learned.labels, classes) if recipe.class_weight == "balanced" else None

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields every glyph once, in random order, changed at random: N×28×28 in 0..1, and labels."""
        recipe = self._recipe
        generator = torch.manual_seed(seed_of(recipe.seed, epoch))
        for chosen in self._order(generator):
            glyphs = self._plain(chosen)
            yield augment(glyphs, recipe.augmentation, generator), self._labels[chosen].to(recipe.device)

    def _order(self, generator: torch.Generator) -> tuple[Tensor, ...]:
        order = torch.randperm(len(self._labels), generator=generator)
        return torch.split(order, self._recipe.batch_size)

    def _plain(self, chosen: Tensor) -> Tensor:
        return self._images[chosen].float() / 255

    def loss(self, answer: Answer, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the recipe's loss, and the share of the glyphs that are read right."""
        glyphs, labels = batch
        logits = answer(glyphs)
        right = (logits.argmax(dim=1) == labels).double().mean().item()
        return loss_of(logits, labels, self._recipe, self._weights), (right,)

    def weight(self, labels: Tensor) -> float:
        """Returns what the loss of glyphs with these labels is divided by."""
        if self._weights is None or self._recipe.loss != "cross-entropy":
            return len(labels)
        return float(self._weights[labels.cpu()].sum())

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> Epoch:
        """Sets the batch norms of the averaged weights, which never ran, and measures them.

        See Izmailov et al. 2018, section 3.2.
        """
        generator = torch.Generator().manual_seed(seed_of(self._recipe.seed, passed.epoch))
        some = itertools.islice(self._order(generator), STATISTICS_BATCHES)
        update_bn((self._plain(chosen).to(self._recipe.device) for chosen in some), averaged)
        loss, accuracy = passed.means.tolist()
        watched = evaluate(averaged, self._validation)
        return Epoch(passed.epoch, passed.learning_rate, loss, accuracy, *watched, passed.seconds)


def fit(
    recipe: Recipe,
    learned: LabelledGlyphs,
    validation: LabelledGlyphs,
    *,
    out: AnyPath,
    resume: bool = False,
    on_epoch: Callable[[Epoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> Run[Recipe, Epoch]:
    """Trains the recipe's network; the same recipe and data give the same weights, interrupted or not.

    Of several processes, see ``training.hardware``, only the first writes; all read ``out`` to resume.

    Args:
        recipe: every setting.
        learned: the glyphs to learn from; "not a digit" is a class of the network only if one is labelled so.
        validation: the glyphs that measure each epoch, never learned from.
        out: the run's folder, where a checkpoint is kept after every epoch.
        resume: continues the interrupted run in ``out``.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step, see ``trainer.train``.

    Raises:
        TrainingError: ``out`` holds another run, a set is empty, or the loss is no longer a number.
        OutputError: ``out`` cannot be written to.
    """
    out, is_first = Path(out), rank() == 0
    if is_first:
        refuse(out, resume=resume)
    recipe = resolved(recipe)
    classes = class_count(learned, validation)
    steps = -(-len(learned) // recipe.batch_size)
    plan = trainer.plan_of(
        recipe,
        steps=recipe.epochs * steps,
        epoch=steps,
        schedule=partial(SCHEDULES[recipe.schedule], warmup=recipe.warmup),
        optimizer=recipe.optimizer,
        momentum=recipe.momentum,
        patience=recipe.patience,
        keep=recipe.keep,
    )
    identity = identity_of(recipe, learned, validation)
    with torch_settings(recipe), joined(recipe.device):
        torch.manual_seed(seed_of(recipe.seed, 0))
        task = DigitsTask(recipe, learned, validation)
        state = trainer.train(
            build(recipe, classes),
            task if ranks() == 1 else Share(task),
            plan,
            checkpoint=Checkpoint(out, identity, Epoch, resume=resume, writes=is_first),
            on_epoch=on_epoch,
            on_batch=on_batch,
        )
    return Run(out, recipe, state.averaged.cpu(), tuple(state.history))


def loss_of(logits: Tensor, labels: Tensor, recipe: Recipe, weights: Tensor | None = None) -> Tensor:
    """Returns the recipe's loss of logits (N, classes) and labels (N), with a weight per class if given."""
    one_hot = recipe.loss != "cross-entropy"
    targets = functional.one_hot(labels, logits.shape[1]).float() if one_hot else labels
    if weights is not None:
        weights = weights.to(logits.device)
    return functional.cross_entropy(logits, targets, weights, label_smoothing=recipe.label_smoothing)


def class_weights(labels: NDArray[np.uint8], classes: int) -> Tensor:
    """Returns a weight per class, inverse to its frequency, 1 on average over the glyphs."""
    counts = np.bincount(labels, minlength=classes)
    weights = np.divide(len(labels), counts * (counts > 0).sum(), where=counts > 0, out=np.zeros(len(counts)))
    return torch.tensor(weights, dtype=torch.float32)


def evaluate(network: nn.Module, glyphs: LabelledGlyphs) -> tuple[float, float]:
    """Returns the mean cross-entropy and the accuracy of a network in evaluation mode."""
    logits, labels = torch.from_numpy(predict(network, glyphs.images)), torch.tensor(glyphs.labels).long()
    accuracy = (logits.argmax(dim=1) == labels).double().mean().item()
    return functional.cross_entropy(logits, labels).item(), accuracy


def batches_of(images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Returns glyphs (N, 28, 28) as inputs of a network, 0..1, some at a time."""
    parts = np.split(images, range(INFERENCE_BATCH, len(images), INFERENCE_BATCH))
    return [part.astype(np.float32) / np.float32(255) for part in parts]


@torch.no_grad()
def predict(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the logits (N, classes) of glyphs (N, 28, 28), by a network in evaluation mode."""
    device = next(network.parameters()).device
    logits = torch.cat([network(torch.from_numpy(batch).to(device)) for batch in batches_of(images)])
    return np.asarray(logits.cpu().numpy(), np.float32)


def class_count(learned: LabelledGlyphs, validation: LabelledGlyphs) -> int:
    """Returns the number of classes: for digits 10, or 11 if some glyphs to learn from are "not a digit"."""
    for glyphs in (learned, validation):
        if len(glyphs) == 0:
            remedy = "give at least one to learn from and one to hold out"
            raise TrainingError(glyphs.name, "has no glyphs", remedy)
    classes = max(learned.none_class, int(learned.labels.max()) + 1)
    if validation.labels.max() >= classes:
        remedy = 'also give glyphs of "not a digit" to learn from'
        raise TrainingError(validation.name, "holds out a class that is not learned", remedy)
    return classes


def identity_of(recipe: Recipe, learned: LabelledGlyphs, validation: LabelledGlyphs) -> dict[str, Any]:
    """Returns what a run and the one that resumes it share, flat, under names that a person can read."""
    return recipe.flat() | {
        "training data": (len(learned), learned.sha256),
        "validation data": (len(validation), validation.sha256),
    }
