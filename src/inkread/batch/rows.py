"""One row per page: what a job's output says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.results import table
from inkread.results.outcome import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

    from inkread.results import Reading

COLUMNS = ("source", "page", "text", "written", "digits", "models", "milliseconds", "error")
"""The columns of Parquet and JSON lines."""

CSV_COLUMNS = (*table.COLUMNS, "page", "digits_json", "models", "milliseconds")
"""The columns of CSV: those of every table of readings, then the job's own."""

CSV_VERSION = f"{table.VERSION}.1"
"""Version of the CSV columns: the table's, and of those after it. A job is never continued with another."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was read on a page, or why nothing was.

    Attributes:
        source: the picture's path or URL; in an archive or table with ``#`` and its name or row there.
        page: the page's number in its document, from 1.
        text: the rows of digits, joined by newlines.
        written: the same with signs.
        digits: label, probability, and box of each digit, in reading order.
        models: the networks' fingerprint, see ``Reader.fingerprint``.
        milliseconds: how long reading took; ``None`` if it did not end.
        error: the problem and its remedy; ``None`` if the page was read.
        pages: how many pages its document has.
        parts: how many digits there are, or words of text; ``None`` if the page was not read.
        probability: of the least certain of these, 0..1; ``None`` if there is none.
        width, height: size of the upright page in pixels; ``None`` if it was not read.
    """

    source: str
    page: int
    text: str = ""
    written: str = ""
    digits: tuple[dict[str, Any], ...] = ()
    models: str = ""
    milliseconds: float | None = None
    error: str | None = None
    pages: int = 1
    parts: int | None = None
    probability: float | None = None
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, source: str, page: int, reading: Reading, models: str, milliseconds: float) -> Row:
        """Makes the row of a reading."""
        digits = tuple(
            {
                "label": digit.label,
                "probability": round(digit.probability, 6),
                "box": list(digit.box),
            }
            for digit in reading.digits
        )
        record = table.record_of(Outcome(source, reading))
        return cls(
            source,
            page,
            reading.text,
            reading.written,
            digits,
            models,
            round(milliseconds, 3),
            parts=record["digits"],
            probability=record["probability"],
            width=reading.width,
            height=reading.height,
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the values of Parquet and JSON lines, by column."""
        source = self.source.encode("utf-8", "backslashreplace").decode("utf-8")  # names may be any bytes
        return {name: getattr(self, name) for name in COLUMNS} | {"source": source}

    def to_json(self) -> str:
        """Returns the row as one line of JSON, without its end."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    def to_csv(self) -> str:
        """Returns the row as a line of CSV, with its end; no spreadsheet takes a cell for a formula."""
        source = self.to_dict()["source"]
        record = {
            "source": f"{source}#{self.page}" if self.pages > 1 else source,
            "text": table.joined(self.text),
            "written": table.joined(self.written, table.WRITTEN_SEPARATOR),
            "digits": self.parts,
            "probability": self.probability,
            "width": self.width,
            "height": self.height,
            "error": " ".join(self.error.splitlines()) if self.error else None,
        }
        digits = json.dumps(self.digits, separators=(",", ":"))
        milliseconds = "" if self.milliseconds is None else str(self.milliseconds)
        return table.csv_line([*table.safe_cells(record), str(self.page), digits, self.models, milliseconds])


def schema() -> pa.Schema:
    """Returns the columns' types in Parquet."""
    import pyarrow as pa

    digit = pa.struct(
        [("label", pa.string()), ("probability", pa.float32()), ("box", pa.list_(pa.int32(), 4))]
    )
    types = {
        "page": pa.int32(),
        "digits": pa.list_(digit),
        "milliseconds": pa.float32(),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
