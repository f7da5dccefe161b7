"""``inkread train``: a network from MNIST or other data, or the networks that find the digits of a page."""

import importlib.util
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli.console import error_console, show
from inkread.cli.recipes import USUAL, fine_tune_config_of, recipe_of
from inkread.cli.settings import with_settings
from inkread.cli.training_progress import TrainingProgress
from inkread.errors import MissingExtraError, OptionError
from inkread.training.recipe import DETECTOR, Augmentation, DetectorRecipe, FineTuneConfig, Recipe

if TYPE_CHECKING:
    from inkread.training import FineTuned, Run

INTERRUPTED = 130

MNIST, CORRECTIONS = "mnist", "corrections"
"""The data that are learned from if none are named, and those that a store has."""

BUNDLED = "bundled"
"""The default model, as --init-from names it."""


@with_settings(
    Training=Recipe,
    Augmentation=Augmentation,
    Detector=DetectorRecipe,
    **{"Training on": FineTuneConfig},
)
def train(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the run is saved: a new folder.")],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="linear, mlp, lenet5, cnn, small, tiny, detector, or a TOML file of layers; cnn unless --recipe says otherwise.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|DIR",
            help="What to learn from, MNIST unless given; several together: a collection, a folder of labelled pictures, or "
            "corrections, which alone are learned with MNIST.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the corrections are, if not where inkread serve keeps them."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the collections are (also: INKREAD_DATA).")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Settings as TOML or JSON, or the name of a recipe."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--init-from",
            "--start",
            metavar="MODEL",
            help="Train on from a model, with --data of your own: bundled, another model's name, or the folder of a run.",
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Also write report.html, a page about the run.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the interrupted run in --out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar.")] = False,
    settings: dict[str, Any],
) -> None:
    """Train a network on MNIST or other data, and save the model with its card.

    The network "detector" finds the digits of a page. It learns from synthetic pages, which are made during training; on two cores
    this takes hours. With --data corrections it goes on from the bundled weights, in minutes, and learns from pages that you
    corrected too. Read with it by --detector.

    The collections are mnist, fashion-mnist, kmnist, qmnist, emnist-digits, emnist-letters, emnist-balanced, usps and digits,
    which come with scikit-learn; all others are downloaded and verified where they are not on this machine. A labelled folder
    has labels.csv with the columns file and label, or a folder for each digit; each picture is read as one digit. Some of
    everything is held out to watch the progress; test files are not touched.

    With --init-from, a model goes on with a few pictures of your own, 5 or 500, and some of MNIST, so that it forgets nothing; what
    it reads of yours is told before and after, of pictures that it has not seen.

    --out then has model.onnx, model.safetensors, card.json, history.csv and held_out.npz, and is a model for --model.
    """
    _require("torch", "train")
    if report:
        _require("matplotlib", "plot")
        _require("sklearn", "plot")
    if store is not None and CORRECTIONS not in (data or ()):
        raise OptionError("--store", "says where corrections are", "give --data corrections too")
    words = _words(start=start, network=network, recipe=recipe, data=data or [], settings=settings)
    options = {"out": out, "data_dir": data_dir, "command": shlex.join([*words, "--out", str(out)])}
    console = error_console(quiet=quiet)
    if start is not None:
        _refuse_beside_start(network=network, resume=resume, data=data)
        config = fine_tune_config_of(recipe, settings)
        with _interruptible("start again"), TrainingProgress.over("Training on", 1, console) as progress:
            tuned = _tuned(config, start, data or [], store, progress=progress, **options)
        _print_tuned(tuned, start)
    else:
        if network == DETECTOR and recipe is None and CORRECTIONS in (data or ()):
            recipe = CORRECTIONS
        chosen = recipe_of(network, recipe, settings)
        title, again = f"Training {chosen.network}", f"run the same command with --resume (--out {out})"
        with _interruptible(again), TrainingProgress.over(title, chosen.epochs, console) as progress:
            run = _trained(chosen, data or [], store, progress=progress, resume=resume, **options)
        _print_run(run)
    if report:
        from inkread.evaluation.reports import write_report

        show(f"Report in {write_report(out, data_dir=data_dir)}")


def _require(package: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise MissingExtraError(package, extra)


@contextmanager
def _interruptible(again: str) -> Iterator[None]:
    """Ends with a word on how to go on, where a person interrupts."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"Interrupted; to continue, {again}.\n")
        raise typer.Exit(INTERRUPTED) from None


def _refuse_beside_start(*, network: str | None, resume: bool, data: list[str] | None) -> None:
    if network is not None:
        raise OptionError(f"--network {network}", "is that of --init-from", "leave it out")
    if resume:
        raise OptionError(
            "--resume", "does not go with --init-from, which takes a minute or two", "start again"
        )
    if not data:
        raise OptionError("--init-from", "needs pictures of your own", "name their folder with --data")


def _tuned(
    config: FineTuneConfig, start: str, data: list[str], store: str | None, **options: Any
) -> "FineTuned":
    from inkread.training import fine_tune

    return fine_tune(
        config, start="default" if start == BUNDLED else start, data=data, store=store, **options
    )


def _trained(
    recipe: Recipe | DetectorRecipe, data: list[str], store: str | None, **options: Any
) -> "Run[Any, Any]":
    """Glyphs or pages, as the recipe says."""
    from inkread.training import train, train_detector

    if isinstance(recipe, Recipe):
        return train(recipe, data=data or (MNIST,), store=store, **options)
    for name in data:
        if name not in (MNIST, CORRECTIONS):
            problem = f"is of single glyphs, and the network {recipe.network} learns from whole pages"
            raise OptionError(f"--data {name}", problem, "train the network cnn or mlp with it")
    return train_detector(recipe, data=data, store=store, **options)


def _words(
    *, start: str | None, network: str | None, recipe: str | None, data: list[str], settings: dict[str, Any]
) -> list[str]:
    """What to type to repeat the run; the store's address is left out, as it may hold a password."""
    words = ["inkread", "train"]
    words += ["--init-from", start] if start else []
    words += ["--recipe", recipe] if recipe else []
    words += ["--network", network or USUAL] if network or not (recipe or start) else []
    for name, value in settings.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return words + [word for name in data for word in ("--data", name)]


def _print_run(run: "Run[Any, Any]") -> None:
    from rich.table import Table

    last, card = run.history[-1], run.card
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("Network", run.recipe.network)
    table.add_row("Parameters", f"{card.parameters:,}")
    table.add_row("Epochs", f"{last.epoch} in {sum(epoch.seconds for epoch in run.history):.0f} s")
    for name, value in last.summary().items():
        table.add_row(name, value)
    table.add_row("Temperature", f"{card.temperature:.3f}")
    table.add_row("Saved in", str(run.out))
    show(table)


def _print_tuned(tuned: "FineTuned", start: str) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("", "before", "after"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row(f"Your {tuned.glyphs} pictures, unseen", *(f"{right} right" for right in tuned.own))
    table.add_row("MNIST, held out", *(f"{share:.2%}" for share in tuned.mnist))
    if tuned.rejected:
        table.add_row("No digit, rejected", *(f"{share:.2%}" for share in tuned.rejected))
    show(table)
    if tuned.is_better:
        show(f"Better than {start}: read with --model {tuned.run.out}")
    elif tuned.own[1] > tuned.own[0]:
        show(f"Better than {start} on your pictures, but it reads {' and '.join(tuned.worse)} worse.")
        show(f"If your pictures matter more, read with --model {tuned.run.out}")
    else:
        show(f"Not better than {start}, which is the one to keep; saved in {tuned.run.out} all the same")
