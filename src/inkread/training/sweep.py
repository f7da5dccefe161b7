"""Searches for better settings with Optuna. SQLite keeps the state, so that a sweep can always be continued.

The tree-structured Parzen estimator (Bergstra et al. 2011) draws trials; an unpromising one stops between two
epochs. The sweep maximizes the accuracy of the averaged weights after the last epoch, on held-out training
images. It keeps the best run so far, finished, with its card, and only the settings and figures of the
others.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from inkread.errors import MissingExtraError, TrainingError
from inkread.pipeline.glyph import GEOMETRY
from inkread.system.files import csv_of, write_whole, writing
from inkread.system.locks import working_in
from inkread.training.digits import fit
from inkread.training.export import export
from inkread.training.space import WHOLE, Choices, recipe_at

try:
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
    from optuna.trial import TrialState
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name or "optuna", "sweep") from error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath
    from inkread.training.digits import Epoch
    from inkread.training.recipe import Recipe
    from inkread.training.space import Range, Space

STORAGE, STUDY = "sweep.sqlite", "sweep"
BEST, TRIAL = "best", "trial"
"""The folders of the best run and of the current one."""
BEST_RECIPE, TABLE = "best.json", "trials.csv"

RANDOM_TRIALS = 10
"""Trials drawn at random before the estimator has enough data."""

BEFORE_PRUNING = 5
"""Trials that always run to the end, because there is no median yet."""

FIRST_PRUNED = 2
"""The first epoch at which the median stops a trial; while the learning rate rises, it says little."""

ENOUGH_FOR_IMPORTANCE = 10
"""With fewer finished trials, it is chance which setting seems to matter."""

DONE = (TrialState.COMPLETE, TrialState.PRUNED)

Pruning = Literal["median", "halving", "none"]
State = Literal["complete", "pruned"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One recipe and its result.

    Attributes:
        number: in the order of their start, from 0.
        state: whether it was trained to its end.
        values: the settings drawn, by the names of the space.
        curve: validation accuracy after each epoch, 0..1; empty if the first one diverged.
        seconds: duration of the training.
    """

    number: int
    state: State
    values: dict[str, Any]
    curve: tuple[float, ...]
    seconds: float

    @property
    def accuracy(self) -> float:
        """The accuracy after its last epoch, 0..1; 0 if there is none."""
        return self.curve[-1] if self.curve else 0.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """The state of a sweep.

    Attributes:
        out: its folder.
        space: the space that it searches.
        trials: in the order of their start.
        importance: the importance of each setting that varies, summing to 1 (PED-ANOVA, Watanabe et al.
            2023); empty if there are too few trials.
    """

    out: Path
    space: Space
    trials: tuple[Trial, ...]
    importance: dict[str, float]

    @property
    def best(self) -> Trial | None:
        """The first finished trial with the highest accuracy."""
        finished = [trial for trial in self.trials if trial.state == "complete"]
        return max(finished, key=lambda trial: trial.accuracy, default=None)


class Watch(Protocol):
    """Receives reports while a sweep runs."""

    def on_batch(self, done: int, total: int) -> None:
        """Receives the number of steps done in this epoch, and in all of it."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Receives the figures of an epoch that has just ended."""

    def on_trial(self, done: int, best: float) -> None:
        """Receives the number of finished trials, and the best accuracy so far; 0 before the first."""


