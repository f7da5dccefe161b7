"""Accuracy of a model: ``python benchmarks/accuracy.py [MODEL] [--write docs/accuracy.md]``.

Measures every collection found in the folder that ``INKREAD_DATA`` names, and lists the missing ones: MNIST's
test files, real pictures, cheques, digits by other writers, and letters, see ``inkread.datasets.benchmarks``.
Also measures the naive pipeline (grey, resize to 28×28, invert) with the same network. The network learned
from none of these collections.
"""

from __future__ import annotations

import argparse
import math
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.datasets.benchmarks import BENCHMARKS
from inkread.datasets.mnist import load_mnist
from inkread.errors import DatasetNotFoundError, InkreadError
from inkread.evaluation.glyphs import evaluate_glyphs
from inkread.evaluation.metrics import expected_calibration_error
from inkread.evaluation.pictures import (
    SURE,
    PictureReport,
    Rate,
    evaluate_naively,
    evaluate_pictures,
    kind_of,
)
from inkread.evaluation.reports.markdown import fill, table
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAIVE = "field, naive pipeline, same network"
JUNK = ("field", "letters_ansh", "greek_cs5330")
"""Sources of the pictures for the AUROC, without letters that look like digits."""
PAGES = ("field", "forms", "handwritten62")
"""Collections whose single digits are also read as pages."""


def main() -> None:
    """Prints the tables in Markdown, and writes them into a document if one is named."""
    parser = argparse.ArgumentParser(description="Measure the accuracy of a model.")
    parser.add_argument(
        "model", nargs="?", default="default", help="a bundled model, or a training run's folder"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="the document to write the tables into")
    parser.add_argument(
        "--only",
        action="append",
        choices=BENCHMARKS,
        help="measure this collection only; may be given several times",
    )
    options = parser.parse_args()
    reader = Reader(options.model)
    on_mnist, reports = mnist(reader), dict(measured(reader, options.only or list(BENCHMARKS)))
    if not on_mnist and not reports:
        sys.exit("error: INKREAD_DATA: contains none of the collections; set it to the folder that does")
    absent = [
        name
        for name in ("mnist", *BENCHMARKS)
        if name not in ({"mnist"} if on_mnist else set()) | reports.keys()
    ]
    figures = "\n".join(
        part
        for part in (
            provenance(options.model, reader, absent),
            on_mnist,
            singles(reports),
            singles_as_pages(reader, options.only or PAGES),
            rows(reports),
            rejection(reports),
            confidence(reports),
            subtypes(reports),
        )
        if part
    )
    print(figures)
    if options.write:
        document = options.write.read_text(encoding="utf-8")
        options.write.write_text(fill(document, figures), encoding="utf-8")


def measured(reader: Reader, names: Iterable[str]) -> Iterator[tuple[str, PictureReport]]:
    """Yields a report for each available collection, and the naive pipeline's for ``field``."""
    for name in names:
        try:
            pictures = BENCHMARKS[name](None)
        except DatasetNotFoundError as error:
            print(f"{name}: not measured: {error}", file=sys.stderr)
            continue
        yield name, evaluate_pictures(pictures, reader)
        if name == "field":
            yield NAIVE, evaluate_naively(pictures, reader.classifier)


def provenance(model: str, reader: Reader, absent: list[str]) -> str:
    """Lists the models with their hashes, the date, and the collections that are missing."""
    models = {Path(model).name: reader.classifier.model.card}
    eyes = (reader.detector, reader.closeups, reader.strips, reader.rescorer)
    models |= {each.model.card.name: each.model.card for each in eyes}
    named = "\n".join(f"- `{name}`, SHA-256 `{card.sha256}`" for name, card in models.items())
    today = datetime.now(UTC).date().isoformat()
    missing = textwrap.fill(f"Missing collections: {', '.join(absent)}.", 110) if absent else ""
    return f"Measured on {today} with the models\n\n{named}\n\n{missing}\n"


def mnist(reader: Reader) -> str:
    """Scores the network alone on MNIST's test files."""
    try:
        report = evaluate_glyphs(reader.classifier, load_mnist("test", download=False))
    except DatasetNotFoundError as error:
        print(f"mnist: not measured: {error}", file=sys.stderr)
        return ""
    right = Rate(report.count - report.errors, report.count)
    figures = [
        percent(report.accuracy),
        shown(right),
        percent(report.rejected),
        percent(report.calibration_error),
    ]
    heading = [
        "MNIST test files",
        "ten-way accuracy",
        "right, with rejections",
        "rejected",
        "calibration error",
    ]
    return table(heading, [["network alone", *figures]])


