"""Training that goes on from a model, with a person's own glyphs, and forgets nothing.

In every step stand some of one's own glyphs, and others that the model knew before, whose answers it is to keep: rehearsal
(Robins 1995) with the old model's own answers as targets (Li and Hoiem 2016, "Learning without forgetting", section 3). Whether it
helped is told by glyphs that it has not seen: each fold of one's own is held out once.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from inkread.datasets.glyph_corpus import not_digits
from inkread.datasets.glyphs import join
from inkread.datasets.mnist import load_mnist
from inkread.errors import TrainingError
from inkread.models.card import NOT_A_DIGIT
from inkread.training.augment import augment
from inkread.training.checkpoint import refuse
from inkread.training.export import card_of, compare, save_run, to_onnx
from inkread.training.fit import one_cycle, predict, resolved, seed_of, torch_settings
from inkread.training.onnx_to_torch import open_network
from inkread.training.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.models import Model
    from inkread.system.files import AnyPath
    from inkread.training.recipe import FineTuneConfig

FEWEST = 5
"""Glyphs of one's own with which it makes sense to begin."""

SMOOTHING = 0.05
"""Of the labels of one's own glyphs: a few of them must not make the model surer than it can be."""


@dataclass(frozen=True)
class Fold:
    """What one part of one's own glyphs, held out, was read as; a row of ``history.csv``."""

    fold: int
    glyphs: int
    right_before: int
    right_after: int
    seconds: float


@dataclass(frozen=True)
class FineTuned:
    """What came of it.

    Attributes:
        run: the model that has seen all of one's own glyphs; its history is that of the folds.
        glyphs: how many of one's own there are.
        own: of them, how many were read right before, and by a model that had not seen them.
        mnist: accuracy on MNIST's held-out digits before and after.
        rejected: share of what is no digit that was rejected before and after; ``None`` for a model that knows digits only.
    """

    run: Run[FineTuneConfig, Fold]
    glyphs: int
    own: tuple[int, int]
    mnist: tuple[float, float]
    rejected: tuple[float, float] | None

    @property
    def worse(self) -> tuple[str, ...]:
        """What the new model reads worse than the old one did, in words, other than one's own glyphs."""
        shares = {"MNIST's digits": self.mnist, "what is not a digit": self.rejected or (0.0, 0.0)}
        return tuple(name for name, (before, after) in shares.items() if after < before)

    @property
    def is_better(self) -> bool:
        """More of one's own glyphs are read right, and nothing else is read worse."""
        return self.own[1] > self.own[0] and not self.worse


def tune(
    settings: FineTuneConfig,
    start: Model,
    own: LabelledGlyphs,
    *,
    out: AnyPath,
    data_dir: AnyPath | None = None,
    on_fold: Callable[[Fold], object] = lambda _fold: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
    command: str = "",
) -> FineTuned:
    """Trains a model on with one's own glyphs, and saves the run.

    Args:
        settings: every setting.
        start: the model that it goes on from.
        own: glyphs of one's own, of classes that the model knows.
        out: the run's folder: new.
        data_dir: where MNIST lies; otherwise where its loader looks by itself.
        on_fold: called after every fold.
        on_batch: called after every step, with the steps done in all and how many there are.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ``out`` holds another run, or there are too few glyphs or of classes that the model does not know.
        OutputError: if ``out`` cannot be written to.
        DatasetError: if MNIST cannot be had.
    """
    out = Path(out)
    refuse(out, resume=False)
    layers, network = open_network(start)
    settings = resolved(dataclasses.replace(settings, layers=layers))
    _check(own, start, folds=settings.folds)
    rng = np.random.default_rng(settings.seed)
    rehearsed, watched = _others(
        load_mnist("train", data_dir=data_dir), settings, rng, knows_none=NOT_A_DIGIT in start.card.labels
    )
    images = np.concatenate([glyphs.images for glyphs in rehearsed])
    fold_of = folds_of(own.labels, settings.folds, rng)
    before = read(network, own.images, start) == own.labels
    done = 0

    def trained(glyphs: LabelledGlyphs) -> nn.Sequential:
        """The network trained on with these glyphs and the rehearsed ones, refusing as much as before."""

        def on_step() -> None:
            nonlocal done
            done += 1
            on_batch(done, (settings.folds + 1) * settings.steps)

        learned = _trained(network, glyphs, images, settings, on_step)
        return (
            _refusing(learned, as_much_as=network, of=rehearsed[1], start=start) if rehearsed[1:] else learned
        )

    history: list[Fold] = []
    with torch_settings(settings):
        for fold in range(settings.folds):
            began, held_out = time.perf_counter(), fold_of == fold
            unseen = own.subset(held_out)
            after = read(trained(own.subset(~held_out)), unseen.images, start) == unseen.labels
            counts = len(unseen), int(before[held_out].sum()), int(after.sum())
            history.append(Fold(fold + 1, *counts, time.perf_counter() - began))
            on_fold(history[-1])
        run = Run(out, settings, trained(own), tuple(history))
    (mnist, *rejected) = [_accuracies(network, run.network, glyphs=glyphs, start=start) for glyphs in watched]
    own_right = int(before.sum()), sum(fold.right_after for fold in history)
    tuned = FineTuned(run, len(own), own_right, mnist, rejected[0] if rejected else None)
    data = [*start.card.data, own.describe("own")]
    _save(tuned, start, watched, data=data, command=command)
    return tuned