def sweep(
    base: Recipe,
    space: Space,
    learned: LabelledGlyphs,
    held_out: LabelledGlyphs,
    *,
    out: AnyPath,
    trials: int,
    pruning: Pruning = "median",
    watch: Watch,
) -> Sweep:
    """Runs trials until there are ``trials`` in all, including those of earlier calls with the same folder.

    An interrupted trial runs again with the same settings.

    Args:
        base: the settings outside the space.
        space: the space to search.
        learned: the glyphs to learn from.
        held_out: the glyphs that score a trial, never learned from.
        out: the sweep's folder, new or of an earlier sweep.
        trials: how many, including those stopped early.
        pruning: when a trial stops early: below the median of the others at its epoch, by successive halving
            (Jamieson and Talwalkar 2016), or never.
        watch: notified after every step, epoch, and trial.

    Raises:
        TrainingError: the folder holds a sweep of other settings or other data, or an unreadable one.
        OutputError: the folder cannot be written to, or another process works in it.
    """
    out = Path(out)
    with working_in(out), _opened(out, pruning, base.seed) as study:
        _identify(study, _identity(base, space, learned, held_out), out)
        _repeat_interrupted(study)
        distributions = {name: _distribution(name, entry) for name, entry in space.items()}
        while (done := len(_trials(study, *DONE))) < trials:
            best = _best_value(study)
            watch.on_trial(done, best)
            trial = study.ask(distributions)
            recipe = recipe_at(base, trial.params)
            begun = time.perf_counter()
            accuracy = _train(trial, recipe, learned, held_out, out=out, watch=watch, above=best)
            trial.set_user_attr("seconds", time.perf_counter() - begun)
            study.tell(trial, accuracy, TrialState.PRUNED if accuracy is None else TrialState.COMPLETE)
            shutil.rmtree(out / TRIAL, ignore_errors=True)
        watch.on_trial(done, _best_value(study))
        return _result(study, space, out)


def _train(
    trial: optuna.Trial,
    recipe: Recipe,
    learned: LabelledGlyphs,
    held_out: LabelledGlyphs,
    *,
    out: Path,
    watch: Watch,
    above: float,
) -> float | None:
    """Trains one recipe and returns its accuracy; keeps the run as the best if it is above ``above``.

    Returns ``None`` if the trial was stopped early, or its loss is no longer a number.
    """

    def on_epoch(epoch: Epoch) -> None:
        watch.on_epoch(epoch)
        trial.report(epoch.validation_accuracy, epoch.epoch)
        if epoch.epoch < recipe.epochs and trial.should_prune():
            raise optuna.TrialPruned

    folder = out / TRIAL
    shutil.rmtree(folder, ignore_errors=True)
    try:
        run = fit(recipe, learned, held_out, out=folder, on_epoch=on_epoch, on_batch=watch.on_batch)
    except (optuna.TrialPruned, TrainingError):  # the latter: in a folder of its own, only divergence is left
        return None
    accuracy = run.history[-1].validation_accuracy
    if accuracy > above:
        data = [learned.describe("train"), held_out.describe("validation")]
        command = f"inkread train --recipe {out / BEST_RECIPE} --out DIR"
        export(run, [held_out], data=data, geometry=GEOMETRY, command=command)
        _keep(folder, out, run.recipe)
    return accuracy


def _keep(folder: Path, out: Path, recipe: Recipe) -> None:
    """Replaces the best run by a finished one."""
    with writing(out, "make room, then run it again"):
        shutil.rmtree(out / BEST, ignore_errors=True)
        folder.replace(out / BEST)
    write_whole(out / BEST_RECIPE, (json.dumps(recipe.to_dict(), indent=2) + "\n").encode())


