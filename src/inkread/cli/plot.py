"""``inkread plot``: saves one plot of data, a training run, a model's results, or its inner workings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from inkread.cli.console import download_bar, printable, show, table, write
from inkread.cli.options import DataDirOption, TestOption
from inkread.errors import OptionError

if TYPE_CHECKING:
    from inkread.evaluation.plots.inspection import Inspection
    from inkread.evaluation.plots.style import Plot

CURVES = "curves"

FIGURES = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
"""The values of an epoch that are printed."""


def plot_names() -> list[str]:
    """Returns the names that the shell completes."""
    from inkread.evaluation.plots.catalogue import PLOTS

    return list(PLOTS)


def plot(
    name: Annotated[
        str,
        Argument(
            metavar="NAME",
            autocompletion=plot_names,
            help="samples, augmentation, curves, confusion, classes, reliability, predictions, errors, "
            "diagram, filters, features, saliency, gradcam, embedding, or process.",
        ),
    ],
    *,
    model: Annotated[
        list[str] | None, Option(help="A bundled model, or a training run's folder; curves accepts several.")
    ] = None,
    out: Annotated[
        Path | None, Option(metavar="FILE", help="A .png or .svg file; default: NAME.png.")
    ] = None,
    glyph: Annotated[
        int | None, Option(min=0, help="features, saliency, gradcam: the index of the glyph to plot.")
    ] = None,
    picture: Annotated[
        Path | None, Option(metavar="FILE", help="process: the picture of a digit to plot.")
    ] = None,
    method: Annotated[
        Literal["tsne", "pca"] | None, Option(help="embedding: the projection; default: tsne.")
    ] = None,
    test: TestOption = False,
    data_dir: DataDirOption = None,
    quiet: Annotated[bool, Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Save a plot as PNG or SVG.

    The glyphs are those that the run held out from training; for a bundled model, the last MNIST training
    images.

    curves also prints the curves as text. filters, features, saliency, gradcam, embedding, and process
    inspect the network and require the extra train.
    """
    from inkread.evaluation.plots import Inspection, save
    from inkread.evaluation.plots.catalogue import draw, find
    from inkread.evaluation.plots.style import require_suffix

    given = {"glyph": glyph, "picture": picture, "method": method}
    options = {option: value for option, value in given.items() if value is not None}
    models = model or ["default"]
    find(name, options)
    if len(models) > 1 and name != CURVES:
        raise OptionError(
            f"--model {models[1]}", f"cannot be added: {name} takes one model", f"use one, or plot {CURVES}"
        )
    file = out or Path(f"{name}.png")
    require_suffix(file)
    with download_bar(quiet=quiet) as progress:
        subjects = [Inspection(each, data_dir=data_dir, test=test, on_download=progress) for each in models]
        drawn = _curves(subjects, quiet=quiet) if name == CURVES else draw(name, subjects[0], **options)
    save(drawn, file)
    if not quiet:
        write(f"Saved {file}\n")


def _curves(subjects: "list[Inspection]", *, quiet: bool) -> "Plot":
    from rich.text import Text

    from inkread.evaluation.figures import sparkline
    from inkread.evaluation.plots import curves

    histories = {inspection.model.name: inspection.history for inspection in subjects}
    drawn = curves(histories)
    rows = table("Run", "Figure", "Epochs", ">Last")
    for run, history in histories.items():
        for name in FIGURES:
            values = [epoch[name] for epoch in history if name in epoch]
            if values:
                curve = sparkline(values)
                rows.add_row(Text(printable(run)), name.replace("_", " "), curve, f"{values[-1]:.4f}")
    if not quiet:
        show(rows)
    return drawn
