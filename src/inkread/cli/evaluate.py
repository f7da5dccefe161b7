"""``inkread evaluate``: scores a model on a collection of glyphs or a folder of labeled pictures."""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from inkread.cli import outputs
from inkread.cli.console import download_bar, printable, progress_bar, write
from inkread.cli.options import AlphabetOption, DataDirOption, LexiconOption, ModelOption, QuietOption, reject
from inkread.errors import OptionError
from inkread.system.files import write_whole

if TYPE_CHECKING:
    from inkread.datasets.glyphs import LabelledGlyphs

DIGITS_ONLY, CORRECTIONS = "digits", "corrections"

Scores = tuple[dict[str, Any], Callable[[], None]]
"""The scores for JSON, and a function that prints them as text."""


def evaluate(
    *,
    model: ModelOption = "default",
    data: Annotated[
        str | None,
        Option(
            metavar="NAME|DIR",
            help="Score on this collection's test images; default: mnist. "
            "A model of your own classes: on the pictures of this folder.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        Option(
            metavar="URL",
            help="With --data corrections: their store; default: the one used by inkread serve.",
        ),
    ] = None,
    pictures: Annotated[
        Path | None, Option(metavar="DIR", help="Read this folder of labeled pictures.")
    ] = None,
    alphabet: AlphabetOption = "digits",
    lexicon: LexiconOption = None,
    naive: Annotated[
        bool, Option("--naive", help="With --pictures: compare with gray, resize, invert, classify.")
    ] = False,
    page: Annotated[
        Path | None,
        Option(
            "--report",
            metavar="FILE",
            help="With --pictures: save an HTML page that shows each error, and how it came about.",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Save a CSV file with one row per glyph or picture: "
            "index or file, label, reading, probabilities.",
        ),
    ] = None,
    data_dir: DataDirOption = None,
    style: Annotated[Literal["text", "json"], Option("--format", help="The output format.")] = "text",
    quiet: QuietOption = False,
) -> None:
    """Score a model on a collection's test images, or on a folder of labeled pictures.

    The collections are those of inkread train. A model of classes other than digits is scored on data with
    the same classes: with --data, on a collection, or a folder like the one that it was trained on.

    A labeled folder has labels.csv or labels.tsv with the columns file and label (rows joined by "/", empty
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
    other = alphabet if alphabet != DIGITS_ONLY else ""
    if not other:
        reject({"--lexicon": lexicon}, "has no effect on digits", "add --alphabet text")
    if pictures is None:
        for_pictures = {"--naive": naive, "--report": page, f"--alphabet {alphabet}": other}
        reject(for_pictures, "requires pictures to read", "add --pictures DIR")
        scores, print_scores = _on_glyphs(
            model, data or "mnist", predictions=predictions, data_dir=data_dir, store=store, quiet=quiet
        )
    elif other:
        reject({"--naive": naive}, f"is for digits, not for {alphabet}", "remove it")
        scores, print_scores = _on_text(
            model, alphabet, pictures, lexicon=lexicon, predictions=predictions, page=page, quiet=quiet
        )
    else:
        scores, print_scores = _on_pictures(
            model, pictures, predictions=predictions, page=page, naive=naive, quiet=quiet
        )
    if style == "json":
        write(json.dumps(scores, ensure_ascii=False, indent=2) + "\n")
    else:
        print_scores()


def _on_glyphs(
    model: str, data: str, *, predictions: Path | None, data_dir: Path | None, store: str | None, quiet: bool
) -> Scores:
    from inkread.cli.scores import print_glyph_report
    from inkread.datasets.registry import NAMES, load_named
    from inkread.evaluation.glyphs import evaluate_glyphs
    from inkread.pipeline.classifier import Classifier
    from inkread.reader import knows_other_classes

    is_folder = data not in NAMES and Path(data).is_dir()
    has_own = knows_other_classes(model)
    if is_folder and not has_own:
        raise OptionError(f"--data {data}", "is a folder", f"to score its pictures, use --pictures {data}")
    if predictions:
        outputs.make_folder(predictions.parent)
    classifier = Classifier(model)
    if is_folder:
        glyphs = _folder(Path(data), classifier.classes)
    else:
        with download_bar(quiet=quiet) as progress:
            glyphs = load_named(data, "test", data_dir=data_dir, store=store, progress=progress)
    report = evaluate_glyphs(classifier, glyphs)
    if predictions:
        write_whole(predictions, report.to_csv().encode())
    title = f"{model} on {glyphs.name}{'' if data == CORRECTIONS or is_folder else ', test images'}"
    scores: dict[str, Any] = {"model": model, "data": glyphs.name} | report.to_dict()
    return scores, partial(print_glyph_report, report, title)


def _folder(folder: Path, classes: Sequence[str]) -> "LabelledGlyphs":
    """Reads a folder of pictures of a model's own classes; names those that cannot be read."""
    from inkread.datasets.folders import load_folder_glyphs

    loaded = load_folder_glyphs(folder, classes=classes)
    if loaded.skipped:
        sys.stderr.write(f"note: {printable(loaded.summary())}\n")
    return loaded.glyphs


