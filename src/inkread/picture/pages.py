"""Documents with pages: how many a PDF or TIFF file has, and a page of a PDF as an image.

PDFium renders PDF pages; it is an optional package, and so is the decoder of HEIC, the format of iPhones.
"""

from __future__ import annotations

import importlib
import math
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from inkread.errors import PictureDamagedError, PictureFormatError, PictureTooLargeError
from inkread.picture.containers import MOST_PAGES, tiff_pages
from inkread.picture.working_size import longest_side

if TYPE_CHECKING:
    from types import ModuleType

DPI: Final = 200
"""The resolution of a PDF page: a digit 3 mm high has 24 pixels."""

DECODERS: Final = {"PDF": "pypdfium2", "HEIC": "pillow_heif"}
"""The optional packages, by the format that they decode."""

HEIC_PIXEL: Final = 12
"""Bytes per pixel that libheif takes besides the picture it returns: planes of up to 16 bits, and an RGB
copy."""

_POINTS: Final = 72  # per inch; PDF's unit of length
_NOISE: Final = 1e-3  # pixels; a size in points, in 32 bits, is never exactly a whole number of pixels
_PROTECTED: Final = "password"

_pdfium_lock = threading.Lock()  # PDFium must not be used by two threads at once


def count_pages(name: str, kind: str, data: bytes) -> int:
    """Returns how many pages an encoded picture has; at least 1.

    Args:
        name: its name, for errors.
        kind: its format: ``PDF``, or a Pillow name.
        data: the whole file.

    Raises:
        PictureError: a PDF is damaged, protected, or cannot be rendered without another package, or the file
            has more than ``MOST_PAGES`` pages.
    """
    if kind == "PDF":
        with _pdfium_lock, closing(_opened(name, data)) as document:
            count = len(document)
    elif kind == "TIFF":
        count = len(tiff_pages(data))
    else:
        return 1
    if count > MOST_PAGES:
        raise PictureTooLargeError(name, f"has more than {MOST_PAGES:,} pages", "split the document")
    return max(1, count)


def render_page(name: str, data: bytes, page: int, max_side: int) -> tuple[Image.Image, tuple[int, int]]:
    """Renders a page of a PDF.

    Args:
        name: its name, for errors.
        data: the whole file.
        page: the page's number, from 1, which must exist.
        max_side: a page whose longer side exceeds this at ``DPI`` is rendered at this size; see
            ``working_size.longest_side`` for very long ones.

    Returns:
        The page in RGB on white, and its width and height in pixels at ``DPI``.

    Raises:
        PictureError: the file is damaged or protected, or PDFium is not installed.
    """
    with _pdfium_lock, closing(_opened(name, data)) as document:
        try:
            with closing(document[page - 1]) as sheet:
                sides = sheet.get_size()
                width, height = (max(1, math.ceil(side * DPI / _POINTS - _NOISE)) for side in sides)
                # PDFium rounds up too, and must not render a page larger than it was measured.
                scale = min(DPI / _POINTS, width / sides[0], height / sides[1])
                most = longest_side((width, height), max_side)
                scale *= min(1.0, most / max(width, height)) * (1 - _NOISE**2)
                with closing(sheet.render(scale=scale, rev_byteorder=True)) as bitmap:
                    return Image.fromarray(bitmap.to_numpy()).convert("RGB"), (width, height)
        except Exception as error:  # a broken page can raise nearly anything
            problem = f"has a damaged page {page} ({error})"
            raise PictureDamagedError(name, problem, "print it to a new PDF file") from error


def open_heic(name: str, data: bytes) -> Image.Image:
    """Returns the picture in a HEIC file, upright, in 8 bits; its pixels are decoded here.

    Raises:
        PictureError: the decoder is not installed.
    """
    decoder = _imported(name, "HEIC")
    return decoder.open_heif(data).to_pillow()


def heic_size(name: str, data: bytes) -> tuple[int, int]:
    """Returns width and height of a HEIC picture, upright, without decoding its pixels.

    Raises:
        PictureError: the decoder is not installed.
    """
    size = _imported(name, "HEIC").open_heif(data).size
    return int(size[0]), int(size[1])


def _opened(name: str, data: bytes) -> Any:
    """Opens a PDF document."""
    pdfium = _imported(name, "PDF")
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if _PROTECTED in str(error).lower():
            remedy = "save it without the password"
            raise PictureFormatError(name, "is protected by a password", remedy) from error
        problem = f"is not a readable PDF file ({error})"
        raise PictureDamagedError(name, problem, "copy it again, or print it to a new PDF file") from error


def _imported(name: str, kind: str) -> ModuleType:
    """Imports an optional package; the error is the picture's, so that others are still read."""
    package = DECODERS[kind]
    try:
        return importlib.import_module(package)
    except ImportError as error:
        problem = f"is a {kind} file, for which {package} is not installed"
        extra = f"run this in inkread's folder: pip install '.[{kind.lower()}]'"
        raise PictureFormatError(name, problem, f"{extra}; or export it as PNG or JPEG") from error
