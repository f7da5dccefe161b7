"""``inkread plot``: saves one plot of data, a training run, a model's results, or its inner workings."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import error_console, printable, show, table, write
from inkread.cli.options import DataDirOption
from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkread.evaluation.plots.inspection import Inspection
    from inkread.evaluation.plots.learning import History
    from inkread.evaluation.plots.style import Plot

CURVES = "curves"

FIGURES = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
"""The values of an epoch that are printed."""


class Method(StrEnum):
    """The method that projects an embedding to two dimensions."""

    TSNE = "tsne"
    PCA = "pca"


def plot_names() -> list[str]:
    """Returns the names that the shell completes."""
    from inkread.evaluation.plots.catalogue import PLOTS

    return list(PLOTS)


def plot(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=plot_names,
            help="samples, augmentation, curves, confusion, classes, reliability, predictions, errors, "
            "diagram, filters, features, saliency, gradcam, embedding, or process.",
        ),
    ],
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A bundled model, or a training run's folder; curves accepts several."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .png or .svg file; default: NAME.png.")
    ] = None,
    glyph: Annotated[
        int | None,
        typer.Option(min=0, help="features, saliency, gradcam: the index of the glyph to plot."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="process: the picture of a digit to plot.")
    ] = None,
    method: Annotated[Method | None, typer.Option(help="embedding: the projection; default: tsne.")] = None,
    test: Annotated[
        bool,
        typer.Option("--test", help="Use the collection's test images; for a final check only."),
    ] = False,
    data_dir: DataDirOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Save a plot as PNG or SVG.

    The glyphs are those that the run held out from training; for a bundled model, the last MNIST training
    images.

    curves also prints the curves as text. filters, features, saliency, gradcam, embedding, and process
    inspect the network and require the extra train.
    """
    from inkread.datasets.download import download_bar
    from inkread.evaluation.plots import Inspection, save
    from inkread.evaluation.plots.catalogue import draw, find
    from inkread.evaluation.plots.style import require_suffix

    given = {"glyph": glyph, "picture": picture, "method": method and method.value}
    options = {option: value for option, value in given.items() if value is not None}
    models = model or ["default"]
    find(name, options)
    if len(models) > 1 and name != CURVES:
        raise OptionError(
            f"--model {models[1]}", f"cannot be added: {name} takes one model", f"use one, or plot {CURVES}"
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
    """Draws the curves of one or more runs, and prints them as text."""
    from inkread.evaluation.plots import curves

    histories = {inspection.model.name: inspection.history for inspection in subjects}
    drawn = curves(histories)
    if not quiet:
        _print_curves(histories)
    return drawn


def _print_curves(histories: "Mapping[str, History]") -> None:
    """Prints a row for each run and value: the curve and the last value."""
    from rich.text import Text

    from inkread.evaluation.plots.sparkline import sparkline

    rows = table("Run", "Figure", "Epochs", ">Last")
    for run, history in histories.items():
        for name in FIGURES:
            values = [epoch[name] for epoch in history if name in epoch]
            if values:
                curve = sparkline(values)
                rows.add_row(Text(printable(run)), name.replace("_", " "), curve, f"{values[-1]:.4f}")
    show(rows)
