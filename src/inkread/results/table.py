"""The table of readings, one row per picture: the same from the page, and from read, watch, and batch.

docs/formats.md describes the columns. A change of their meaning, order, or number raises ``VERSION``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkread.results.outcome import ROW_SEPARATOR, as_text, no_formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inkread.results.outcome import Outcome

VERSION = 1
COLUMNS = ("source", "text", "written", "digits", "probability", "width", "height", "error")

WRITTEN_SEPARATOR = " / "
"""Separates rows with signs, which may contain a slash."""

QUOTED = frozenset('",\r\n')
"""A cell with one of these characters is quoted (RFC 4180)."""


def record_of(outcome: Outcome) -> dict[str, Any]:
    """Returns the values of a picture's row, by column; ``None`` for a value that does not exist."""
    reading, least = outcome.reading, outcome.least_probability
    return {
        "source": outcome.name,
        "text": joined(outcome.text()),
        "written": joined(outcome.text(signs=True), WRITTEN_SEPARATOR),
        "digits": sum(len(line.parts) for line in reading.lines) if reading else None,
        "probability": None if least is None else round(least, 6),
        "width": reading.width if reading else None,
        "height": reading.height if reading else None,
        "error": " ".join(outcome.error.splitlines()) if outcome.error else None,
    }


def joined(rows: str, separator: str = ROW_SEPARATOR) -> str:
    """Returns rows, which newlines separate, as one cell."""
    return rows.replace("\n", separator)


def cells_of(outcome: Outcome) -> list[str]:
    """Returns the cells of a picture's row in a CSV file; no spreadsheet takes one for a formula."""
    return safe_cells(record_of(outcome))


def safe_cells(record: Mapping[str, Any]) -> list[str]:
    """Returns the cells of a row as ``record_of`` returns it; no spreadsheet takes one for a formula."""
    probability = record["probability"]
    safe = {
        "source": no_formula(record["source"]),
        "text": as_text(record["text"]),
        "written": as_text(record["written"]),
        "probability": None if probability is None else f"{probability:.6f}",
    }
    return ["" if value is None else str(value) for value in ({**record} | safe).values()]


def csv_line(cells: Iterable[str]) -> str:
    """Returns a line of a CSV file, with its end."""
    return ",".join(_quoted(cell) if QUOTED & {*cell} else cell for cell in cells) + "\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
