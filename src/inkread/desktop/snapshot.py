"""A picture and its reading as two files, whose names were never there before."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from PIL import Image

from inkread.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from inkread.desktop.capture import Pixels
    from inkread.reading import Reading

NAME = "camera-{:04}"


def save(folder: Path, pixels: Pixels, reading: Reading) -> Path:
    """Saves ``camera-0001.png`` and ``camera-0001.json``, or those of the next number of which there is no file yet.

    Args:
        folder: is made if it is not there.
        pixels: uint8 H×W×3, RGB.
        reading: of it; is saved with the picture's name as its source.

    Returns:
        The picture's path.

    Raises:
        OutputError: a file cannot be written; then there is none of them.
    """
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            picture = folder / f"{NAME.format(number)}.png"
            text = picture.with_suffix(".json")
            if not text.exists() and _create(picture, encoded.getvalue()):
                content = replace(reading, source=picture.name).to_json(indent=2)
                if _create(text, f"{content}\n".encode()):
                    break
                picture.unlink()
    except OSError as error:
        problem = f"cannot be written to ({error.strerror or error})"
        raise OutputError(str(folder), problem, "choose another folder with --save-to") from error
    return picture


def _create(path: Path, content: bytes) -> bool:
    """Writes a new file; ``False`` if there is one already, and none is left where writing fails."""
    try:
        stream = path.open("xb")
    except FileExistsError:
        return False
    try:
        with stream:
            stream.write(content)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    return True
