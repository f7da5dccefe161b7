"""``inkread train``: a network from MNIST and other data, or from rows written with it."""

import importlib.util
import json
import shlex
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli.console import error_console, printable, show
from inkread.cli.settings import nested, with_settings
from inkread.errors import MissingExtraError, OptionError, nearest
from inkread.training.recipe import NETWORKS, RECIPES, Augmentation, Recipe, RowRecipe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.text import Text

    from inkread.training import Epoch, RowEpoch, Run

INTERRUPTED = 130

ROWS, USUAL = "rows", "cnn"
"""The network that reads whole rows, and the one that is trained if none is named."""

MNIST, CORRECTIONS = "mnist", "corrections"
"""The data that are learned from if none are named, and those that a store has."""


@with_settings(Training=Recipe, Augmentation=Augmentation, Rows=RowRecipe)
def train(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the run is saved: a new folder.")],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="linear, mlp, lenet5, cnn, small, tiny, rows, or a TOML file of layers; cnn unless --recipe says otherwise.",
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
    resume: Annotated[bool, typer.Option("--resume", help="Continue the interrupted run in --out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar.")] = False,
    settings: dict[str, Any],
) -> None:
    """Train a network on MNIST or other data, and save the model with its card.

    The network "rows" reads whole rows; its epochs are blocks of 4,096 synthetic ones.

    The collections are mnist, fashion-mnist, kmnist, qmnist, emnist-digits, emnist-letters, emnist-balanced, usps and digits,
    which come with scikit-learn; all others are downloaded and verified where they are not on this machine. A labelled folder
    has labels.csv with the columns file and label, or a folder for each digit; each picture is read as one digit. Some of
    everything is held out to watch the progress; test files are not touched.

    --out then has model.onnx, model.safetensors, card.json and history.csv, and is a model for --model.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "train")
    chosen = _recipe(network, recipe, settings)
    if store is not None and CORRECTIONS not in (data or ()):
        raise OptionError("--store", "says where corrections are", "give --data corrections too")

    try:
        with _Watch.over(chosen, error_console(quiet=quiet)) as watch:
            run = _trained(
                chosen,
                data or [],
                store,
                out=out,
                data_dir=data_dir,
                resume=resume,
                progress=watch,
                command=_command(network, recipe, settings, data or [], out),
            )
    except KeyboardInterrupt:
        sys.stderr.write(f"Interrupted; to continue, run the same command with --resume (--out {out}).\n")
        raise typer.Exit(INTERRUPTED) from None
    _print_run(run)


def _trained(
    recipe: Recipe | RowRecipe, data: list[str], store: str | None, **options: Any
) -> "Run[Any, Any]":
    """Whole rows or glyphs, as the recipe says."""
    from inkread.training import train, train_rows

    if isinstance(recipe, Recipe):
        return train(recipe, data=data or (MNIST,), store=store, **options)
    for name in data:
        if name != MNIST:
            problem = "is of single glyphs, and the network rows learns whole rows"
            raise OptionError(f"--data {name}", problem, "train the network cnn or mlp with it")
    return train_rows(recipe, **options)


class _Watch:
    """Two bars, of the training and of the present download or epoch, and the curves of loss and accuracy so far."""

    def __init__(self, bar: "Progress", epochs: "TaskID", steps: "TaskID", curves: "Text") -> None:
        self._bar, self._epochs, self._steps, self._curves = bar, epochs, steps, curves
        self._history: list[Epoch | RowEpoch] = []

    @classmethod
    @contextmanager
    def over(cls, recipe: Recipe | RowRecipe, console: "Console") -> Iterator["_Watch"]:
        """Draws the bars for the time of a training."""
        from rich import progress
        from rich.console import Group
        from rich.live import Live
        from rich.text import Text

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
        )
        bar, curves = progress.Progress(*columns, console=console), Text()
        epochs = bar.add_task(f"Training {recipe.network}", total=recipe.epochs)
        watch = cls(bar, epochs, bar.add_task("Starting", total=None), curves)
        with Live(Group(bar, curves), console=console, transient=True, redirect_stdout=False):
            yield watch

    def on_download(self, name: str, done: int, total: int) -> None:
        """Moves the lower bar, in bytes."""
        self._bar.update(self._steps, description=f"Downloading {name}", completed=done, total=total)

    def on_picture(self, done: int, total: int) -> None:
        """Moves the lower bar, in pictures."""
        self._bar.update(self._steps, description="Reading pictures", completed=done, total=total)

    def on_note(self, text: str) -> None:
        """Tells it above the bars."""
        sys.stderr.write(f"note: {printable(text)}\n")

    def on_batch(self, done: int, total: int) -> None:
        """Moves both bars, so that the time left is known before the first epoch ends."""
        self._bar.update(self._steps, description="This epoch", completed=done, total=total)
        epochs = self._history[-1].epoch if self._history else 0
        self._bar.update(self._epochs, completed=epochs + done / total)

    def on_epoch(self, epoch: "Epoch | RowEpoch") -> None:
        """Moves the bar of the training, and draws the curves on."""
        from inkread.plots.sparkline import sparkline

        self._history.append(epoch)
        self._bar.update(self._epochs, completed=epoch.epoch)
        losses = sparkline([each.train_loss for each in self._history])
        accuracies = sparkline([each.validation_accuracy for each in self._history])
        self._curves.plain = (
            f"Training loss        {losses} {epoch.train_loss:.4f}\n"
            f"Validation accuracy  {accuracies} {epoch.validation_accuracy:.2%}"
        )


def _recipe(network: str | None, recipe: str | None, settings: dict[str, Any]) -> Recipe | RowRecipe:
    """The recipe of that name or file, or of the network, with the settings that were given on top."""
    own = _own_network(network) if network not in (None, *NETWORKS, ROWS) else {}
    chosen = own or ({"network": network} if network else {})
    name = recipe or (USUAL if own else network or USUAL)
    base = RECIPES[name].to_dict() if name in RECIPES else _read_settings(name)
    kind = RowRecipe if base.get("network") == ROWS or network == ROWS else Recipe
    given = nested(settings, Augmentation) if kind is Recipe else settings
    if "augmentation" in given:
        given |= {"augmentation": base.get("augmentation", {}) | given["augmentation"]}
    return kind.from_dict(base | given | chosen)


def _own_network(name: str) -> dict[str, Any]:
    """The settings of a network from a TOML file."""
    from inkread.training.architecture import load_architecture

    if not name.endswith(".toml"):
        remedy = nearest(name, [*NETWORKS, ROWS]) + "; or give a TOML file of layers"
        raise OptionError(f"--network {name}", "is no network", remedy)
    network, layers = load_architecture(Path(name))
    return {"network": network, "layers": layers}


def _read_settings(name: str) -> dict[str, Any]:
    """The settings in a TOML or JSON file."""
    file = Path(name)
    remedy = "give a TOML or JSON file of settings"
    if file.suffix not in (".toml", ".json") and not file.is_file():
        raise OptionError(f"--recipe {name}", "is no recipe", f"{nearest(name, RECIPES)}; or {remedy}")
    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError(name, f"is no readable recipe ({reason})", remedy) from error
    if not isinstance(values, dict):
        raise OptionError(name, "is no recipe", remedy)
    return values


def _command(
    network: str | None, recipe: str | None, settings: dict[str, Any], data: list[str], out: Path
) -> str:
    """What to type to repeat the run; the store's address is left out, as it may hold a password."""
    words = ["inkread", "train"]
    words += ["--recipe", recipe] if recipe else []
    words += ["--network", network or USUAL] if network or not recipe else []
    for name, value in settings.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    words += [word for name in data for word in ("--data", name)]
    return shlex.join([*words, "--out", str(out)])


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
