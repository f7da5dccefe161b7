"""The table of readings as an Excel file, whose cells of text keep leading zeros; see ``results.table``."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from inkread.cli.console import printable
from inkread.errors import OptionError, OutputError
from inkread.results.table import COLUMNS, record_of
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inkread.results.outcome import Outcome

SUFFIX = ".xlsx"
TITLE = "Readings"
AS_TEXT = "@"
"""The number format of text: a spreadsheet neither calculates with such a cell nor drops its zeros."""

WIDTHS = {"source": 40, "text": 24, "written": 24, "error": 40}
"""Widths of columns in characters."""

MOST_ROWS = 1_048_576
"""The most rows of a sheet, with the heading."""


@contextmanager
def excel_table(path: Path) -> Iterator[Callable[[Outcome], None]]:
    """Yields a function that adds a picture's row; saves the file at the end, unless there is an error.

    Raises:
        OptionError: the file's suffix is not .xlsx.
        OutputError: the file cannot be written, or there are too many rows.
    """
    if path.suffix.lower() != SUFFIX:
        raise OptionError(f"--excel {path}", "is not an Excel file", f"use a name that ends in {SUFFIX}")
    book = Workbook(write_only=True)
    sheet = book.create_sheet(TITLE)
    sheet.freeze_panes = "A2"
    for index, column in enumerate(COLUMNS):
        sheet.column_dimensions[chr(ord("A") + index)].width = WIDTHS.get(column, 12)
    sheet.append([_cell(sheet, column, bold=True) for column in COLUMNS])
    count = 1

    def add(outcome: Outcome) -> None:
        nonlocal count
        count += 1
        if count > MOST_ROWS:
            problem = f"cannot have more than {MOST_ROWS - 1:,} pictures"
            raise OutputError(str(path), problem, "read them in several parts, or use --format csv")
        sheet.append([_cell(sheet, value) for value in record_of(outcome).values()])

    yield add
    content = BytesIO()  # a ZIP file that cannot be written complains once more when it is collected
    book.save(content)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())


def _cell(sheet: Any, value: object, *, bold: bool = False) -> Any:
    """Makes a cell; text stays text, whatever it looks like."""
    cell = WriteOnlyCell(sheet, printable(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type, cell.number_format = "s", AS_TEXT
        cell.font = Font(bold=bold)
    return cell
