"""``inkread evaluate``: scores a model on a collection of glyphs or a folder of labelled pictures."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli import outputs
from inkread.cli.console import error_console, progress_bar, write
from inkread.cli.options import Alphabet, AlphabetOption, DataDirOption, ModelOption, QuietOption, reject
from inkread.errors import OptionError
from inkread.system.files import write_whole

if TYPE_CHECKING:
    from inkread.evaluation.pictures import PictureReport


DIGITS_ONLY, CORRECTIONS = "digits", "corrections"


class ReportFormat(StrEnum):
    """The output format of a report."""

    TEXT = "text"
    JSON = "json"


def evaluate(
    *,
    model: ModelOption = "default",
    data: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Score on this collection's test images; default: mnist."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="With --data corrections: their store; default: the one used by inkread serve.",
        ),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Read this folder of labelled pictures.")
    ] = None,
    alphabet: AlphabetOption = Alphabet.DIGITS,
    naive: Annotated[
        bool, typer.Option("--naive", help="With --pictures: compare with gray, resize, invert, classify.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="With --pictures: save an HTML page that shows each error with its stages.",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Save a CSV file with one row per glyph or picture: "
            "index or file, label, reading, probabilities.",
        ),
    ] = None,
    data_dir: DataDirOption = None,
    style: Annotated[ReportFormat, typer.Option("--format", help="The output format.")] = ReportFormat.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Score a model on a collection's test images, or on a folder of labelled pictures.

    The collections are those of inkread train. A model of classes other than digits is scored on data with
    the same classes.

    A labelled folder has labels.csv or labels.tsv with the columns file and label (rows joined by "/", empty
    if there is nothing to read), or one folder per label. A picture is read as one digit if its column
    category is single or, without that column, if its label is one character. The optional columns subtype
    and source group the scores. An unreadable picture counts as wrong.

    With --alphabet text, pictures are read as text: labels may have any characters, " / " separates lines,
    and the scores are the character and word error rates and the most frequent confusions.

    AUROC measures how well the probability of being a digit separates single digits from empty pictures. The
    calibration error is computed on the single digits that are not rejected.
    """
    reject({"--data": data and pictures}, "cannot be used with --pictures", "use only one of them")
    if data != CORRECTIONS:
        reject({"--store": store}, "requires --data corrections", "add --data corrections")
    for_digits = {"--naive": naive, "--report": page, "--predictions": predictions}
    other = alphabet if alphabet != DIGITS_ONLY else ""
    if pictures is None:
        for_pictures = {"--naive": naive, "--report": page, f"--alphabet {alphabet}": other}
        reject(for_pictures, "requires pictures to read", "add --pictures DIR")
        _on_glyphs(
            model,
            data or "mnist",
            style,
            predictions=predictions,
            data_dir=data_dir,
            store=store,
            quiet=quiet,
        )
    elif other:
        reject(for_digits, f"is for digits, not for {alphabet}", "remove it")
        _on_text(model, alphabet, pictures, style, quiet=quiet)
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
    from inkread.datasets.download import download_bar
    from inkread.datasets.registry import NAMES, load_named
    from inkread.evaluation.glyphs import evaluate_glyphs
    from inkread.evaluation.predictions import glyph_predictions
    from inkread.pipeline.classifier import Classifier

    if data not in NAMES and Path(data).is_dir():
        raise OptionError(f"--data {data}", "is a folder", f"to score its pictures, use --pictures {data}")
    if predictions:
        outputs.make_folder(predictions.parent)
    classifier = Classifier(model)
    with download_bar(error_console(quiet=quiet)) as progress:
        glyphs = load_named(data, "test", data_dir=data_dir, store=store, progress=progress)
    report = evaluate_glyphs(classifier, glyphs)
    if predictions:
        write_whole(predictions, glyph_predictions(report).encode())
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
        outputs.make_folder(file.parent)  # before reading the pictures, which takes long
    reader, labelled = Reader(model=model), load_labelled_folder(folder)
    with progress_bar("Reading", len(labelled), shown=not quiet) as advance:
        report = evaluate_pictures(labelled, reader, folder=folder, on_picture=advance)
    if page:
        write_whole(page, error_page(report, labelled, reader, title=f"{model} on {folder}").encode())
    if predictions:
        write_whole(predictions, picture_predictions(report).encode())
    rival: PictureReport | None = None
    if naive:
        with progress_bar("Reading naively", len(labelled), shown=not quiet) as advance:
            rival = evaluate_naively(labelled, reader.classifier, folder=folder, on_picture=advance)
    if style is ReportFormat.JSON:
        _print_json({"model": model} | report.to_dict() | ({"naive": rival.to_dict()} if rival else {}))
    else:
        from inkread.cli.scores import print_picture_report

        print_picture_report(report, f"{model} on {folder}", naive=rival)


def _on_text(model: str, alphabet: str, folder: Path, style: ReportFormat, *, quiet: bool) -> None:
    from inkread.datasets.pictures import load_labelled_folder
    from inkread.evaluation.text import evaluate_text
    from inkread.reader import open_reader

    reader, labelled = open_reader(alphabet, model=model), load_labelled_folder(folder, text=True)
    with progress_bar("Reading", len(labelled), shown=not quiet) as advance:
        report = evaluate_text(labelled, reader, on_picture=advance)
    if style is ReportFormat.JSON:
        _print_json({"alphabet": alphabet} | report.to_dict())
    else:
        from inkread.cli.scores import print_text_report

        print_text_report(report, f"{alphabet} in {folder}")


def _print_json(values: dict[str, Any]) -> None:
    write(json.dumps(values, ensure_ascii=False, indent=2) + "\n")
