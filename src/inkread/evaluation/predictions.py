"""A model's predictions, one row per glyph or picture, as a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.results.outcome import no_formula
from inkread.system.files import csv_of

if TYPE_CHECKING:
    from inkread.evaluation.glyphs import GlyphReport
    from inkread.evaluation.pictures import PictureReport

NO_DIGIT = "none"
"""The heading for the probability of "not a digit", which is empty as a label or reading."""


def glyph_predictions(report: GlyphReport) -> str:
    """Returns CSV with the columns ``index, label, reading`` and one probability per class, in data order."""
    names = report.labels
    rows = (
        {"index": index, "label": names[label], "reading": names[shares.argmax()]}
        | {name or NO_DIGIT: f"{share:.6f}" for name, share in zip(names, shares, strict=True)}
        for index, (label, shares) in enumerate(zip(report.truth, report.probabilities, strict=True))
    )
    return csv_of(("index", "label", "reading", *(name or NO_DIGIT for name in names)), rows)


def picture_predictions(report: PictureReport) -> str:
    """Returns CSV with the columns ``file, label, reading, probabilities, error``, in folder order.

    Rows of digits are joined by "/"; ``probabilities`` has one per digit of the reading, separated by spaces.
    """
    rows = (
        {
            "file": no_formula(result.file),
            "label": result.expected,
            "reading": result.got,
            "probabilities": " ".join(f"{share:.6f}" for share in result.probabilities),
            "error": result.error,
        }
        for result in report.results
    )
    return csv_of(("file", "label", "reading", "probabilities", "error"), rows)
