"""Collects labelled drawings: asks for a digit, and adds the drawing to a folder for training.

The folder has the format of ``inkread.datasets.pictures``: PNG files and a table ``labels.csv``, as accepted
by ``inkread train --data``. A picture is written before its row, and the table is replaced atomically, so
that the folder is always consistent.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.array_files import read_bytes
from inkread.datasets.pictures import LABEL_FOLDERS, TABLES, load_labelled_folder
from inkread.desktop.numbered_files import make_folder, save_numbered
from inkread.errors import DatasetFormatError, OutputError
from inkread.pipeline.classifier import DIGITS
from inkread.system.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TABLE = "labels.csv"
COLUMNS = ("file", "label")
STEM = "digit"


class LabelledDrawings:
    """A folder of labelled drawings; asks for each digit equally often.

    Args:
        folder: the folder of labelled pictures; created if missing. Existing pictures are kept and counted.
        seed: the random seed of the order; random by default.

    Attributes:
        wanted: the requested digit.
        counts: the number of drawings of each digit in the folder.

    Raises:
        OutputError: the folder cannot be created.
        DatasetError: the folder has pictures without a table, or its table is invalid.
    """

    def __init__(self, folder: Path, *, seed: int | None = None) -> None:
        self.folder = folder
        make_folder(folder)
        self._table = _table_of(folder)
        self._rng = np.random.default_rng(seed)
        self._kept: list[Path] = []
        pictures = load_labelled_folder(folder) if _read(self._table)[1] else []
        self.counts = [sum(picture.label == digit for picture in pictures) for digit in DIGITS]
        self.wanted = self._next()

    @property
    def number_kept(self) -> int:
        """The number of drawings kept in this session, without removed ones."""
        return len(self._kept)

    def keep(self, picture: NDArray[np.uint8]) -> Path:
        """Adds a drawing (H×W uint8) of the wanted digit to the folder, and requests the next digit.

        Raises:
            OutputError: the picture cannot be written; the same digit is still requested.
            DatasetFormatError: the table has become invalid.
        """
        path = save_numbered(picture, self.folder, STEM)
        try:
            _append(self._table, path.name, str(self.wanted))
        except (OutputError, DatasetFormatError):
            path.unlink(missing_ok=True)
            raise
        self._kept.append(path)
        self.counts[self.wanted] += 1
        self.wanted = self._next()
        return path

    def skip(self) -> None:
        """Requests another digit."""
        self.wanted = self._next()

    def take_back(self) -> Path | None:
        """Removes the last drawing, and requests its digit again; returns ``None`` if there is none.

        Raises:
            OutputError: the table cannot be written, or the picture cannot be removed.
            DatasetFormatError: the table has become invalid.
        """
        if not self._kept:
            return None
        path = self._kept[-1]
        label = _remove(self._table, path.name)
        self._kept.pop()
        if label in DIGITS:  # somebody may have edited the table
            self.wanted = int(label)
            self.counts[self.wanted] -= 1
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            problem = f"is no longer in the table, but cannot be removed ({error.strerror or error})"
            raise OutputError(str(path), problem, "remove it manually") from error
        return path

    def _next(self) -> int:
        """Picks one of the rarest digits, other than the current one."""
        others = [digit for digit in range(len(DIGITS)) if digit != getattr(self, "wanted", None)]
        fewest = min(self.counts[digit] for digit in others)
        return int(self._rng.choice([digit for digit in others if self.counts[digit] == fewest]))


def _table_of(folder: Path) -> Path:
    """Returns the path of the folder's table, which may not exist yet."""
    for name in TABLES:
        if (folder / name).is_file():
            return folder / name
    if any((folder / name).is_dir() for name in LABEL_FOLDERS):
        problem = "has label folders instead of a table"
        raise DatasetFormatError(str(folder), problem, f"use another folder, or one with a {TABLE}")
    return folder / TABLE


def _read(table: Path) -> tuple[list[str], list[list[str]]]:
    """Reads the table's header and rows; returns the default header and no rows if missing or empty."""
    try:
        text = read_bytes(table).decode("utf-8-sig") if table.is_file() else ""
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=TABLES[table.name]) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetFormatError(str(table), f"is not a readable table ({error})", "fix it") from error
    return (rows[0], rows[1:]) if rows else ([*COLUMNS], [])


def _append(table: Path, file: str, label: str) -> None:
    """Adds a row; other columns of the table stay empty."""
    head, rows = _read_ours(table)
    values = dict(zip(COLUMNS, (file, label), strict=True))
    _write(table, [head, *rows, [values.get(column, "") for column in head]])


def _remove(table: Path, file: str) -> str | None:
    """Removes a file's row and returns its label; returns ``None`` if there is no such row."""
    head, rows = _read_ours(table)
    row = next((row for row in rows if file in row), None)
    if row is None:
        return None
    rows.remove(row)
    _write(table, [head, *rows])
    return dict(zip(head, row, strict=False)).get("label")


def _read_ours(table: Path) -> tuple[list[str], list[list[str]]]:
    head, rows = _read(table)
    if not {*COLUMNS} <= {*head}:
        problem = "does not have the columns file and label"
        raise DatasetFormatError(f"{table}, line 1", problem, "restore them")
    return head, rows


def _write(table: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=TABLES[table.name], lineterminator="\n").writerows(rows)
    write_whole(table, text.getvalue().encode())
