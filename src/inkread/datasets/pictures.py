"""Folders of labeled pictures: with a table ``labels.csv`` or ``labels.tsv``, or one folder per label.

The table has the columns ``file`` (relative to the folder) and ``label`` (rows of digits joined by "/", empty
if there is nothing to read), in any case, separated by commas, semicolons, or tabs; other columns are kept as
they are. Without a table, the folders ``0`` to ``9`` contain pictures of that digit, and the folders ``none``
and ``junk`` pictures with nothing to read.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from inkread.datasets.array_files import read_bytes
from inkread.errors import DatasetFormatError, DatasetNotFoundError
from inkread.picture.folders import HIDDEN, is_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

TABLES = {"labels.csv": ",", "labels.tsv": "\t"}
"""Table names and their usual separators; if both exist, the first is read."""
SEPARATORS = (",", ";", "\t")
"""Possible separators; the first line decides.

Spreadsheets write semicolons in locales with a decimal comma.
"""
LABEL_FOLDERS = {**{str(digit): str(digit) for digit in range(10)}, "none": "", "junk": ""}
LABEL, ANY_TEXT = re.compile(r"([0-9]+(/[0-9]+)*)?"), re.compile(r"[^\0]*")
ROWS = " / "
"""Separates the lines of a picture of text in its label."""
SURPLUS, LACKING = "\0surplus", "\0lacking"
"""How the table's reader marks extra and missing fields; no text contains a null character."""
LAYOUT = f"add a {' or '.join(TABLES)} with the columns file and label, or folders 0 to 9 and none"


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and its label.

    Attributes:
        path: the picture; for one of many in a file, that file and the picture's number in it.
        label: rows of digits joined by "/"; empty if there is nothing to read.
        columns: the other columns of its row, by lower-case name.
        pixels: H×W or H×W×3 uint8, if the picture is in memory; ``None`` if it is the file ``path``.
    """

    path: Path
    label: str
    columns: dict[str, str] = field(default_factory=dict)
    pixels: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)

    @property
    def source(self) -> Path | NDArray[np.uint8]:
        """The input for a reader."""
        return self.path if self.pixels is None else self.pixels


def load_labelled_folder(path: AnyPath, *, text: bool = False) -> list[LabelledPicture]:
    """Lists the pictures of a labeled folder, in the order of its table, or sorted by path without one.

    If ``text``, labels, and names of folders, may have any characters.

    Raises:
        DatasetNotFoundError: the folder does not exist.
        DatasetFormatError: there is neither a table nor a folder per label, or the table is invalid; the
            message names the line. A row is invalid if its picture is missing, outside the folder, or listed
            before, or if its label has characters other than digits and "/".
    """
    root = Path(path)
    if not root.is_dir():
        raise DatasetNotFoundError(
            str(root), "is not a folder", "pass the path of a folder of labeled pictures"
        )
    table = next((root / name for name in TABLES if (root / name).is_file()), None)
    pattern = ANY_TEXT if text else LABEL
    pictures = (
        _from_folders(root, any_name=text)
        if table is None
        else _from_table(table, TABLES[table.name], pattern)
    )
    if not pictures:
        raise DatasetFormatError(str(table or root), "lists no pictures", LAYOUT)
    return pictures


def _from_folders(root: Path, *, any_name: bool) -> list[LabelledPicture]:
    folders = sorted(
        entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(HIDDEN)
    )
    unknown = [folder.name for folder in folders if folder.name not in LABEL_FOLDERS and not any_name]
    if unknown or not folders:
        problem = (
            f"has a folder {unknown[0]!r}, which is not a label" if unknown else "has no table and no folders"
        )
        raise DatasetFormatError(str(root), problem, LAYOUT)
    return [
        LabelledPicture(file, LABEL_FOLDERS.get(folder.name, folder.name))
        for folder in folders
        for file in sorted(folder.iterdir())
        if is_picture(file.name) and file.is_file()
    ]


def _from_table(table: Path, separator: str, pattern: re.Pattern[str]) -> list[LabelledPicture]:
    try:
        text = _decoded(read_bytes(table))
    except UnicodeDecodeError as error:
        raise DatasetFormatError(str(table), f"is not UTF-8 ({error})", "save it as UTF-8") from error
    first = text.partition("\n")[0]
    separator = max((separator, *SEPARATORS), key=first.count)
    rows = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=separator, restkey=SURPLUS, restval=LACKING
    )
    pictures: dict[Path, LabelledPicture] = {}
    try:
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
        missing = {"file", "label"} - set(rows.fieldnames)
        if missing:
            raise DatasetFormatError(
                f"{table}, line 1", f"has no column {' and '.join(sorted(missing))!r}", LAYOUT
            )
        for row in rows:
            picture = _from_row(row, table.parent, f"{table}, line {rows.line_num}", pattern)
            resolved = picture.path.resolve()
            if resolved in pictures:
                raise DatasetFormatError(
                    f"{table}, line {rows.line_num}",
                    f"names {row['file']!r} again",
                    "keep one row per picture",
                )
            pictures[resolved] = picture
    except csv.Error as error:
        raise DatasetFormatError(
            f"{table}, line {rows.line_num}", f"cannot be parsed as a table ({error})", "correct the line"
        ) from error
    return list(pictures.values())


def _decoded(content: bytes) -> str:
    """Decodes a table without the byte order mark that spreadsheets write; with one, it may be UTF-16."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig")


def _from_row(row: dict[str, str], root: Path, source: str, pattern: re.Pattern[str]) -> LabelledPicture:
    if SURPLUS in row:
        raise DatasetFormatError(
            source, "has more fields than the first line", "quote fields that contain a separator"
        )
    if LACKING in (row["file"], row["label"]):
        raise DatasetFormatError(
            source, "has no label", "end the row with a separator if there is nothing to read"
        )
    name, label = row["file"].strip(), row["label"].strip()
    if not pattern.fullmatch(label):
        raise DatasetFormatError(
            source,
            f"has the label {label!r}, not digits",
            "use digits, with rows joined by '/', or leave it empty",
        )
    path = root / name
    try:
        inside = not _climbs(name) and path.resolve().is_relative_to(root.resolve())
        there = path.is_file()
    except (OSError, ValueError):  # the name is too long, or has a null character
        inside, there = True, False
    if not inside:
        raise DatasetFormatError(source, f"names {name!r}, outside the folder", "name files in the folder")
    if not there:
        raise DatasetFormatError(
            source, f"names {name!r}, which is not a file", "correct the name or add the picture"
        )
    columns = {key: row[key].replace(LACKING, "") for key in row if key not in ("file", "label")}
    return LabelledPicture(path, label, columns)


def _climbs(name: str) -> bool:
    """Returns whether a name is absolute or goes up, on any system, so that tables are portable."""
    windows = PureWindowsPath(name)
    return PurePosixPath(name).is_absolute() or bool(windows.anchor) or ".." in windows.parts
