"""Trains a model further with a person's own glyphs, without forgetting others.

Each step learns some of the person's own glyphs, and others whose answers the model must keep: rehearsal
(Robins 1995) with the old model's answers as targets (Li and Hoiem 2016, "Learning without forgetting",
section 3). Glyphs that it has not seen show whether this helped: each fold of the person's own is held out
once.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from inkread.datasets.glyph_corpus import not_digits
from inkread.datasets.glyphs import join
from inkread.datasets.mnist import load_mnist
from inkread.errors import TrainingError
from inkread.models.card import DIGIT_CLASSES, NOT_A_DIGIT
from inkread.training import trainer
from inkread.training.augment import augment
from inkread.training.checkpoint import refuse
from inkread.training.digits import batches_of, predict
from inkread.training.export import Origin, save_run
from inkread.training.hardware import resolved, torch_settings
from inkread.training.run import Run
from inkread.training.to_onnx import compare, to_onnx
from inkread.training.to_torch import open_network
from inkread.training.trainer import one_cycle, seed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.models import Model
    from inkread.system.files import AnyPath
    from inkread.training.recipe import FineTuneConfig
    from inkread.training.trainer import Answer, Passed

FEWEST = 5
"""The fewest own glyphs with which fine-tuning makes sense."""

SMOOTHING = 0.05
"""Label smoothing of own glyphs: a few of them must not make the model overconfident."""


@dataclass(frozen=True)
class Fold:
    """How one held-out part of the own glyphs was read; a row of ``history.csv``."""

    fold: int
    glyphs: int
    right_before: int
    right_after: int
    seconds: float


@dataclass(frozen=True)
class FineTuned:
    """The result.

    Attributes:
        run: the model that has seen all own glyphs; its history is that of the folds.
        glyphs: how many own glyphs there are.
        own: how many of them were read right before, and by a model that had not seen them.
        mnist: accuracy on MNIST's held-out digits before and after.
        rejected: share of glyphs that are not digits, rejected before and after; ``None`` for a model that
            knows digits only.
    """

    run: Run[FineTuneConfig, Fold]
    glyphs: int
    own: tuple[int, int]
    mnist: tuple[float, float]
    rejected: tuple[float, float] | None

    @property
    def worse(self) -> tuple[str, ...]:
        """What else the new model reads worse than the old one, in words."""
        shares = {"MNIST's digits": self.mnist, "non-digits": self.rejected or (0.0, 0.0)}
        return tuple(name for name, (before, after) in shares.items() if after < before)

    @property
    def is_better(self) -> bool:
        """Whether more own glyphs are read right, and nothing else is read worse."""
        return self.own[1] > self.own[0] and not self.worse


def tune(
    settings: FineTuneConfig,
    start: Model,
    own: LabelledGlyphs,
    *,
    out: AnyPath,
    data_dir: AnyPath | None = None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
    command: str = "",
) -> FineTuned:
    """Trains a model further with own glyphs, of classes that it knows, and saves the run.

    ``on_batch`` is called after every step with the number of steps done, and in all. See
    ``workflow.fine_tune`` for the other arguments, and for errors.
    """
    out = Path(out)
    refuse(out, resume=False)
    layers, network = open_network(start)
    settings = resolved(dataclasses.replace(settings, layers=layers))
    _check(own, start, folds=settings.folds)
    rng = np.random.default_rng(settings.seed)
    mnist = load_mnist("train", data_dir=data_dir)
    rehearsed, watched = _others(mnist, settings, rng, knows_none=NOT_A_DIGIT in start.card.labels)
    fold_of = folds_of(own.labels, settings.folds, rng)
    before = _is_right(network, own, start)
    done = itertools.count(1)
    train = partial(
        _trained,
        network,
        start,
        rehearsed=rehearsed,
        settings=settings,
        on_step=lambda: on_batch(next(done), (settings.folds + 1) * settings.steps),
    )
    history: list[Fold] = []
    with torch_settings(settings):
        for fold in range(settings.folds):
            began, unseen = time.perf_counter(), fold_of == fold
            after = _is_right(train(own.subset(~unseen)), own.subset(unseen), start)
            counts = len(after), int(before[unseen].sum()), int(after.sum())
            history.append(Fold(fold + 1, *counts, time.perf_counter() - began))
        run = Run(out, settings, train(own), tuple(history))
    shares = []
    for glyphs in watched:
        old, new = (float(_is_right(each, glyphs, start).mean()) for each in (network, run.network))
        shares.append((old, new))
    own_right = int(before.sum()), sum(fold.right_after for fold in history)
    tuned = FineTuned(run, len(own), own_right, shares[0], shares[1] if shares[1:] else None)
    _save(tuned, start, watched, data=[*start.card.data, own.describe("own")], command=command)
    return tuned


def folds_of(labels: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Returns a fold per label, 0 to ``count`` - 1, with about as many of each class, and of all, in each."""
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(len(labels), np.intp)
    folds[order] = np.arange(len(labels)) % count
    return folds


