"""The output: one file per shard, which appears whole or not at all."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self

from inkread.batch.rows import CSV_COLUMNS, Row, schema
from inkread.results.table import csv_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inkread.batch.storage import Location

GROUP = 1000
"""Rows of a Parquet row group, which is how many are in memory at a time."""


class _Writer(Protocol):
    """Writes rows to a file."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def write(self, row: Row) -> None: ...


class _Jsonl:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, row: Row) -> None:
        self._file.write(f"{row.to_json()}\n")


class _Csv(_Jsonl):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file.write(csv_line(CSV_COLUMNS))

    def write(self, row: Row) -> None:
        self._file.write(row.to_csv())


class _Parquet:
    def __init__(self, path: Path) -> None:
        from pyarrow.parquet import ParquetWriter

        self._writer, self._rows = ParquetWriter(path, schema(), compression="zstd"), list[Row]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def write(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pylist([row.to_dict() for row in self._rows], schema()))
        self._rows.clear()


WRITERS: dict[str, Callable[[Path], _Writer]] = {"parquet": _Parquet, "jsonl": _Jsonl, "csv": _Csv}
"""The output formats, which are also the parts' suffixes."""


@contextmanager
def part_of(folder: Location, number: int, style: str) -> Iterator[Callable[[Row], None]]:
    """Yields a function that writes a row; the part appears in the folder when the block ends without error.

    Raises:
        OutputError: it cannot be written.
        JobError: it cannot be uploaded.
    """
    with folder.publishing(f"part-{number:06d}.{style}") as path, WRITERS[style](path) as writer:
        yield writer.write


def numbers_of_parts(folder: Location, style: str) -> set[int]:
    """Returns the numbers of the parts that are in the folder."""
    found = (re.fullmatch(rf"part-(\d{{6,}})\.{style}", name) for name in folder.names())
    return {int(match[1]) for match in found if match}
