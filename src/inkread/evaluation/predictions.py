"""A model's predictions, one row per glyph or picture, as a CSV file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from inkread.results.outcome import no_formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inkread.evaluation.glyphs import GlyphReport
    from inkread.evaluation.pictures import PictureReport

NO_DIGIT = "none"
"""The heading for the probability of "not a digit", which is empty as a label or reading."""


def glyph_predictions(report: GlyphReport) -> str:
    """Returns CSV with the columns ``index, label, reading`` and one probability per class, in data order."""
    names = report.labels
    rows = (
        (index, names[label], names[shares.argmax()], *(f"{share:.6f}" for share in shares))
        for index, (label, shares) in enumerate(zip(report.truth, report.probabilities, strict=True))
    )
    return _table(("index", "label", "reading", *(name or NO_DIGIT for name in names)), rows)


def picture_predictions(report: PictureReport) -> str:
    """Returns CSV with the columns ``file, label, reading, probabilities, error``, in folder order.

    Rows of digits are joined by "/"; ``probabilities`` has one per digit of the reading, separated by spaces.
    """
    rows = (
        (
            no_formula(result.file),
            result.expected,
            result.got,
            " ".join(f"{share:.6f}" for share in result.probabilities),
            result.error,
        )
        for result in report.results
    )
    return _table(("file", "label", "reading", "probabilities", "error"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