def _is_right(network: nn.Module, glyphs: LabelledGlyphs, start: Model) -> NDArray[np.bool_]:
    """Returns which glyphs a reader would read right, with the temperature and bias of the first model."""
    logits = predict(network, glyphs.images) / np.float32(start.card.temperature)
    if NOT_A_DIGIT in start.card.labels:
        logits[:, start.card.labels.index(NOT_A_DIGIT)] += np.float32(start.card.background_logit_adjustment)
    return np.asarray(logits.argmax(axis=1) == glyphs.labels)


def _check(own: LabelledGlyphs, start: Model, *, folds: int) -> None:
    least = max(FEWEST, folds)
    if len(own) < least:
        raise TrainingError(own.name, f"has {len(own)} glyphs", f"give {least} or more, better fifty")
    if start.card.labels[:10] != DIGIT_CLASSES[:10]:
        problem, remedy = (
            "does not have the ten digits as its first classes",
            "train a new model on all pictures",
        )
        raise TrainingError(start.name, problem, remedy)
    if {DIGIT_CLASSES[label] for label in own.labels} - set(start.card.labels):
        problem = 'has glyphs of "no digit", which the model does not know'
        raise TrainingError(own.name, problem, "leave them out, or start from the bundled model")


def _others(
    mnist: LabelledGlyphs, settings: FineTuneConfig, rng: np.random.Generator, *, knows_none: bool
) -> tuple[list[LabelledGlyphs], list[LabelledGlyphs]]:
    """Returns the glyphs to rehearse, and those to measure: digits, and others if the model knows them."""
    learned = mnist.subset(slice(None, -settings.validation))
    watched = [mnist.subset(slice(-settings.validation, None))]
    rehearsed = [learned.subset(rng.permutation(len(learned))[: settings.rehearsal])]
    if knows_none:
        share = settings.rehearsal / len(learned)
        watched.append(not_digits(watched[0], rng, share=share))
        rehearsed.append(not_digits(rehearsed[0], rng, share=share))
    return rehearsed, watched


