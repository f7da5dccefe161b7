"""Saves a picture and its reading as two files with a new common name."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from inkread.desktop.numbered_files import keep_numbered, write_new

if TYPE_CHECKING:
    from pathlib import Path

    from inkread.desktop.capture import Pixels
    from inkread.results import Reading

STEM = "camera"
LIGHT = 1
"""PNG compression level; a higher one would make the picture stutter."""


def save_snapshot(folder: Path, pixels: Pixels, reading: Reading) -> Path:
    """Saves ``camera-001.png`` and ``camera-001.json``, or both with the next free number.

    Args:
        folder: the folder; created if missing.
        pixels: uint8 H×W×3, RGB.
        reading: the picture's reading; saved with the picture's name as its source.

    Returns:
        The picture's path.

    Raises:
        OutputError: a file cannot be written; then neither file remains.
    """
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=LIGHT)

    def write(path: Path) -> None:
        named = replace(reading, source=path.name)
        _write_both(path, encoded.getvalue(), f"{named.to_json(indent=2)}\n".encode())

    return keep_numbered(folder, STEM, write)


def _write_both(picture: Path, pixels: bytes, text: bytes) -> None:
    """Writes both new files or neither."""
    write_new(picture, pixels)
    try:
        write_new(picture.with_suffix(".json"), text)
    except OSError:
        picture.unlink(missing_ok=True)
        raise