def _accuracies(
    before: nn.Sequential, after: nn.Sequential, *, glyphs: LabelledGlyphs, start: Model
) -> tuple[float, float]:
    """Shares of glyphs that two networks read right."""
    one, other = (
        float((read(network, glyphs.images, start) == glyphs.labels).mean()) for network in (before, after)
    )
    return one, other


def folds_of(labels: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A fold for each label, 0 to ``count`` - 1, such that each fold has about as many of each class, and of all."""
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(len(labels), np.intp)
    folds[order] = np.arange(len(labels)) % count
    return folds


def read(network: nn.Module, images: NDArray[np.uint8], start: Model) -> NDArray[np.intp]:
    """The classes as a reader gives them, with the temperature and the bias of the model that it started from."""
    logits = predict(network, images) / np.float32(start.card.temperature)
    if NOT_A_DIGIT in start.card.labels:
        logits[:, start.card.labels.index(NOT_A_DIGIT)] += np.float32(start.card.background_logit_adjustment)
    return np.asarray(logits.argmax(axis=1))


def _check(own: LabelledGlyphs, start: Model, *, folds: int) -> None:
    least = max(FEWEST, folds)
    if len(own) < least:
        raise TrainingError(own.name, f"has {len(own)} glyphs", f"give {least} or more, better fifty")
    labels = [str(digit) for digit in range(10)] + [NOT_A_DIGIT]
    unknown = {labels[label] for label in own.labels} - set(start.card.labels)
    if unknown:
        problem = 'has glyphs of "no digit", which the model does not know'
        raise TrainingError(own.name, problem, "leave them out, or start from the bundled model")
    if start.card.labels[:10] != tuple(labels[:10]):
        raise TrainingError(
            start.name, "does not have the ten digits as its first classes", "start from another"
        )


def _others(
    mnist: LabelledGlyphs, settings: FineTuneConfig, rng: np.random.Generator, *, knows_none: bool
) -> tuple[list[LabelledGlyphs], list[LabelledGlyphs]]:
    """The glyphs that are rehearsed, and those that are watched: of both digits, and what is none if the model knows it."""
    learned = mnist.subset(slice(None, -settings.validation))
    watched = [mnist.subset(slice(-settings.validation, None))]
    rehearsed = [learned.subset(rng.permutation(len(learned))[: settings.rehearsal])]
    if knows_none:
        share = settings.rehearsal / len(learned)
        watched.append(not_digits(watched[0], rng, share=share))
        rehearsed.append(not_digits(rehearsed[0], rng, share=share))
    return rehearsed, watched


def _trained(
    start: nn.Sequential,
    own: LabelledGlyphs,
    rehearsed: NDArray[np.uint8],
    settings: FineTuneConfig,
    on_step: Callable[[], object],
) -> nn.Sequential:
    """A copy of the network, trained on."""
    generator = torch.manual_seed(seed_of(settings, 1))
    network = copy.deepcopy(start).train().requires_grad_(requires_grad=True)
    kernels = [weight for weight in network.parameters() if weight.ndim > 1]
    biases = [weight for weight in network.parameters() if weight.ndim == 1]
    groups = [
        {"params": kernels, "weight_decay": settings.weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate)
    mine, labels = torch.tensor(own.images), torch.tensor(own.labels).long()
    others = torch.tensor(rehearsed)
    size = max(1, round(settings.own_share * settings.batch_size))
    for step in range(settings.steps):
        chosen = torch.randint(len(mine), (size,), generator=generator)
        rest = torch.randint(len(others), (settings.batch_size - size,), generator=generator)
        glyphs = torch.cat([mine[chosen], others[rest]]).float() / 255
        glyphs = augment(glyphs, settings.augmentation, generator)
        with torch.no_grad():
            kept = start(glyphs[size:]).softmax(dim=1)
        logits = network(glyphs)
        loss = _loss(logits, labels[chosen], kept)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * one_cycle((step + 1) / settings.steps, settings.warmup)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        on_step()
    if not all(torch.isfinite(weight).all() for weight in network.parameters()):
        raise TrainingError("the training", "diverged", "start again with a lower learning rate")
    return network.eval()


def _refusing(
    network: nn.Sequential, *, as_much_as: nn.Sequential, of: LabelledGlyphs, start: Model
) -> nn.Sequential:
    """The network, its last bias moved so that of what is no digit it refuses the share that another one rejected.

    Every glyph of one's own is a digit as a rule, so that the others would come to be read as digits too.
    """
    none, least = (
        start.card.labels.index(NOT_A_DIGIT),
        start.card.background_logit_adjustment * start.card.temperature,
    )

    def lead(one: nn.Sequential) -> NDArray[np.float32]:
        """By how much the best digit is ahead."""
        logits = predict(one, of.images)
        return np.asarray(np.delete(logits, none, axis=1).max(axis=1) - logits[:, none])

    rejected = float((lead(as_much_as) < least).mean())
    with torch.no_grad():
        network[-1].bias[none] += float(np.quantile(lead(network), rejected)) - least  # type: ignore[index, operator]
    return network


def _loss(logits: Tensor, labels: Tensor, kept: Tensor) -> Tensor:
    """Cross-entropy of one's own glyphs with their labels, and of the others with what the model answered before."""
    own = functional.cross_entropy(logits[: len(labels)], labels, label_smoothing=SMOOTHING, reduction="sum")
    return (own + functional.cross_entropy(logits[len(labels) :], kept, reduction="sum")) / len(logits)


def _save(
    tuned: FineTuned, start: Model, watched: list[LabelledGlyphs], *, data: list[dict[str, Any]], command: str
) -> None:
    """Exports the network, with the calibration of the model that it started from."""
    model = to_onnx(tuned.run.network)
    for glyphs in watched:
        compare(model, tuned.run.network, glyphs.images)
    own = tuned.own[0] / tuned.glyphs, tuned.own[1] / tuned.glyphs
    figures = {"own": own, "mnist_validation": tuned.mnist} | (
        {"refused": tuned.rejected} if tuned.rejected else {}
    )
    card = card_of(
        tuned.run,
        model,
        labels=start.card.labels,
        temperature=start.card.temperature,
        background_logit_adjustment=start.card.background_logit_adjustment,
        rejection_threshold=start.card.rejection_threshold,
        geometry=start.card.geometry,
        data=data,
        command=command,
        scores={
            f"{name}_{when}": score
            for name, both in figures.items()
            for when, score in zip(("before", "after"), both, strict=True)
        },
    )
    save_run(tuned.run, model, card, held_out=join(watched))