class RehearsalTask:
    """Learns a person's own glyphs, and rehearses others, uint8 N×28×28; see ``trainer.Task``.

    Its answers for the others are to be those of the network ``start``.
    """

    def __init__(
        self, settings: FineTuneConfig, start: nn.Module, own: LabelledGlyphs, rehearsed: NDArray[np.uint8]
    ) -> None:
        self._settings, self._start = settings, start
        self._own, self._labels = torch.tensor(own.images), torch.tensor(own.labels).long()
        self._others = torch.tensor(rehearsed)

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields endless batches: N×28×28 glyphs in 0..1, own ones first, and the labels of those."""
        settings = self._settings
        generator = torch.manual_seed(seed_of(settings.seed, epoch))
        size = max(1, round(settings.own_share * settings.batch_size))
        while True:
            chosen = torch.randint(len(self._own), (size,), generator=generator)
            rest = torch.randint(len(self._others), (settings.batch_size - size,), generator=generator)
            glyphs = torch.cat([self._own[chosen], self._others[rest]]).float() / 255
            yield augment(glyphs, settings.augmentation, generator), self._labels[chosen]

    def loss(self, answer: Answer, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the cross-entropy of own glyphs with their labels, and of others with the old answers."""
        glyphs, labels = batch
        with torch.no_grad():
            kept = self._start(glyphs[len(labels) :]).softmax(dim=1)
        logits = answer(glyphs)
        labels, kept = labels.to(logits.device), kept.to(logits.device)
        own = functional.cross_entropy(
            logits[: len(labels)], labels, label_smoothing=SMOOTHING, reduction="sum"
        )
        others = functional.cross_entropy(logits[len(labels) :], kept, reduction="sum")
        return (own + others) / len(logits), ()

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> Passed:  # noqa: ARG002
        """Returns the figures as they are; the folds measure the result."""
        return passed


def _trained(
    network: nn.Sequential,
    start: Model,
    own: LabelledGlyphs,
    *,
    rehearsed: list[LabelledGlyphs],
    settings: FineTuneConfig,
    on_step: Callable[[], object],
) -> nn.Sequential:
    """Returns a copy of the network trained with own and rehearsed glyphs; it rejects as much as before."""
    schedule = partial(one_cycle, warmup=settings.warmup)
    plan = trainer.plan_of(settings, steps=settings.steps, epoch=settings.steps, schedule=schedule)
    task = RehearsalTask(settings, network, own, np.concatenate([each.images for each in rehearsed]))
    state = trainer.train(copy.deepcopy(network), task, plan, on_batch=lambda _done, _of: on_step())
    learned = state.averaged.cpu()
    if rehearsed[1:]:
        _reject(learned, as_much_as=network, of=rehearsed[1], start=start)
    return learned


def _reject(learned: nn.Sequential, *, as_much_as: nn.Module, of: LabelledGlyphs, start: Model) -> None:
    """Moves the network's last bias so that it rejects the same share of non-digits as another network.

    Own glyphs are usually all digits; without this, others would come to be read as digits too.
    """
    card, none = start.card, start.card.labels.index(NOT_A_DIGIT)
    least = card.background_logit_adjustment * card.temperature

    def lead(network: nn.Module) -> NDArray[np.float32]:
        """Returns by how much the best digit is ahead."""
        logits = predict(network, of.images)
        return np.asarray(np.delete(logits, none, axis=1).max(axis=1) - logits[:, none])

    rejected = float((lead(as_much_as) < least).mean())
    with torch.no_grad():
        learned[-1].bias[none] += float(np.quantile(lead(learned), rejected)) - least  # type: ignore[index, operator]


def _save(
    tuned: FineTuned, start: Model, watched: list[LabelledGlyphs], *, data: list[dict[str, Any]], command: str
) -> None:
    """Exports the network, with the calibration of the model it started from."""
    model = to_onnx(tuned.run.network)
    for glyphs in watched:
        compare(model, tuned.run.network, batches_of(glyphs.images))
    own = tuned.own[0] / tuned.glyphs, tuned.own[1] / tuned.glyphs
    figures = {"own": own, "mnist_validation": tuned.mnist}
    if tuned.rejected:
        figures["refused"] = tuned.rejected
    scores: dict[str, float] = {}
    for name, (before, after) in figures.items():
        scores |= {f"{name}_before": before, f"{name}_after": after}
    card = Origin(tuned.run.recipe, tuple(data), command).card(
        tuned.run.network,
        model,
        labels=start.card.labels,
        temperature=start.card.temperature,
        background_logit_adjustment=start.card.background_logit_adjustment,
        rejection_threshold=start.card.rejection_threshold,
        geometry=start.card.geometry,
        scores=scores,
    )
    save_run(tuned.run, model, card, held_out=join(watched))