def singles(reports: dict[str, PictureReport]) -> str:
    """Table of the pictures of one digit, read as one digit."""
    found = {name: report for name, report in reports.items() if report.rates["single"].total}
    lines = [
        [
            name,
            shown(report.rates["single"]),
            percent(report.macro_average("source").get("single", math.nan)),
            shown(report.kept),
            percent(report.calibration_error),
        ]
        for name, report in found.items()
    ]
    heading = ["single digits", "right", "mean of sources", "not rejected", "calibration error"]
    return table(heading, lines) if lines else ""


def singles_as_pages(reader: Reader, names: Iterable[str]) -> str:
    """Table of the pictures of one digit, read as pages that may have any number of digits."""
    lines = []
    for name in names:
        try:
            pictures = BENCHMARKS[name](None)
        except DatasetNotFoundError:
            continue
        found = [
            (reader.read(picture.source).text, picture.label)
            for picture in pictures
            if kind_of(picture) == "single"
        ]
        if found:
            right = sum(text == label for text, label in found)
            empty = sum(not text for text, _ in found)
            lines.append([name, shown(Rate(right, len(found))), shown(Rate(empty, len(found)))])
    return table(["single digits, read as a page", "right", "no digit found"], lines) if lines else ""


def rows(reports: dict[str, PictureReport]) -> str:
    """Table of the pictures of several digits: those with every row exactly right."""
    lines = []
    for name, report in reports.items():
        only = PictureReport(tuple(r for r in report.results if r.kind == "multi"))
        if only.results:
            lines.append([name, shown(only.rates["multi"]), percent(only.character_error_rate)])
    return table(["several digits", "exactly right", "character error rate"], lines) if lines else ""


def rejection(reports: dict[str, PictureReport]) -> str:
    """Table of the pictures without digits, read as a page and as one digit; and the AUROC."""
    lines = []
    for name, report in reports.items():
        empty = [r for r in report.results if r.kind == "empty" and name != NAIVE]
        for look_alike in (False, True):
            part = PictureReport(
                tuple(r for r in empty if (r.columns.get("subtype") == "look-alike") is look_alike)
            )
            if part.results:
                title = f"{name}, look-alikes" if look_alike else name
                lines.append([title, shown(part.rates["empty"]), shown(part.rejected)])
    text = table(["no digit", "rejected as a page", "rejected as one digit"], lines) if lines else ""
    if all(name in reports for name in JUNK):
        results = tuple(
            r for name in JUNK for r in reports[name].results if r.columns.get("subtype") != "look-alike"
        )
        area = PictureReport(results).auroc
        text += f"\nAUROC of digit or not on {', '.join(JUNK)}, without look-alikes: {area:.4f}\n"
    return text


def confidence(reports: dict[str, PictureReport]) -> str:
    """Table of how reliable the probabilities of all digits read are, on every kind of picture."""
    lines = []
    for name, report in reports.items():
        probable, right = report.digits
        if probable and name != NAIVE:
            sure = report.sure
            wrong = Rate(sure.total - sure.correct, sure.total)
            lines.append(
                [
                    name,
                    f"{len(probable):,}",
                    shown(wrong),
                    percent(expected_calibration_error(probable, right)),
                ]
            )
    heading = ["all digits read", "count", f"wrong at {SURE:.2f} or more", "calibration error"]
    return table(heading, lines) if lines else ""


def subtypes(reports: dict[str, PictureReport]) -> str:
    """Table of ``field`` by kind of picture."""
    if "field" not in reports:
        return ""
    lines = [
        [value, *(shown(rate) for rate in rates.values())]
        for value, rates in reports["field"].by("subtype").items()
    ]
    return table(["field, by subtype", "single digits", "several", "no digit"], lines)


def shown(rate: Rate) -> str:
    """Formats a rate such as ``"234 of 235 (99.57 %)"``; empty if there are no pictures."""
    return f"{rate.correct:,} of {rate.total:,} ({percent(rate.share)})" if rate.total else ""


def percent(share: float) -> str:
    """Formats a share such as ``"99.57 %"``; empty for ``nan``."""
    return "" if math.isnan(share) else f"{100 * share:.2f} %"


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
