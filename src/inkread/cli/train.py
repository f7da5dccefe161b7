"""``inkread train``: trains a network on MNIST or other data, or the detector for pages."""

from pathlib import Path
from typing import Annotated, Any, cast

from typer import Option

from inkread.cli.console import show
from inkread.cli.options import DataDirOption, QuietOption, reject, require
from inkread.cli.recipes import USUAL, fine_tune_config_of, recipe_of
from inkread.cli.settings import with_settings
from inkread.cli.training import CORRECTIONS, Training, show_fine_tuned, show_run, show_seeds
from inkread.errors import OptionError, nearest
from inkread.system.ranks import rank, ranks
from inkread.training.recipe import DETECTOR, LOGGERS, RECIPES, TEXT, AnyRecipe, FineTuneConfig, Recipe

IN_PARALLEL, ALONE = "cannot be used in several processes", "start it without torchrun"

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
    out: Annotated[Path, Option(metavar="DIR", help="A new folder for the run.")],
    network: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="linear, mlp, lenet5, cnn, small, tiny, detector, text, or a TOML file of layers; "
            "default: cnn, or the recipe's.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        Option(
            metavar="NAME|DIR",
            help="Training data: a collection, a folder of labeled pictures, or corrections; repeatable. "
            "MNIST is added to corrections alone; default: mnist.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        Option(metavar="URL", help="The store of the corrections; default: that of inkread serve."),
    ] = None,
    data_dir: DataDirOption = None,
    recipe: Annotated[
        str | None, Option(metavar="FILE", help="Settings as TOML or JSON, or the name of a recipe.")
    ] = None,
    start: Annotated[
        str | None,
        Option(
            "--init-from",
            "--start",
            metavar="MODEL",
            help="Fine-tune a model on your own --data: bundled, another model's name, or a run's folder.",
        ),
    ] = None,
    seeds: Annotated[
        int, Option(min=1, metavar="N", help="Train with N seeds, and print means and deviations.")
    ] = 1,
    log: Annotated[
        list[str] | None, Option(metavar="|".join(LOGGERS), help="Also log each epoch there; repeatable.")
    ] = None,
    report: Annotated[bool, Option("--report", help="Also write report.html, a page about the run.")] = False,
    resume: Annotated[bool, Option("--resume", help="Continue the interrupted run in --out.")] = False,
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
    emnist-byclass, usps, and digits. digits comes with scikit-learn; the others are downloaded and verified
    if they are not on this machine. A labeled folder has labels.csv with the columns file and label, or one
    folder per class, named as you like: digits, letters, signs. Each picture is read as one glyph. Part of
    all data is held out to monitor progress; test files are not used.

    With --init-from, a model is fine-tuned on a few of your own pictures, 5 to 500, and on part of MNIST, so
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
    if CORRECTIONS not in (data or ()):
        reject({"--store": store}, "requires --data corrections", "add --data corrections")
    for name in log or ():
        if name not in LOGGERS:
            raise OptionError(f"--log {name}", "is unknown", nearest(name, LOGGERS))
    training = Training(
        out=out,
        words=_words(start=start, network=network, recipe=recipe, data=data or [], settings=settings),
        data=data or (),
        store=store,
        data_dir=data_dir,
        log=log or (),
        resume=resume,
        quiet=quiet,
    )
    if start is None:
        corrected = network == DETECTOR and recipe is None and CORRECTIONS in training.data
        _run(training, recipe_of(network, CORRECTIONS if corrected else recipe, settings), seeds)
    else:
        _refuse_beside_start(network=network, resume=resume, data=data, seeds=seeds, log=log)
        show_fine_tuned(training.fine_tune(fine_tune_config_of(recipe, settings), start), start)
    if report and not rank():
        from inkread.evaluation.reports import write_report

        show(f"Report in {write_report(out, data_dir=data_dir)}")


def _run(training: Training, recipe: AnyRecipe, seeds: int) -> None:
    """Trains with one seed or several; of several processes, the first prints the scores."""
    if ranks() > 1 and not isinstance(recipe, Recipe):
        raise OptionError(f"--network {recipe.network}", IN_PARALLEL, ALONE)
    if ranks() > 1 and seeds > 1:
        raise OptionError(f"--seeds {seeds}", IN_PARALLEL, ALONE)
    if seeds > 1:
        show_seeds(training.out, training.runs(recipe, seeds))
        return
    run = training.run(recipe)
    if not rank():
        show_run(run)


def _refuse_beside_start(
    *, network: str | None, resume: bool, data: list[str] | None, seeds: int, log: list[str] | None
) -> None:
    if ranks() > 1:
        raise OptionError("--init-from", IN_PARALLEL, ALONE)
    given = {f"--network {network}": network, f"--seeds {seeds}": seeds > 1, "--log": log}
    reject(given, "cannot be used with --init-from", "remove it")
    problem = "cannot be used with --init-from, which takes a minute or two"
    reject({"--resume": resume}, problem, "start again")
    if not data:
        raise OptionError("--init-from", "requires your own pictures", "add --data with their folder")


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
