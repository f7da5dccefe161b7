"""Saves pictures, alone or with their readings, as numbered files that never overwrite each other."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from inkread.errors import OutputError
from inkread.system.files import writing

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from inkread.results import Reading

SUFFIX = ".png"
LIGHT = 1
"""PNG compression level of pictures with a reading; a higher one would make the camera's picture stutter."""
NUMBER_WIDTH = 3
"""Minimum digits of a file's number, so that names sort in the order of drawing."""


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents.

    Raises:
        OutputError: the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"is not a folder and cannot be created ({error.strerror or error})"
        raise OutputError(str(folder), problem, "choose another location or free some space") from error


def save_numbered(
    picture: NDArray[np.uint8], folder: Path, stem: str, reading: Reading | None = None
) -> Path:
    """Saves a picture, H×W or H×W×3 uint8, as ``stem-001.png`` or with the next free number.

    Its reading, if there is one, gets the same name with ``.json``, and the picture's name as its source.

    Raises:
        OutputError: a file cannot be written; then neither file remains.
    """
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG", compress_level=-1 if reading is None else LIGHT)
    make_folder(folder)
    with writing(folder):
        number = 1 + max(_numbers(folder, stem), default=0)
        while True:
            path = folder / f"{stem}-{number:0{NUMBER_WIDTH}}{SUFFIX}"
            try:
                _write_both(path, encoded.getvalue(), reading)
            except FileExistsError:  # another program saves here too
                number += 1
            else:
                return path


def _write_both(path: Path, picture: bytes, reading: Reading | None) -> None:
    _write(path, picture)
    if reading is not None:
        text = replace(reading, source=path.name).to_json(indent=2)
        try:
            _write(path.with_suffix(".json"), f"{text}\n".encode())
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _numbers(folder: Path, stem: str) -> list[int]:
    """Returns the numbers of files with this stem, ignoring case because many disks do."""
    name = re.compile(rf"{re.escape(stem)}-(\d+){re.escape(SUFFIX)}", re.IGNORECASE)
    found = (name.fullmatch(file.name) for file in folder.iterdir())
    return [int(match[1]) for match in found if match]


def _write(path: Path, content: bytes) -> None:
    """Writes a new file completely or not at all; raises ``OSError``, also if it exists."""
    with path.open("xb") as stream:
        try:
            stream.write(content)
            stream.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
