"""``inkread evaluate``: what a model scores, on a collection of glyphs or on a folder of labelled pictures."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli import outputs
from inkread.cli.console import error_console, is_terminal, progress_bar, write
from inkread.cli.options import ModelOption
from inkread.errors import OptionError

if TYPE_CHECKING:
    from inkread.evaluation.pictures import PictureReport


class ReportFormat(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


def evaluate(
    *,
    model: ModelOption = "default",
    data: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Score on this collection's test images; on MNIST's unless given."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="With --data corrections: where they are, if not where inkread serve keeps them.",
        ),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Read this folder of labelled pictures.")
    ] = None,
    naive: Annotated[
        bool, typer.Option("--naive", help="With --pictures: compare with grey, resize, invert, classify.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="With --pictures: save an HTML page of every error, with its stages.",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Save a CSV file with one row per glyph or picture: index or file, label, reading, probabilities.",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the collections are (also: INKREAD_DATA).")
    ] = None,
    style: Annotated[
        ReportFormat, typer.Option("--format", help="How to print the report.")
    ] = ReportFormat.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar.")] = False,
) -> None:
    """Score a model on a collection's test images, or on a folder of labelled pictures.

    The collections are those of inkread train; a model of other classes than digits is scored on data of its own classes.

    A labelled folder has labels.csv or labels.tsv with the columns file and label (rows joined by "/", empty where
    there is nothing to read), or one folder a label. A picture whose column category is single, or whose label is one
    character where there is no such column, is read as one digit. The columns subtype and source, where there, group
    the scores. A picture that cannot be read counts as wrong.

    AUROC tells how well the probability of being a digit parts single digits from empty pictures; the calibration error is
    that of the single digits that are not rejected.
    """
    if pictures is not None and data is not None:
        raise OptionError("--data", "does not go with --pictures", "choose one of them")
    if store is not None and data != "corrections":
        raise OptionError("--store", "says where corrections are", "add --data corrections")
    if pictures is None:
        for option, given in (("--naive", naive), ("--report", page)):
            if given:
                raise OptionError(option, "needs pictures to read", "add --pictures DIR")
        _on_glyphs(
            model,
            data or "mnist",
            style,
            predictions=predictions,
            data_dir=data_dir,
            store=store,
            quiet=quiet,
        )
    else:
        _on_pictures(model, pictures, style, predictions=predictions, page=page, naive=naive, quiet=quiet)


def _on_glyphs(
    model: str,
    data: str,
    style: ReportFormat,
    *,
    predictions: Path | None,
    data_dir: Path | None,
    store: str | None,
    quiet: bool,
) -> None:
    from inkread.datasets.progress import download_bar
    from inkread.datasets.registry import CORRECTIONS, NAMES, load_named
    from inkread.evaluation.glyphs import evaluate_glyphs
    from inkread.evaluation.predictions import glyph_predictions
    from inkread.pipeline.classifier import Classifier

    if data not in NAMES and Path(data).is_dir():
        raise OptionError(f"--data {data}", "is a folder", f"score its pictures with --pictures {data}")
    if predictions:
        outputs.make_folder(predictions.parent)
    classifier = Classifier(model)
    with download_bar(error_console(quiet=quiet)) as progress:
        glyphs = load_named(data, "test", data_dir=data_dir, store=store, progress=progress)
    report = evaluate_glyphs(classifier, glyphs)
    if predictions:
        _save(predictions, glyph_predictions(report))
    if style is ReportFormat.JSON:
        _print_json({"model": model, "data": glyphs.name} | report.to_dict())
    else:
        from inkread.cli.scores import print_glyph_report

        part = "" if data == CORRECTIONS else ", test images"
        print_glyph_report(report, f"{model} on {glyphs.name}{part}")


def _on_pictures(
    model: str,
    folder: Path,
    style: ReportFormat,
    *,
    predictions: Path | None,
    page: Path | None,
    naive: bool,
    quiet: bool,
) -> None:
    from inkread.datasets.pictures import load_labelled_folder
    from inkread.evaluation.pictures import evaluate_naively, evaluate_pictures
    from inkread.evaluation.predictions import picture_predictions
    from inkread.evaluation.reports.errors import error_page
    from inkread.reader import Reader

    for file in filter(None, (page, predictions)):
        outputs.make_folder(file.parent)  # before the pictures are read, as that takes long
    reader, labelled = Reader(model=model), load_labelled_folder(folder)
    shown = not quiet and is_terminal(sys.stderr)
    with progress_bar("Reading", len(labelled), shown=shown) as advance:
        report = evaluate_pictures(labelled, reader, folder=folder, on_picture=advance)
    if page:
        _save(page, error_page(report, labelled, reader, title=f"{model} on {folder}"))
    if predictions:
        _save(predictions, picture_predictions(report))
    rival: PictureReport | None = None
    if naive:
        with progress_bar("Naively", len(labelled), shown=shown) as advance:
            rival = evaluate_naively(labelled, reader.classifier, folder=folder, on_picture=advance)
    if style is ReportFormat.JSON:
        _print_json({"model": model} | report.to_dict() | ({"naive": rival.to_dict()} if rival else {}))
    else:
        from inkread.cli.scores import print_picture_report

        print_picture_report(report, f"{model} on {folder}", naive=rival)


def _save(file: Path, text: str) -> None:
    with outputs.writing(file):
        file.write_text(text, encoding="utf-8", newline="\n")


def _print_json(values: dict[str, Any]) -> None:
    write(json.dumps(values, ensure_ascii=False, indent=2) + "\n")