@contextmanager
def _opened(out: Path, pruning: Pruning, seed: int) -> Iterator[optuna.Study]:
    """Opens the study in the folder, or creates one."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with writing(out, "choose another folder"):
        out.mkdir(parents=True, exist_ok=True)
        (out / STORAGE).touch()
    pruners = {
        "median": optuna.pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING, n_warmup_steps=FIRST_PRUNED),
        "halving": optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
        "none": optuna.pruners.NopPruner(),
    }
    try:
        # A path within a URL would be misread if it had a question mark or a brace.
        connect = partial(sqlite3.connect, out / STORAGE, check_same_thread=False)
        storage = optuna.storages.RDBStorage("sqlite:///sweep", engine_kwargs={"creator": connect})
        study = optuna.create_study(
            storage=storage,
            study_name=STUDY,
            direction="maximize",
            load_if_exists=True,
            pruner=pruners[pruning],
        )
        # Each start has its own seed, because a resumed sweep would otherwise draw the same trials again.
        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=RANDOM_TRIALS, seed=seed + len(study.trials)
        )
    except Exception as error:  # SQLAlchemy's, SQLite's and Optuna's share no base but this
        problem = f"is not a readable sweep ({type(error).__name__})"
        raise TrainingError(str(out / STORAGE), problem, "remove it, or choose another folder") from error
    try:
        yield study
    finally:
        storage.engine.dispose()


def _identity(
    base: Recipe, space: Space, learned: LabelledGlyphs, held_out: LabelledGlyphs
) -> dict[str, str]:
    """Returns what all runs of one sweep share, flat, under names that a person can read."""
    fixed = replace(base, threads=0, precision="auto").flat()  # a sweep may move to another machine
    data = {
        "training data": (len(learned), learned.sha256),
        "held-out data": (len(held_out), held_out.sha256),
    }
    return {name: str(value) for name, value in (fixed | data | space).items()}


def _identify(study: optuna.Study, identity: dict[str, str], out: Path) -> None:
    """Notes the identity of a new sweep, or checks that it is the same."""
    noted = study.user_attrs.get("identity")
    if noted is None:
        study.set_user_attr("identity", identity)
    elif noted != identity:
        changes = ", ".join(
            f"{name} was {noted.get(name, 'not searched')}, is {identity.get(name, 'not searched')}"
            for name in {**noted, **identity}
            if noted.get(name) != identity.get(name)
        )
        problem = f"holds a sweep of other settings or other data ({changes})"
        remedy = "continue with what it was started with, or choose another folder"
        raise TrainingError(str(out), problem, remedy)


def _repeat_interrupted(study: optuna.Study) -> None:
    """Enqueues the trials that were running when the process ended, with their settings."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)


def _distribution(name: str, entry: Range | Choices) -> BaseDistribution:
    if isinstance(entry, Choices):
        return CategoricalDistribution(entry.values)
    if name in WHOLE:
        return IntDistribution(int(entry.low), int(entry.high), log=entry.log)
    return FloatDistribution(entry.low, entry.high, log=entry.log)


def _trials(study: optuna.Study, *states: TrialState) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=states)


def _best_value(study: optuna.Study) -> float:
    """Returns the highest accuracy of a finished trial; 0 if there is none."""
    return max((trial.value or 0.0 for trial in _trials(study, TrialState.COMPLETE)), default=0.0)


def _result(study: optuna.Study, space: Space, out: Path) -> Sweep:
    found = []
    for trial in _trials(study, *DONE):
        curve = tuple(value for _, value in sorted(trial.intermediate_values.items()))
        state: State = "complete" if trial.state == TrialState.COMPLETE else "pruned"
        seconds = float(trial.user_attrs.get("seconds", 0.0))
        found.append(Trial(trial.number, state, dict(trial.params), curve, seconds))
    result = Sweep(out, space, tuple(found), _importance(study))
    _save_table(result)
    return result


def _importance(study: optuna.Study) -> dict[str, float]:
    if len(_trials(study, TrialState.COMPLETE)) < ENOUGH_FOR_IMPORTANCE:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    try:
        return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
    except (ValueError, RuntimeError):  # all trials alike say nothing
        return {}


def _save_table(result: Sweep) -> None:
    """Writes all trials to ``trials.csv``, one row each."""
    figures = ("trial", "state", "validation_accuracy", "epochs", "seconds")
    rows = []
    for trial in result.trials:
        values = (trial.number, trial.state, trial.accuracy, len(trial.curve), round(trial.seconds, 2))
        rows.append(dict(zip(figures, values, strict=True)) | trial.values)
    write_whole(result.out / TABLE, csv_of([*figures, *result.space], rows).encode())