def _on_pictures(
    model: str, folder: Path, *, predictions: Path | None, page: Path | None, naive: bool, quiet: bool
) -> Scores:
    from inkread.cli.scores import print_picture_report
    from inkread.datasets.pictures import load_labelled_folder
    from inkread.evaluation.pictures import evaluate_naively, evaluate_pictures
    from inkread.evaluation.reports.errors import error_page
    from inkread.reader import Reader, knows_other_classes

    if knows_other_classes(model):
        problem = f"is read as digits, but {model} has other classes"
        raise OptionError(f"--pictures {folder}", problem, f"use --data {folder}")
    for file in filter(None, (page, predictions)):
        outputs.make_folder(file.parent)  # before reading the pictures, which takes long
    reader, labelled = Reader(model=model), load_labelled_folder(folder)
    with progress_bar("Reading", len(labelled), shown=not quiet) as advance:
        report = evaluate_pictures(labelled, reader, folder=folder, on_picture=advance)
    title = f"{model} on {folder}"
    if page:
        write_whole(page, error_page(report, labelled, reader, title=title).encode())
    if predictions:
        write_whole(predictions, report.to_csv().encode())
    scores: dict[str, Any] = {"model": model} | report.to_dict()
    rival = None
    if naive:
        with progress_bar("Reading naively", len(labelled), shown=not quiet) as advance:
            rival = evaluate_naively(labelled, reader.classifier, folder=folder, on_picture=advance)
        scores["naive"] = rival.to_dict()
    return scores, partial(print_picture_report, report, title, naive=rival)


def _on_text(
    model: str,
    alphabet: str,
    folder: Path,
    *,
    lexicon: Path | None,
    predictions: Path | None,
    page: Path | None,
    quiet: bool,
) -> Scores:
    from inkread.cli.scores import print_text_report
    from inkread.datasets.pictures import load_labelled_folder
    from inkread.evaluation.reports.text_errors import text_error_page
    from inkread.evaluation.text import evaluate_text
    from inkread.reader import open_reader

    for file in filter(None, (page, predictions)):
        outputs.make_folder(file.parent)  # before reading the pictures, which takes long
    reader = open_reader(alphabet, model=model, lexicon=lexicon)
    labelled = load_labelled_folder(folder, text=True)
    with progress_bar("Reading", len(labelled), shown=not quiet) as advance:
        report = evaluate_text(labelled, reader, on_picture=advance)
    title = f"{alphabet} in {folder}"
    if page:
        write_whole(page, text_error_page(report, labelled, reader, title=title).encode())
    if predictions:
        write_whole(predictions, report.to_csv().encode())
    scores: dict[str, Any] = {"model": model, "alphabet": alphabet} | report.to_dict()
    return scores, partial(print_text_report, report, title)
