"""A picture and its reading as two files of one name, which was never there before."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from PIL import Image

from inkread.desktop.keeping import PLACE, make_folder, write_new
from inkread.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from inkread.desktop.capture import Pixels
    from inkread.reading import Reading

NAME = "camera-{:03}"
LIGHT = 1
"""Compression of the PNG: more would let the picture stutter."""


def save_snapshot(folder: Path, pixels: Pixels, reading: Reading) -> Path:
    """Saves ``camera-001.png`` and ``camera-001.json``, or those of the first number that has neither.

    Args:
        folder: is made if it is not there.
        pixels: uint8 H×W×3, RGB.
        reading: of it; is saved with the picture's name as its source.

    Returns:
        The picture's path.

    Raises:
        OutputError: a file cannot be written; then there is none of them.
    """
    make_folder(folder)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=LIGHT)
    for number in count(1):
        picture = folder / f"{NAME.format(number)}.png"
        named = replace(reading, source=picture.name)
        try:
            _write_both(picture, encoded.getvalue(), f"{named.to_json(indent=2)}\n".encode())
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(
                str(picture), f"cannot be written ({error.strerror or error})", PLACE
            ) from error
        break
    return picture


def _write_both(picture: Path, pixels: bytes, text: bytes) -> None:
    """Writes two new files, or none."""
    write_new(picture, pixels)
    try:
        write_new(picture.with_suffix(".json"), text)
    except OSError:
        picture.unlink(missing_ok=True)
        raise
