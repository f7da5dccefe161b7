"""``inkread train``: trains a network on MNIST or other data, or the detector for pages."""

import dataclasses
import shlex
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from inkread.cli.console import error_console, interruptible, record, show, table
from inkread.cli.options import DataDirOption, QuietOption, require
from inkread.cli.recipes import USUAL, fine_tune_config_of, recipe_of
from inkread.cli.settings import with_settings
from inkread.cli.training_progress import TrainingProgress
from inkread.errors import OptionError, nearest
from inkread.models.card import CARD_FILE, Card
from inkread.training.recipe import (
    DETECTOR,
    LOGGERS,
    RECIPES,
    TEXT,
    DetectorRecipe,
    FineTuneConfig,
    Recipe,
    TextRecipe,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkread.training import FineTuned, Run

MNIST, CORRECTIONS = "mnist", "corrections"
"""The default training data, and the corrections in a store."""

BUNDLED = "bundled"
"""The name of the default model in --init-from."""


_USUAL = cast("Recipe", RECIPES[USUAL])


@with_settings(
    **{
        f"Training; defaults: those of --network {USUAL}": _USUAL,
        f"Augmentation; defaults: those of --network {USUAL}": _USUAL.augmentation,
        f"--network {DETECTOR}": RECIPES[DETECTOR],
        f"--network {TEXT}": RECIPES[TEXT],
        "Fine-tuning (--init-from)": FineTuneConfig(),
    }
)
def train(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new folder for the run.")],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="linear, mlp, lenet5, cnn, small, tiny, detector, text, or a TOML file of layers; "
            "default: cnn, or the recipe's.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|DIR",
            help="Training data: a collection, a folder of labelled pictures, or corrections; repeatable. "
            "MNIST is added to corrections alone; default: mnist.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The store of the corrections; default: that of inkread serve."),
    ] = None,
    data_dir: DataDirOption = None,
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
            help="Fine-tune a model on your own --data: bundled, another model's name, or a run's folder.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="N", help="Train with N seeds, and print means and deviations.")
    ] = 1,
    log: Annotated[
        list[str] | None,
        typer.Option(metavar="|".join(LOGGERS), help="Also log each epoch there; repeatable."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Also write report.html, a page about the run.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the interrupted run in --out.")] = False,
    quiet: QuietOption = False,
    settings: dict[str, Any],
) -> None:
    """Train a network on MNIST or other data, and save the model with its card.

    The network "detector" finds the digits on a page. It trains on synthetic pages generated during training,
    which takes hours on two cores. With --data corrections, it starts from the bundled weights, also learns
    from the pages you corrected, and takes minutes. To read with it, use --detector.

    The network "text" reads words and lines, and learns from lines made during training, which takes hours
    too. With --data FOLDER, it also learns your own lines: pictures, and labels.csv with the columns file and
    label, in which " / " separates the lines of a picture.

    The collections are mnist, fashion-mnist, kmnist, qmnist, emnist-digits, emnist-letters, emnist-balanced,
    usps, and digits. digits comes with scikit-learn; the others are downloaded and verified if they are not
    on this machine. A labelled folder has labels.csv with the columns file and label, or one folder per
    digit; each picture is read as one digit. Part of all data is held out to monitor progress; test files are
    not used.

    With --init-from, a model is fine-tuned on a few of your own pictures, 5 or 500, and on part of MNIST, so
    that it forgets nothing. Its accuracy before and after is measured on pictures that it has not seen.

    With --patience 5, training stops once five epochs in a row have not lowered the validation loss; --keep
    best saves the best epoch instead of the last. With --seeds 5, five runs that differ only in their seed go
    to seed-0, seed-1, and so on in --out, and their scores to seeds.csv.

    Afterwards, --out contains model.onnx, model.safetensors, card.json, history.csv, and held_out.npz, and is
    a model for --model.
    """
    require("train", "torch")
    if report:
        require("plot", "matplotlib", "sklearn")
    if store is not None and CORRECTIONS not in (data or ()):
        raise OptionError("--store", "requires --data corrections", "add --data corrections")
    _check_loggers(log or [])
    words = _words(start=start, network=network, recipe=recipe, data=data or [], settings=settings)
    if start is not None:
        _refuse_beside_start(network=network, resume=resume, data=data, seeds=seeds, log=log)
        config = fine_tune_config_of(recipe, settings)
        options = {"out": out, "data_dir": data_dir, "command": _command(words, out)}
        console = error_console(quiet=quiet)
        with interruptible("start again"), TrainingProgress.over("Fine-tuning", 1, console) as progress:
            tuned = _tuned(config, start, data or [], store, progress=progress, **options)
        _print_tuned(tuned, start)
    else:
        if network == DETECTOR and recipe is None and CORRECTIONS in (data or ()):
            recipe = CORRECTIONS
        chosen = recipe_of(network, recipe, settings)
        one = partial(
            _one_run, words=words, data=data or [], store=store, data_dir=data_dir, log=log or [], quiet=quiet
        )
        if seeds == 1:
            _print_run(one(chosen, out, resume=resume))
        else:
            scores = {}
            for seed in range(chosen.seed, chosen.seed + seeds):
                recipe_of_seed = dataclasses.replace(chosen, seed=seed)
                scores[seed] = _seed_run(one, recipe_of_seed, out / f"seed-{seed}", resume=resume)
            _print_seeds(out, scores)
    if report:
        from inkread.evaluation.reports import write_report

        show(f"Report in {write_report(out, data_dir=data_dir)}")


def _check_loggers(names: list[str]) -> None:
    for name in names:
        if name not in LOGGERS:
            raise OptionError(f"--log {name}", "is unknown", nearest(name, LOGGERS))


def _one_run(
    recipe: Recipe | DetectorRecipe | TextRecipe,
    out: Path,
    *,
    words: list[str],
    data: list[str],
    store: str | None,
    data_dir: Path | None,
    log: list[str],
    quiet: bool,
    resume: bool,
) -> "Run[Any, Any]":
    """Trains one network, with a progress bar."""
    title, again = f"Training {recipe.network}", f"run the same command with --resume (--out {out})"
    console = error_console(quiet=quiet)
    with (
        interruptible(again),
        TrainingProgress.over(title, recipe.epochs, console) as progress,
        _logged(progress, log, out, recipe) as watched,
    ):
        options = {"out": out, "data_dir": data_dir, "command": _command(words, out)}
        return _trained(recipe, data, store, progress=watched, resume=resume, **options)


def _logged(
    progress: TrainingProgress, log: list[str], out: Path, recipe: Recipe | DetectorRecipe | TextRecipe
) -> AbstractContextManager[Any]:
    """Yields the progress, which also logs if that is asked for."""
    if not log:
        return nullcontext(progress)
    from inkread.training.loggers import logged

    return logged(progress, log, out, recipe)


def _seed_run(
    one: "Callable[..., Run[Any, Any]]",
    recipe: Recipe | DetectorRecipe | TextRecipe,
    out: Path,
    *,
    resume: bool,
) -> dict[str, float]:
    """Trains with one seed, unless that run is finished and the whole is resumed; returns its scores."""
    if resume and (out / CARD_FILE).is_file():
        return Card.load(out / CARD_FILE).scores
    return one(recipe, out, resume=resume and any(out.glob("checkpoint*"))).card.scores


def _command(words: list[str], out: Path) -> str:
    return shlex.join([*words, "--out", str(out)])


def _refuse_beside_start(
    *, network: str | None, resume: bool, data: list[str] | None, seeds: int, log: list[str] | None
) -> None:
    given = {f"--network {network}": network is not None, f"--seeds {seeds}": seeds > 1, "--log": bool(log)}
    for option, is_given in given.items():
        if is_given:
            raise OptionError(option, "cannot be used with --init-from", "remove it")
    if resume:
        raise OptionError(
            "--resume", "cannot be used with --init-from, which takes a minute or two", "start again"
        )
    if not data:
        raise OptionError("--init-from", "requires your own pictures", "add --data with their folder")


def _tuned(
    config: FineTuneConfig, start: str, data: list[str], store: str | None, **options: Any
) -> "FineTuned":
    from inkread.training import fine_tune

    return fine_tune(
        config, start="default" if start == BUNDLED else start, data=data, store=store, **options
    )


def _trained(
    recipe: Recipe | DetectorRecipe | TextRecipe, data: list[str], store: str | None, **options: Any
) -> "Run[Any, Any]":
    """Trains on glyphs, pages, or lines of text, depending on the recipe."""
    from inkread.training import train, train_detector, train_text

    if isinstance(recipe, TextRecipe):
        return train_text(recipe, data=[name for name in data if name != MNIST], **options)

    if isinstance(recipe, Recipe):
        return train(recipe, data=data or (MNIST,), store=store, **options)
    for name in data:
        if name not in (MNIST, CORRECTIONS):
            problem = f"has single glyphs, but the network {recipe.network} learns from whole pages"
            raise OptionError(f"--data {name}", problem, "use it with --network cnn or mlp")
    return train_detector(recipe, data=data, store=store, **options)


def _words(
    *, start: str | None, network: str | None, recipe: str | None, data: list[str], settings: dict[str, Any]
) -> list[str]:
    """Returns the command that repeats the run, without the store's address, which may contain a password."""
    words = ["inkread", "train"]
    words += ["--init-from", start] if start else []
    words += ["--recipe", recipe] if recipe else []
    words += ["--network", network or USUAL] if network or not (recipe or start) else []
    for name, value in settings.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return words + [word for name in data for word in ("--data", name)]


def _print_run(run: "Run[Any, Any]") -> None:
    last, card = run.history[-1], run.card
    rows = {
        "Network": run.recipe.network,
        "Parameters": f"{card.parameters:,}",
        "Epochs": f"{last.epoch} in {sum(epoch.seconds for epoch in run.history):.0f} s",
        **last.summary(),
        "Temperature": f"{card.temperature:.3f}",
        "Saved in": str(run.out),
    }
    show(record(rows))


def _print_seeds(out: Path, scores: dict[int, dict[str, float]]) -> None:
    from inkread.training.seeds import save_seeds, spread

    rows = table("Score", ">mean", ">± deviation", ">lowest", ">highest")
    for name, found in spread(list(scores.values())).items():
        figures = (found.mean, found.deviation, found.low, found.high)
        rows.add_row(name.replace("_", " "), *(f"{figure:.4f}" for figure in figures))
    show(rows)
    show(f"Scores of {len(scores)} seeds in {save_seeds(out, scores)}")


def _print_tuned(tuned: "FineTuned", start: str) -> None:
    rows = table("", ">before", ">after")
    rows.add_row(f"Your {tuned.glyphs} pictures, unseen", *(f"{right} correct" for right in tuned.own))
    rows.add_row("MNIST, held out", *(f"{share:.2%}" for share in tuned.mnist))
    if tuned.rejected:
        rows.add_row("No digit, rejected", *(f"{share:.2%}" for share in tuned.rejected))
    show(rows)
    if tuned.is_better:
        show(f"Better than {start}; to use it, add --model {tuned.run.out}")
    elif tuned.own[1] > tuned.own[0]:
        show(f"Better than {start} on your pictures, but it reads {' and '.join(tuned.worse)} worse.")
        show(f"If your pictures matter more, use --model {tuned.run.out}")
    else:
        show(f"Not better than {start}: keep {start}. Saved in {tuned.run.out} anyway")
