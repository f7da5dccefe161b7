"""The tables of ``inkread evaluate``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.text import Text

from inkread.cli.console import printable, record, show, table
from inkread.evaluation.text import named
from inkread.models.card import NOT_A_DIGIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.table import Table

    from inkread.evaluation.glyphs import GlyphReport
    from inkread.evaluation.pictures import Kind, PictureReport, Rate
    from inkread.evaluation.text import TextReport

NO_DIGIT = "none"
MISTAKES = 10
"""Maximum number of rows in the table of mistakes."""

HEADINGS: dict[Kind, str] = {"single": "Single digits", "multi": "Several, exact", "empty": "Empty, rejected"}


def print_glyph_report(report: GlyphReport, title: str) -> None:
    """Prints accuracy, scores per class, and the confusion matrix (digits) or top mistakes (others)."""
    show(
        Text(title, style="bold"),
        *_accuracy(report),
        f"Loss {report.loss:.4f} (mean cross-entropy, nats)",
        f"Calibration error {report.calibration_error:.4f} (15 bins)",
        "",
        _classes(report),
        *_confused(report),
    )


def print_picture_report(report: PictureReport, title: str, *, naive: PictureReport | None) -> None:
    """Prints rates, rejection, calibration, groups (if labeled), and slowest and misread pictures."""
    show(Text(title, style="bold"), _summary({"inkread": report} | ({"naive": naive} if naive else {})))
    if report.rates["single"].total:
        show("", *_certainty(report))
    for column in ("subtype", "source"):
        groups = report.by(column)
        if groups:
            show("", _groups(column.capitalize(), groups))
    show("", _slowest(report))
    if report.wrong:
        show("", _wrong(report))


def _table(first: str, *others: str) -> Table:
    return table(first, *(f">{heading}" for heading in others))


def _accuracy(report: GlyphReport) -> Iterator[str]:
    wrong = f"({report.errors:,} of {report.count:,} wrong)"
    if NOT_A_DIGIT not in report.labels:
        yield f"Accuracy {report.accuracy:.2%} {wrong}"
        return
    yield f"Accuracy {report.accuracy:.2%}: among the ten digits"
    rejected = f"{report.rejected:.2%} were rejected as no digit"
    yield f"With rejections {report.accuracy_with_rejections:.2%} {wrong}: {rejected}"


def _classes(report: GlyphReport) -> Table:
    rows = _table("Class", "Precision", "Recall", "F1", "Count")
    for scores in report.classes:
        figures = (f"{value:.2%}" for value in (scores.precision, scores.recall, scores.f1))
        rows.add_row(escape(scores.label) or NO_DIGIT, *figures, f"{scores.support:,}")
    return rows


def _confusion(report: GlyphReport) -> Table:
    """Builds the confusion matrix: rows are labels, columns are predictions; zeros are shown as dots."""
    rows = _table("Is \\ read as", *(label or NO_DIGIT for label in report.labels))
    for label, counts in zip(report.labels, report.confusion, strict=True):
        if any(counts):
            rows.add_row(label or NO_DIGIT, *(f"{count:,}" if count else "·" for count in counts))
    return rows


def _confused(report: GlyphReport) -> Iterator[str | Table]:
    """Yields the confusion matrix of digits, or the top mistakes among other classes if there are any."""
    if NOT_A_DIGIT in report.labels:
        yield from ("", _confusion(report))
    elif report.errors:
        yield from ("", _mistakes(report))


def _mistakes(report: GlyphReport) -> Table:
    """Builds a table of the top mistakes; other class names are too long or too many for a matrix."""
    mistakes = sorted(
        (-count, is_one, taken_for)
        for is_one, counts in zip(report.labels, report.confusion, strict=True)
        for taken_for, count in zip(report.labels, counts, strict=True)
        if count and is_one != taken_for
    )
    rows = _table("Is", "Read as", "Count")
    for count, is_one, taken_for in mistakes[:MISTAKES]:
        rows.add_row(escape(is_one), escape(taken_for), f"{-count:,}")
    return rows


def _summary(reports: Mapping[str, PictureReport]) -> Table:
    rows = _table("", *HEADINGS.values(), "Character errors", "Unreadable")
    for name, report in reports.items():
        rates = (_shown(report.rates[kind]) for kind in HEADINGS)
        unreadable = sum(bool(result.error) for result in report.results)
        rows.add_row(name, *rates, _percent(report.character_error_rate), str(unreadable))
        macro = report.macro_average("source")
        if macro:
            averages = (_percent(macro.get(kind, math.nan)) for kind in HEADINGS)
            rows.add_row(f"{name}, mean of sources", *averages, "", "")
    return rows


def _certainty(report: PictureReport) -> Iterator[str | Table]:
    """Yields how well single digits are separated from empty pictures, and how well calibrated they are."""
    yield f"Single digits not rejected {_shown(report.kept)}"
    if report.rejected.total:
        yield f"Empty pictures rejected as one digit {_shown(report.rejected)}"
    if not math.isnan(report.auroc):
        yield f"AUROC of single digits against empty pictures {report.auroc:.4f}"
    if not math.isnan(report.calibration_error):
        yield f"Calibration error of single digits {report.calibration_error:.2%} (15 bins)"
        rows = _table("Confidence", "Mean", "Correct", "Count")
        for b in report.calibration:
            if b.count:
                bounds = f"{b.low:.0%} to {b.high:.0%}"
                rows.add_row(bounds, f"{b.confidence:.2%}", f"{b.accuracy:.2%}", f"{b.count:,}")
        yield rows


def _slowest(report: PictureReport) -> Table:
    rows = _table("Slowest", "Seconds")
    for result in report.slowest():
        rows.add_row(Text(printable(result.file)), f"{result.seconds:.3f}")
    return rows


def _groups(column: str, groups: Mapping[str, Mapping[Kind, Rate]]) -> Table:
    rows = _table(column, *HEADINGS.values())
    for value, rates in groups.items():
        rows.add_row(Text(printable(value)), *(_shown(rates[kind]) for kind in HEADINGS))
    return rows


def _wrong(report: PictureReport) -> Table:
    rows = table("Wrong", "Expected", "Got")
    for result in report.wrong:
        got = Text(result.error, style="red") if result.error else Text(result.got or NO_DIGIT)
        rows.add_row(Text(printable(result.file)), Text(result.expected or NO_DIGIT), got)
    return rows


def _shown(rate: Rate) -> str:
    return f"{rate.correct}/{rate.total} {_percent(rate.share):>7}" if rate.total else ""


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.2%}"


def print_text_report(report: TextReport, title: str) -> None:
    """Prints the scores of readings of text, and the most frequent confusions."""
    show(Text(title, style="bold"), record(dict(report.figures())))
    if report.confusions:
        rows = table("Is", "read as", ">times")
        for expected, read, times in report.confusions:
            rows.add_row(Text(named(expected)), Text(named(read)), str(times))
        show(rows)
