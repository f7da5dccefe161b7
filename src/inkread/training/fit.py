"""The training loop."""

from __future__ import annotations

import dataclasses
import math
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import update_bn

from inkread.errors import TrainingError
from inkread.training.augment import augment
from inkread.training.checkpoint import Epoch, State, refuse, restore, save
from inkread.training.hardware import multiplies_bfloat16
from inkread.training.networks import build
from inkread.training.recipe import DetectorRecipe, FineTuneConfig
from inkread.training.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath
    from inkread.training.recipe import Recipe

    AnyRecipe = TypeVar("AnyRecipe", Recipe, DetectorRecipe, FineTuneConfig)

EPOCH_SEEDS = 10_007
"""Seeds set apart for each recipe seed: one for the first weights and one for each epoch."""

INFERENCE_BATCH = 1_000

STATISTICS_BATCHES = 20
"""Batches of plain glyphs from which the averaged network's batch norms take their statistics."""


def fit(
    recipe: Recipe,
    train: LabelledGlyphs,
    validation: LabelledGlyphs,
    *,
    out: AnyPath,
    resume: bool = False,
    on_epoch: Callable[[Epoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> Run[Recipe, Epoch]:
    """Trains the recipe's network; the same recipe and data give the same weights, interrupted or not.

    Args:
        recipe: every setting.
        train: what is learned from; "not a digit" is a class of the network only if some glyph is labelled so.
        validation: what is watched, never learned from.
        out: the run's folder, where a checkpoint is kept after every epoch.
        resume: continues the interrupted run in ``out``.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step, with the steps done in this epoch and how many it has.

    Raises:
        TrainingError: if ``out`` holds another run, a set is empty, or the loss is no longer a number.
        OutputError: if ``out`` cannot be written to.
    """
    out = Path(out)
    refuse(out, resume=resume)
    recipe = resolved(recipe)
    classes = class_count(train, validation)
    identity = identity_of(recipe, train, validation)
    with torch_settings(recipe):
        torch.manual_seed(seed_of(recipe, 0))
        state = State.start(recipe, build(recipe, classes).to(recipe.device), Epoch)
        (restore if resume else save)(out, state, identity)
        while len(state.history) < recipe.epochs:
            start = time.perf_counter()
            learned = learn(state, recipe, train, on_batch)
            watched = evaluate(state.averaged, validation)
            epoch = Epoch(len(state.history) + 1, *learned, *watched, time.perf_counter() - start)
            state.history.append(epoch)
            save(out, state, identity)
            on_epoch(epoch)
    return Run(out, recipe, state.averaged.cpu(), tuple(state.history))


def learn(
    state: State[Epoch], recipe: Recipe, train: LabelledGlyphs, on_batch: Callable[[int, int], object]
) -> tuple[float, float, float]:
    """One epoch: every glyph once, in random order, changed at random; gives rate, loss and accuracy."""
    epoch = len(state.history) + 1
    generator = torch.manual_seed(seed_of(recipe, epoch))
    images, labels = torch.tensor(train.images), torch.tensor(train.labels).long()
    batches = torch.split(torch.randperm(len(train), generator=generator), recipe.batch_size)
    state.network.train()
    rate = total_loss = total_right = 0.0
    for done, batch in enumerate(batches):
        step = (epoch - 1) * len(batches) + done
        progress = (step + 1) / (recipe.epochs * len(batches))
        rate = recipe.learning_rate * SCHEDULES[recipe.schedule](progress, recipe.warmup)
        glyphs = augment(images[batch].float() / 255, recipe.augmentation, generator).to(recipe.device)
        answers = labels[batch].to(recipe.device)
        with torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            logits = state.network(glyphs).float()
        loss = loss_of(logits, answers, recipe)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        state.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimizer.step()
        average(state.averaged, state.network, min(recipe.averaging, step / (step + 10)))
        total_loss += loss.item() * len(batch)
        total_right += (logits.argmax(dim=1) == answers).sum().item()
        on_batch(done + 1, len(batches))
    # Batch norms need statistics of the averaged weights, which never ran (Izmailov et al. 2018, section 3.2).
    plain = (images[batch].to(recipe.device).float() / 255 for batch in batches[:STATISTICS_BATCHES])
    update_bn(plain, state.averaged)
    if not math.isfinite(total_loss):
        raise TrainingError(
            f"epoch {epoch}", "the loss is no longer a number", "start again with a lower learning rate"
        )
    return rate, total_loss / len(train), total_right / len(train)


def loss_of(logits: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """The recipe's loss of logits (N, classes) and labels (N)."""
    targets = (
        labels if recipe.loss == "cross-entropy" else functional.one_hot(labels, logits.shape[1]).float()
    )
    return functional.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)


def one_cycle(progress: float, warmup: float) -> float:
    """Share of the peak learning rate: half a cosine up, half a cosine down (Smith 2018).

    Args:
        progress: share of the steps done, 0..1.
        warmup: share of the steps until the peak.
    """
    if progress < warmup:
        return (1 - math.cos(math.pi * progress / warmup)) / 2
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


def linear(progress: float, warmup: float) -> float:
    """Half a cosine up, a line down to zero."""
    return one_cycle(progress, warmup) if progress < warmup else (1 - progress) / (1 - warmup)


def constant(progress: float, warmup: float) -> float:
    """Half a cosine up, and no further change."""
    return one_cycle(progress, warmup) if progress < warmup else 1.0


SCHEDULES = {"one-cycle": one_cycle, "linear": linear, "constant": constant}
"""Shares of the peak learning rate, by the names that recipes have for them."""


@torch.no_grad()
def average(slow: nn.Module, fast: nn.Module, decay: float) -> None:
    """One step of the exponential moving average of the weights.

    A decay that rises from zero, as the caller's does, soon forgets the random first weights.
    """
    for old, new in zip(slow.parameters(), fast.parameters(), strict=True):
        old.lerp_(new, 1 - decay)


def evaluate(network: nn.Module, glyphs: LabelledGlyphs) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of a network in evaluation mode."""
    logits, labels = torch.from_numpy(predict(network, glyphs.images)), torch.tensor(glyphs.labels).long()
    return functional.cross_entropy(logits, labels).item(), (
        logits.argmax(dim=1) == labels
    ).double().mean().item()


@torch.no_grad()
def predict(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N, classes) of glyphs (N, 28, 28), by a network in evaluation mode."""
    device = next(network.parameters()).device
    batches = torch.split(torch.tensor(images), INFERENCE_BATCH)
    logits = torch.cat([network(batch.to(device).float() / 255) for batch in batches])
    return np.asarray(logits.cpu().numpy(), np.float32)


def resolved(recipe: AnyRecipe) -> AnyRecipe:
    """The recipe with threads, device and precision as this machine will use them.

    Raises:
        TrainingError: it has no such device.
    """
    threads = recipe.threads or torch.get_num_threads()
    if isinstance(recipe, FineTuneConfig | DetectorRecipe):
        return dataclasses.replace(recipe, threads=threads)
    device = _device(recipe.device)
    return dataclasses.replace(
        recipe, threads=threads, device=device, precision=_precision(recipe.precision, device)
    )


def _device(name: str) -> str:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, found in there.items() if found)
    if not there[name]:
        raise TrainingError(name, "is no device of this machine", "leave --device out, or say cpu")
    return name


def _precision(name: str, device: str) -> str:
    if name != "auto":
        return name
    return "bfloat16" if multiplies_bfloat16(device) else "float32"


@contextmanager
def torch_settings(recipe: Recipe | DetectorRecipe | FineTuneConfig) -> Iterator[None]:
    """The recipe's number of threads and a random generator of our own; both are given back as they were."""
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


def seed_of(recipe: Recipe | FineTuneConfig, epoch: int) -> int:
    """A seed of its own for every epoch, so that a resumed run draws what the whole one would have drawn."""
    return recipe.seed * EPOCH_SEEDS + epoch


def class_count(train: LabelledGlyphs, validation: LabelledGlyphs) -> int:
    """Ten digits, or eleven classes if there are glyphs of "not a digit" to learn from; of other data, its classes."""
    for glyphs in (train, validation):
        if len(glyphs) == 0:
            raise TrainingError(
                glyphs.name, "has no glyphs", "give at least one to learn from and one to hold out"
            )
    classes = max(train.none_class, int(train.labels.max()) + 1)
    if validation.labels.max() >= classes:
        raise TrainingError(
            validation.name,
            "holds out a class that is not learned",
            'give glyphs of "not a digit" to learn from too',
        )
    return classes


def identity_of(recipe: Recipe, train: LabelledGlyphs, validation: LabelledGlyphs) -> dict[str, Any]:
    """What a run has in common with the one that it resumes, flat, under names that a person can read."""
    settings = recipe.to_dict()
    settings |= {f"augmentation.{name}": value for name, value in settings.pop("augmentation").items()}
    data = {
        "training data": (len(train), train.sha256),
        "validation data": (len(validation), validation.sha256),
    }
    return settings | data
