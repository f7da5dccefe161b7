"""A search for better settings with Optuna, kept in SQLite: interrupted or finished, it goes on where it was.

Trials are drawn by the tree-structured Parzen estimator (Bergstra et al. 2011); one that promises little is given up between two
epochs. What is maximised is the accuracy on held-out training images, of the averaged weights after the last epoch. The best run so
far is kept, finished, with its card; of the others only their settings and figures are.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from inkread.errors import MissingExtraError, OutputError, TrainingError
from inkread.pipeline.glyph import GEOMETRY
from inkread.system.files import whole
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
    from collections.abc import Callable, Iterator

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath
    from inkread.training.digits import Epoch
    from inkread.training.recipe import Recipe
    from inkread.training.space import Range, Space

STORAGE, STUDY = "sweep.sqlite", "sweep"
BEST, TRIAL = "best", "trial"
"""The folders of the best run and of the present one."""
BEST_RECIPE, TABLE = "best.json", "trials.csv"

RANDOM_TRIALS = 10
"""Trials drawn at random before the estimator has enough to go by."""

BEFORE_PRUNING = 5
"""Trials that are never given up: until then there is no median."""

FIRST_PRUNED = 2
"""Epoch before which no trial is given up for its median: while the learning rate rises, little can be told."""

ENOUGH_FOR_IMPORTANCE = 10
"""Finished trials below which it is chance which setting seems to matter."""

Pruning = Literal["median", "halving", "none"]

State = Literal["complete", "pruned"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One recipe and what came of it.

    Attributes:
        number: in the order of their start, from 0.
        state: whether it was trained to its end.
        values: the settings drawn, by the names of the space.
        curve: validation accuracy after each epoch, 0..1; empty where the first one diverged.
        seconds: of training.
    """

    number: int
    state: State
    values: dict[str, Any]
    curve: tuple[float, ...]
    seconds: float

    @property
    def accuracy(self) -> float:
        """After its last epoch, 0..1; 0 where there is none."""
        return self.curve[-1] if self.curve else 0.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as far as it is.

    Attributes:
        out: its folder.
        space: what is searched.
        trials: in their order.
        importance: of each setting that varies, adding up to 1 (PED-ANOVA, Watanabe et al. 2023); empty where trials are too few.
    """

    out: Path
    space: Space
    trials: tuple[Trial, ...]
    importance: dict[str, float]

    @property
    def best(self) -> Trial | None:
        """The finished trial of the highest accuracy, the first of them."""
        finished = [trial for trial in self.trials if trial.state == "complete"]
        return max(finished, key=lambda trial: trial.accuracy, default=None)


class Watch(Protocol):
    """Whoever wants to know how far the sweep is."""

    def on_batch(self, done: int, total: int) -> None:
        """Steps done in this epoch, and how many it has."""

    def on_epoch(self, epoch: Epoch) -> None:
        """The figures of an epoch that has just ended."""

    def on_trial(self, done: int, best: float) -> None:
        """How many trials are done, and the best accuracy so far, 0 before the first."""


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
    save: Callable[..., object] = export,
) -> Sweep:
    """Runs trials until there are so many in all, those of earlier calls with the same folder included.

    A trial that was interrupted is run again with its settings.

    Args:
        base: what the space does not name.
        space: what is searched.
        learned: what is learned from.
        held_out: what is judged by, never learned from.
        out: the sweep's folder, new or of an earlier sweep.
        trials: how many, given up ones included.
        pruning: when a trial is given up: below the median of the others at its epoch, by successive halving (Jamieson and
            Talwalkar 2016), or never.
        watch: told after every step, epoch and trial.
        save: saves a run that is the best so far; see ``inkread.training.export.export``.

    Raises:
        TrainingError: the folder holds a sweep of other settings or other data, or no readable one.
        OutputError: the folder cannot be written to, or another process works in it.
    """
    out = Path(out)
    with working_in(out), _opened(out, pruning, base.seed) as study:
        _identify(study, _identity(base, space, learned, held_out), out)
        _repeat_interrupted(study)
        distributions = {name: _distribution(name, entry) for name, entry in space.items()}
        while (done := len(_done(study))) < trials:
            best = _best_value(study)
            watch.on_trial(done, best)
            trial = study.ask(distributions)
            recipe = recipe_at(base, trial.params)
            begun = time.perf_counter()
            accuracy = _train(trial, recipe, learned, held_out, out=out, watch=watch, above=best, save=save)
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
    save: Callable[..., object],
) -> float | None:
    """Trains one recipe and gives its accuracy; a run that is better than ``above`` is kept as the best.

    It gives ``None`` where the trial promises little, or its loss is no longer a number.
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
        save(run, [held_out], data=data, geometry=GEOMETRY, command=command)
        _keep(folder, out, run.recipe)
    return accuracy


