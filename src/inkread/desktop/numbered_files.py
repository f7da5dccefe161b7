"""Pictures kept as PNG files, numbered so that none ever takes another's place."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from PIL import Image

from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

SUFFIX = ".png"
NUMBER_WIDTH = 3
"""Digits of a file's number, at least, so that names sort as they were drawn."""

PLACE = "choose another place, or make room there"


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, where they are not there yet.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"is no folder, and none can be made ({error.strerror or error})"
        raise OutputError(str(folder), problem, PLACE) from error


def save_numbered(picture: NDArray[np.uint8], folder: Path, stem: str) -> Path:
    """Saves a picture, H×W or H×W×3 uint8, as ``stem-001.png`` or under the next higher number that is free.

    Raises:
        OutputError: it cannot be written.
    """
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG")
    return keep_numbered(folder, stem, lambda path: write_new(path, encoded.getvalue()))


def keep_numbered(folder: Path, stem: str, write: Callable[[Path], object]) -> Path:
    """Has something written as ``stem-001.png`` or under the next higher number that is free, and tells its path.

    Args:
        folder: is made if it is not there.
        stem: the beginning of the name.
        write: raises ``FileExistsError`` where a file of that name is there.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(folder)
    path = folder
    try:
        number = 1 + max(_numbers(folder, stem), default=0)
        while True:
            path = folder / f"{stem}-{number:0{NUMBER_WIDTH}}{SUFFIX}"
            try:
                write(path)
            except FileExistsError:  # somebody else saves here too
                number += 1
            else:
                return path
    except OSError as error:
        raise OutputError(str(path), f"cannot be written ({error.strerror or error})", PLACE) from error


def _numbers(folder: Path, stem: str) -> list[int]:
    """The numbers that files of this stem have, in any case of letters, as that is one file on many disks."""
    name = re.compile(rf"{re.escape(stem)}-(\d+){re.escape(SUFFIX)}", re.IGNORECASE)
    found = (name.fullmatch(file.name) for file in folder.iterdir())
    return [int(match[1]) for match in found if match]


def write_new(path: Path, content: bytes) -> None:
    """Writes a file that must not be there yet, wholly or not at all; raises ``OSError``."""
    with path.open("xb") as stream:
        try:
            stream.write(content)
            stream.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
