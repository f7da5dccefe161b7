"""Saves pictures as numbered PNG files that never overwrite each other."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from PIL import Image

from inkread.errors import OutputError
from inkread.system.files import writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

SUFFIX = ".png"
NUMBER_WIDTH = 3
"""Minimum digits of a file's number, so that names sort in the order of drawing."""
PLACE = "choose another location or free some space"


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents.

    Raises:
        OutputError: the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"is not a folder and cannot be created ({error.strerror or error})"
        raise OutputError(str(folder), problem, PLACE) from error


def save_numbered(picture: NDArray[np.uint8], folder: Path, stem: str) -> Path:
    """Saves a picture, H×W or H×W×3 uint8, as ``stem-001.png`` or with the next free number.

    Raises:
        OutputError: the file cannot be written.
    """
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG")
    return keep_numbered(folder, stem, lambda path: write_new(path, encoded.getvalue()))


def keep_numbered(folder: Path, stem: str, write: Callable[[Path], object]) -> Path:
    """Calls ``write`` with ``stem-001.png`` or the next free number, and returns the path.

    Args:
        folder: the folder; created if missing.
        stem: the beginning of the name.
        write: writes the file; raises ``FileExistsError`` if it exists.

    Raises:
        OutputError: the file cannot be written.
    """
    make_folder(folder)
    with writing(folder, PLACE):
        number = 1 + max(_numbers(folder, stem), default=0)
        while True:
            path = folder / f"{stem}-{number:0{NUMBER_WIDTH}}{SUFFIX}"
            try:
                write(path)
            except FileExistsError:  # another program saves here too
                number += 1
            else:
                return path


def _numbers(folder: Path, stem: str) -> list[int]:
    """Returns the numbers of files with this stem, ignoring case because many disks do."""
    name = re.compile(rf"{re.escape(stem)}-(\d+){re.escape(SUFFIX)}", re.IGNORECASE)
    found = (name.fullmatch(file.name) for file in folder.iterdir())
    return [int(match[1]) for match in found if match]


def write_new(path: Path, content: bytes) -> None:
    """Writes a new file completely or not at all; raises ``OSError``, also if it exists."""
    with path.open("xb") as stream:
        try:
            stream.write(content)
            stream.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