def _keep(folder: Path, out: Path, recipe: Recipe) -> None:
    """Puts a finished run in the place of the best one."""
    try:
        shutil.rmtree(out / BEST, ignore_errors=True)
        folder.replace(out / BEST)
        text = json.dumps(recipe.to_dict(), indent=2) + "\n"
        with whole(out / BEST_RECIPE) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            str(out), f"cannot be written to ({error})", "make room, then run it again"
        ) from error


@contextmanager
def _opened(out: Path, pruning: Pruning, seed: int) -> Iterator[optuna.Study]:
    """The study in the folder, made if it is not there."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / STORAGE).touch()
    except OSError as error:
        raise OutputError(str(out), f"cannot be written to ({error})", "choose another folder") from error
    pruners = {
        "median": optuna.pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING, n_warmup_steps=FIRST_PRUNED),
        "halving": optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
        "none": optuna.pruners.NopPruner(),
    }
    try:
        # A path within a URL would be misread where it has a question mark or a brace.
        connect = partial(sqlite3.connect, out / STORAGE, check_same_thread=False)
        storage = optuna.storages.RDBStorage("sqlite:///sweep", engine_kwargs={"creator": connect})
        study = optuna.create_study(
            storage=storage,
            study_name=STUDY,
            direction="maximize",
            load_if_exists=True,
            pruner=pruners[pruning],
        )
        # A seed of its own for each start, or else a resumed sweep would draw what it has drawn already.
        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=RANDOM_TRIALS, seed=seed + len(study.trials)
        )
    except Exception as error:  # SQLAlchemy's, SQLite's and Optuna's share no base but this
        problem = f"is no readable sweep ({type(error).__name__})"
        raise TrainingError(str(out / STORAGE), problem, "remove it, or choose another folder") from error
    try:
        yield study
    finally:
        storage.engine.dispose()


def _identity(
    base: Recipe, space: Space, learned: LabelledGlyphs, held_out: LabelledGlyphs
) -> dict[str, str]:
    """What the runs of one sweep have in common, flat, under names that a person can read."""
    fixed = replace(base, threads=0, precision="auto").to_dict()  # a sweep may move to another machine
    fixed |= {f"augmentation.{name}": value for name, value in fixed.pop("augmentation").items()}
    data = {
        "training data": (len(learned), learned.sha256),
        "held-out data": (len(held_out), held_out.sha256),
    }
    common = fixed | data | {name: str(entry) for name, entry in space.items()}
    return {name: str(value) for name, value in common.items()}


def _identify(study: optuna.Study, identity: dict[str, str], out: Path) -> None:
    """Notes what the sweep is about or, if that is noted, refuses another."""
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
        raise TrainingError(
            str(out), problem, "go on with what it was started with, or choose another folder"
        )


def _repeat_interrupted(study: optuna.Study) -> None:
    """Trials that were running when the process ended are run again, with their settings."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)


def _distribution(name: str, entry: Range | Choices) -> BaseDistribution:
    if isinstance(entry, Choices):
        return CategoricalDistribution(entry.values)
    if name in WHOLE:
        return IntDistribution(int(entry.low), int(entry.high), log=entry.log)
    return FloatDistribution(entry.low, entry.high, log=entry.log)


def _done(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _best_value(study: optuna.Study) -> float:
    """The highest accuracy of a finished trial; 0 where there is none."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max((trial.value or 0.0 for trial in finished), default=0.0)


def _result(study: optuna.Study, space: Space, out: Path) -> Sweep:
    found = []
    for trial in _done(study):
        curve = tuple(trial.intermediate_values[epoch] for epoch in sorted(trial.intermediate_values))
        state: State = "complete" if trial.state == TrialState.COMPLETE else "pruned"
        found.append(
            Trial(trial.number, state, dict(trial.params), curve, float(trial.user_attrs.get("seconds", 0.0)))
        )
    result = Sweep(out, space, tuple(found), _importance(study))
    _save_table(result)
    return result


def _importance(study: optuna.Study) -> dict[str, float]:
    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < ENOUGH_FOR_IMPORTANCE:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    try:
        return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
    except (ValueError, RuntimeError):  # all trials alike say nothing
        return {}


def _save_table(result: Sweep) -> None:
    """All trials as ``trials.csv``, one row each."""
    path = result.out / TABLE
    try:
        with whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            names = ["trial", "state", "validation_accuracy", "epochs", "seconds", *result.space]
            table = csv.DictWriter(file, names, lineterminator="\n")
            table.writeheader()
            for trial in result.trials:
                figures = (
                    trial.number,
                    trial.state,
                    trial.accuracy,
                    len(trial.curve),
                    round(trial.seconds, 2),
                )
                table.writerow(dict(zip(names, figures, strict=False)) | trial.values)
    except OSError as error:
        raise OutputError(
            str(path), f"cannot be written ({error.strerror or error})", "make room there"
        ) from error
