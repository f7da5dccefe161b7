"""The accepted picture formats, recognized by the first bytes of a file."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import features

from inkread.errors import PictureFormatError
from inkread.picture.pages import DECODERS

if TYPE_CHECKING:
    import os

PICTURE_SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif", ".pdf"}
)
"""File name extensions, in lower case, that count as pictures when a folder is scanned.

A file passed by name is judged by its content alone.
"""

_FORMATS: Final = {
    "JPEG": rb"\xff\xd8\xff",  # and MPO, the JPEG with a second picture after it that many phones write
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "BMP": rb"BM",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "WEBP": rb"RIFF....WEBP",
    "HEIC": rb"....ftyp(hei[cmsx]|hev[cmx]|m[is]f1.{4}(.{4}){,8}?hei[cx])",
    "AVIF": rb"....ftyp(avif|avis|mif1|msf1)",
    "PDF": rb"%PDF",
}
"""The accepted formats, and the bytes that their files begin with; Pillow decodes all but HEIC and PDF."""
_LONGEST_START: Final = 8  # bytes
_OPTIONAL_FORMATS: Final = ("WEBP", "AVIF")  # Pillow may be built without these

_FOREIGN_FORMATS: Final = {
    "SVG or XML": rb"\s*<(svg|\?xml)",
    "Photoshop": rb"8BPS",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "JPEG 2000": rb"\0\0\0\x0cjP  ",
}
"""Formats that are recognized only to give a better error message."""


def supported_formats() -> list[str]:
    """Returns the names of the formats that this installation reads."""
    missing = {name for name in _OPTIONAL_FORMATS if not features.check(name.lower())}
    missing |= {name for name, package in DECODERS.items() if find_spec(package) is None}
    return [name for name in _FORMATS if name not in missing]


def is_document(source: str | os.PathLike[str] | bytes) -> bool:
    """Returns whether a file or its content is of a kind that can have several pages, by its first bytes."""
    start = source[:_LONGEST_START] if isinstance(source, bytes) else b""
    if not isinstance(source, bytes):
        with suppress(OSError, ValueError), Path(source).open("rb") as file:
            start = file.read(_LONGEST_START)
    return any(re.match(_FORMATS[kind], start, re.DOTALL) for kind in ("PDF", "TIFF"))


def identify(name: str, data: bytes) -> str:
    """Returns the Pillow name of the accepted format that the bytes begin with."""
    for known, pattern in _FORMATS.items():
        if re.match(pattern, data, re.DOTALL):
            if known in _OPTIONAL_FORMATS and not features.check(known.lower()):
                raise PictureFormatError(
                    name, f"is a {known} file, which this Pillow cannot decode", "save it as PNG or JPEG"
                )
            return known
    for foreign, pattern in _FOREIGN_FORMATS.items():
        if re.match(pattern, data, re.DOTALL):
            raise PictureFormatError(
                name, f"is a {foreign} file, which is not accepted", "export it as PNG or JPEG"
            )
    raise PictureFormatError(name, "is not a supported image format", f"use one of {', '.join(_FORMATS)}")
