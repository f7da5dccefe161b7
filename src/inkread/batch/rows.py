"""One row per page: what a job's output says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from inkread.results import Reading

COLUMNS = ("source", "page", "text", "written", "digits", "models", "milliseconds", "error")


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
    """

    source: str
    page: int
    text: str = ""
    written: str = ""
    digits: tuple[dict[str, Any], ...] = ()
    models: str = ""
    milliseconds: float | None = None
    error: str | None = None

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
        return cls(source, page, reading.text, reading.written, digits, models, round(milliseconds, 3))

    def to_dict(self) -> dict[str, Any]:
        """Returns the columns and their values."""
        source = self.source.encode("utf-8", "backslashreplace").decode("utf-8")  # names may be any bytes
        return {name: getattr(self, name) for name in COLUMNS} | {"source": source}

    def to_json(self) -> str:
        """Returns the row as one line of JSON, without its end."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    def to_cells(self) -> list[Any]:
        """Returns the cells of a line of CSV; the digits are JSON."""
        digits = json.dumps(self.digits, separators=(",", ":"))
        return [digits if name == "digits" else value for name, value in self.to_dict().items()]


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
