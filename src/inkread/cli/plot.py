"""``inkread plot``: one picture of data, of a training, of what a model gets right, or of what it sees."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import error_console, printable, show, write
from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkread.evaluation.plots.inspection import Inspection
    from inkread.evaluation.plots.learning import History
    from inkread.evaluation.plots.style import Plot

CURVES = "curves"

FIGURES = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
"""Of an epoch, those that are printed."""


class Method(StrEnum):
    """How an embedding is brought into the plane."""

    TSNE = "tsne"
    PCA = "pca"


def plot(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="samples, augmentation, curves, confusion, classes, reliability, predictions, errors, filters, features, "
            "saliency, embedding or process.",
        ),
    ],
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A bundled model, or the folder of a training run; curves takes several."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .png or .svg file; NAME.png unless given.")
    ] = None,
    glyph: Annotated[
        int | None, typer.Option(metavar="N", help="features, saliency: of the glyph of this number.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="process: of this picture of a digit.")
    ] = None,
    method: Annotated[Method | None, typer.Option(help="embedding: how; tsne unless given.")] = None,
    test: Annotated[
        bool,
        typer.Option("--test", help="Look at the collection's test images: for a final look only."),
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the collections are (also: INKREAD_DATA).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Save a plot as PNG or SVG.

    The glyphs are those that the run held out of its training; for a bundled model, the last of MNIST's training images.

    curves also prints them as text. filters, features, saliency, embedding and process look into the network, and need
    the extra train.
    """
    from inkread.datasets.progress import download_bar
    from inkread.evaluation.plots import Inspection, save
    from inkread.evaluation.plots.catalogue import draw, find
    from inkread.evaluation.plots.style import require_suffix

    given = {"glyph": glyph, "picture": picture, "method": method and method.value}
    options = {option: value for option, value in given.items() if value is not None}
    models = model or ["default"]
    find(name, options)
    if len(models) > 1 and name != CURVES:
        raise OptionError(
            f"--model {models[1]}", f"is one too many for {name}", f"give one, or plot {CURVES}"
        )
    file = out or Path(f"{name}.png")
    require_suffix(file)
    with download_bar(error_console(quiet=quiet)) as progress:
        subjects = [Inspection(each, data_dir=data_dir, test=test, on_download=progress) for each in models]
        drawn = _curves(subjects, quiet=quiet) if name == CURVES else draw(name, subjects[0], **options)
    save(drawn, file)
    if not quiet:
        write(f"Saved {file}\n")


def _curves(subjects: "list[Inspection]", *, quiet: bool) -> "Plot":
    """The curves of one or several runs, which are printed too."""
    from inkread.evaluation.plots import curves

    histories = {inspection.model.name: inspection.history for inspection in subjects}
    drawn = curves(histories)
    if not quiet:
        _print_curves(histories)
    return drawn


def _print_curves(histories: "Mapping[str, History]") -> None:
    """A row for each run and figure: the curve, and where it ended."""
    from rich.table import Table
    from rich.text import Text

    from inkread.evaluation.plots.sparkline import sparkline

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Run", "Figure", "Epochs", "Last"):
        table.add_column(heading)
    for run, history in histories.items():
        for name in FIGURES:
            values = [epoch[name] for epoch in history if name in epoch]
            if values:
                curve = sparkline(values)
                table.add_row(Text(printable(run)), name.replace("_", " "), curve, f"{values[-1]:.4f}")
    show(table)
