"""``inkread sweep``: searches for better settings of a network."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import error_console, interruptible, show, table
from inkread.cli.options import DataDirOption, QuietOption, require
from inkread.errors import OptionError, nearest

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.training import Epoch, Recipe
    from inkread.training.sweep import Sweep

LISTED = 10
"""Number of trials in the table, best first."""


class Pruning(StrEnum):
    """The strategy for stopping a trial early."""

    MEDIAN = "median"
    HALVING = "halving"
    NONE = "none"


def sweep(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The sweep's folder: new, or one to continue.")],
    trials: Annotated[int, typer.Option(min=1, help="Total number of trials, including earlier ones.")] = 50,
    network: Annotated[
        str, typer.Option(metavar="NAME", help="linear, mlp, lenet5, cnn, small, or tiny.")
    ] = "small",
    space: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A TOML file of ranges to search; others keep their defaults."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training images per trial.")] = 8,
    pruning: Annotated[
        Pruning, typer.Option("--pruner", help="How to stop unpromising trials early.")
    ] = Pruning.MEDIAN,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed for drawing trials and for each training.")
    ] = 0,
    data_dir: DataDirOption = None,
    quiet: QuietOption = False,
) -> None:
    """Search for better settings of a network on MNIST, with Optuna.

    Each trial trains with different settings: learning rate, batch size, dropout, weight decay, label
    smoothing, augmentation. It is scored on the last 5,000 training images, which are held out; the test
    images are not used. To continue after an interruption, or with more --trials, run the same command again.

    A --space file has tables such as [learning_rate] with low, high, and log, [batch_size] with choices,
    [augmentation.rotation], or plain values for fixed settings, such as dropout = 0.3.

    Afterwards, --out contains best/ (a finished run, a model for --model), best.json (its recipe, for inkread
    train --recipe), trials.csv, sweep.sqlite with every trial, and the plots.
    """
    require("sweep", "torch", "optuna", "matplotlib")
    from inkread.training.space import DEFAULT_SPACE, load_space

    searched = DEFAULT_SPACE if space is None else load_space(space)
    base = _base(network, epochs, seed)
    learned, held_out = _data(base, data_dir, quiet=quiet)
    from inkread.training.sweep import sweep as search

    with (
        interruptible(f"run the same command again (--out {out})"),
        _Watch.over(base, trials, error_console(quiet=quiet)) as watch,
    ):
        found = search(
            base, searched, learned, held_out, out=out, trials=trials, pruning=pruning.value, watch=watch
        )
    _save_plots(found)
    _print_sweep(found)


def _base(network: str, epochs: int, seed: int) -> "Recipe":
    """Returns the network's recipe with fewer epochs."""
    import dataclasses

    from inkread.training.recipe import NETWORKS, RECIPES, Recipe

    if network not in NETWORKS:
        raise OptionError(f"--network {network}", "is not a known network", nearest(network, NETWORKS))
    recipe = RECIPES[network]
    assert isinstance(recipe, Recipe)  # noqa: S101 - only the bundled recipe "detector" has another type
    return dataclasses.replace(recipe, epochs=epochs, seed=seed)


def _data(recipe: "Recipe", data_dir: Path | None, *, quiet: bool) -> "tuple[LabelledGlyphs, LabelledGlyphs]":
    """Loads MNIST's training images, split into those to train on and those held out."""
    from inkread.datasets.download import download_bar
    from inkread.datasets.mnist import load_mnist

    with download_bar(error_console(quiet=quiet)) as progress:
        mnist = load_mnist("train", data_dir=data_dir, progress=progress)
    return mnist.subset(slice(None, -recipe.validation)), mnist.subset(slice(-recipe.validation, None))


class _Watch:
    """Two progress bars: the trials with the best accuracy so far, and the current trial."""

    def __init__(self, bar: "Progress", trials: "TaskID", steps: "TaskID", epochs: int) -> None:
        self._bar, self._trials, self._steps = bar, trials, steps
        self._epochs, self._epoch = epochs, 0

    @classmethod
    @contextmanager
    def over(cls, recipe: "Recipe", trials: int, console: "Console") -> Iterator["_Watch"]:
        """Shows the bars during a sweep."""
        from rich import progress

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[note]}"),
        )
        with progress.Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
            both = (
                bar.add_task("Trials", total=trials, note=""),
                bar.add_task("Starting", total=None, note=""),
            )
            yield cls(bar, *both, recipe.epochs)

    def on_batch(self, done: int, total: int) -> None:
        """Advances the lower bar, in steps over all epochs."""
        self._bar.update(self._steps, completed=self._epoch * total + done, total=self._epochs * total)

    def on_epoch(self, epoch: "Epoch") -> None:
        """Shows the accuracy of the finished epoch."""
        self._epoch = epoch.epoch
        self._bar.update(
            self._steps, note=f"epoch {epoch.epoch} of {self._epochs}: {epoch.validation_accuracy:.2%}"
        )

    def on_trial(self, done: int, best: float) -> None:
        """Advances the upper bar and resets the lower one."""
        self._epoch = 0
        note = f"{done} done, best {best:.2%}" if best else f"{done} done"
        self._bar.update(self._trials, completed=done, note=note)
        self._bar.reset(self._steps, description=f"Trial {done + 1}", note="")


def _save_plots(sweep: "Sweep") -> None:
    from inkread.evaluation.plots import save, settings, trials

    for name, plot in (("history", trials(sweep)), ("settings", settings(sweep))):
        for suffix in (".svg", ".png"):
            save(plot, sweep.out / f"{name}{suffix}")


def _print_sweep(sweep: "Sweep") -> None:
    """Prints the best trials, and the settings of the best one."""
    pruned = sum(trial.state == "pruned" for trial in sweep.trials)
    show(f"{len(sweep.trials)} trials, {pruned} of them stopped early", "", _trials(sweep), "")
    if sweep.best is not None:
        show(_settings(sweep), "")
        show(f"The best run is {sweep.out / 'best'}. To train its recipe, best.json, for longer:")
        show(f"  inkread train --recipe {shlex.quote(str(sweep.out / 'best.json'))} --epochs 50 --out DIR")
    else:
        show("No trial finished training. Try lower learning rates, or --pruner none.")


def _trials(sweep: "Sweep") -> "Table":
    rows = table(">Trial", ">Validation accuracy", ">Epochs", ">Seconds")
    finished = [trial for trial in sweep.trials if trial.state == "complete"]
    for trial in sorted(finished, key=lambda trial: -trial.accuracy)[:LISTED]:
        rows.add_row(
            str(trial.number), f"{trial.accuracy:.2%}", str(len(trial.curve)), f"{trial.seconds:.1f}"
        )
    return rows


def _settings(sweep: "Sweep") -> "Table":
    rows = table("Setting", ">Best", "Searched", *([">Importance"] if sweep.importance else []))
    assert sweep.best is not None  # noqa: S101 - the caller has checked
    for name, value in sweep.best.values.items():
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        share = f"{sweep.importance[name]:.0%}" if name in sweep.importance else ""
        entry = sweep.space[name]
        searched = str(entry) if len(set(entry.ends)) > 1 else "fixed"
        rows.add_row(name, shown, searched, *([share] if sweep.importance else []))
    return rows
