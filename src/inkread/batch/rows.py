"""The output: one row per page, in one file per shard, which appears whole or not at all."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.results import table
from inkread.results.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa

    from inkread.batch.storage import Location
    from inkread.results import Reading

    Write = Callable[["Row"], object]

GROUP = 1000
"""Rows of a Parquet row group, which is how many are in memory at a time."""

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
            {"label": digit.label, "probability": round(digit.probability, 6), "box": list(digit.box)}
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
    types = {"page": pa.int32(), "digits": pa.list_(digit), "milliseconds": pa.float32()}
    return pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])


@contextmanager
def _jsonl(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield lambda row: file.write(f"{row.to_json()}\n")


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(table.csv_line(CSV_COLUMNS))
        yield lambda row: file.write(row.to_csv())


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    rows: list[Row] = []
    with ParquetWriter(path, schema(), compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist([row.to_dict() for row in rows], schema()))
            rows.clear()

        def write(row: Row) -> None:
            rows.append(row)
            if len(rows) >= GROUP:
                flush()

        yield write
        flush()


WRITERS: dict[str, Callable[[Path], AbstractContextManager[Write]]] = {
    "parquet": _parquet,
    "jsonl": _jsonl,
    "csv": _csv,
}
"""The output formats, which are also the parts' suffixes."""


@contextmanager
def part_of(folder: Location, number: int, style: str) -> Iterator[Write]:
    """Yields a function that writes a row; the part appears in the folder when the block ends without error.

    Raises:
        OutputError: it cannot be written.
        JobError: it cannot be uploaded.
    """
    with folder.publishing(f"part-{number:06d}.{style}") as path, WRITERS[style](path) as write:
        yield write


def numbers_of_parts(folder: Location, style: str) -> set[int]:
    """Returns the numbers of the parts that are in the folder."""
    found = (re.fullmatch(rf"part-(\d{{6,}})\.{style}", name) for name in folder.names())
    return {int(match[1]) for match in found if match}
