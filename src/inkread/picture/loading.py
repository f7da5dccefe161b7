"""Turns any source into upright RGB pixels, safely. Only this package decodes image files.

Pillow decodes, from an allow-list of formats; OpenCV only ever sees arrays. Every failure is a
``PictureError``.

The steps: limit the number of bytes, strip everything but the pixels (``inkread.picture.containers``), read
the header, limit the number of pixels and the memory to decode them, decode (large JPEGs at a half, quarter,
or eighth of their size), convert to 8 bits and reduce block by block, reduce to the working size by area
averaging, composite transparent pixels onto a backdrop, and last, when few pixels are left, rotate upright.
"""

from __future__ import annotations

import io
import os
import re
import stat
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError, features

from inkread.errors import (
    OptionError,
    PictureArrayError,
    PictureDamagedError,
    PictureError,
    PictureFormatError,
    PictureNotFoundError,
    PictureTooLargeError,
)
from inkread.picture.compositing import Pixels, composite
from inkread.picture.containers import ORIENTATION, Contents, TooLaboriousError, exif_orientation, pixels_only
from inkread.picture.pages import DECODERS, HEIC_PIXEL, count_pages, heic_size, open_heic, render_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[Any]
"""A path, an encoded picture, a binary file object, a PIL image, or an array; see ``load_picture``."""

WORKING_SIDE: Final = 2000
"""Longest side of the working pixels.

A 12-megapixel photo is just twice that, so its JPEG is decoded at half size; an A4 page at 300 dpi is reduced
to 171 dpi, at which a digit 3 mm high still has MNIST's 20 pixels.
"""

READING_BYTES: Final = 256 * 2**20
PIXEL_BYTES: Final = 16
"""Maximum memory of one reading: a fixed part, plus a part per pixel of the largest allowed picture."""

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

DATA_URL: Final = "data:"
"""How a picture begins that is written as text (RFC 2397)."""
_LONGEST_SHOWN: Final = 40  # characters of a data URL in a message
_WEB: Final = re.compile(r"(https?|ftp)://", re.IGNORECASE)

_READ_CHUNK: Final = 1 << 20
_VALUE_BLOCK: Final = (
    1 << 20
)  # values converted to 8 bits at a time, which limits their float64 copies to 16 MiB
_BLOCK_SIDE: Final = 2048  # pixels; side of the blocks in which a decoded picture is converted and reduced
_DRAFT_SCALES: Final = (8, 4, 2)  # the reductions of libjpeg's scaled inverse DCT
_HUGE: Final = 1e300  # float ranges are clipped to ± this, so that differences stay finite

_UPRIGHT: Final[dict[object, Callable[[Pixels], Pixels]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: pixels[::-1].transpose(1, 0, 2),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: pixels[:, ::-1].transpose(1, 0, 2),
}
"""The transform to upright, by EXIF orientation (Exif 2.32, 4.6.4 A); other values change nothing."""
_SIDEWAYS: Final = (5, 6, 7, 8)

_PIXEL_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}
"""Bytes per pixel in Pillow, by mode; 4 in all other modes."""
_LINE_BYTES: Final = 16  # bytes per row in Pillow besides its pixels, and per column in the decoders' buffers

_metadata_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Maximum size of a picture; all limits are checked before any pixel is decoded.

    Attributes:
        max_bytes: size of the encoded picture.
        max_pixels: number of pixels at full size. The default admits a 108-megapixel phone photo. Pillow's
            own ``Image.MAX_IMAGE_PIXELS`` still applies, and rejects more than twice its value.
        max_memory: bytes that decoding may take, computed from format, mode, and size. The default is enough
            for a JPEG or PNG of ``max_pixels``; formats whose decoders hold several copies admit fewer
            pixels: WebP 50 million, AVIF 41.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_memory: int = 1_000_000_000

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.max_pixels, self.max_memory) < 1:
            raise OptionError("PictureLimits", "has a limit below 1", "use positive limits")

    @property
    def reading_memory(self) -> int:
        """Bytes that reading the largest allowed picture may allocate, in all its stages."""
        return READING_BYTES + PIXEL_BYTES * self.max_pixels


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture, ready to be processed.

    Attributes:
        source: the path, or a description such as ``"array (28, 28) uint8"``.
        pixels: H×W×3 uint8 RGB, upright, C-contiguous, in its own memory; may be smaller than the source.
        width: width of the upright source picture in pixels, before reduction.
        height: its height.
    """

    source: str
    pixels: Pixels
    width: int
    height: int

    @property
    def scale(self) -> tuple[float, float]:
        """Source pixels per working pixel, ``(x, y)``, each at least 1."""
        rows, columns = self.pixels.shape[:2]
        return self.width / columns, self.height / rows


_DEFAULT_LIMITS: Final = PictureLimits()


def load_picture(
    source: Source, *, limits: PictureLimits = _DEFAULT_LIMITS, max_side: int = WORKING_SIDE, page: int = 1
) -> Picture:
    """Reads any source, or one page of a PDF or TIFF document, as an upright RGB picture.

    Transparent pictures are composited onto a backdrop that shows both dark and light ink; see
    ``inkread.picture.compositing``.

    Args:
        source: a path of a regular file; an encoded picture as bytes; a binary file object, which is rewound
            if possible and read to its end; a PIL image of any mode, as it is; or an array H×W, H×W×1, H×W×3
            (RGB) or H×W×4 (RGBA, straight alpha). Only the first frame is read. Values of more than 8 bits:
            integers are scaled from the smallest bit depth that holds them, so that 12-bit data in 16 bits
            keeps its contrast, and one channel of only 0 and 1 is a mask; floats are read as 0..1 if all are
            in that range, else as 0..255 if all are in that range; any others, including negative values, are
            stretched from their minimum and maximum.
        limits: maximum bytes, pixels, and memory; a larger source raises an error.
        max_side: a picture whose longer side exceeds this is reduced to it by area averaging; a smaller one
            is kept. A page of a PDF is rendered at 200 dpi, or at this size if that is smaller.
        page: the page's number, from 1; see ``page_count``.

    Returns:
        The picture. Its pixels share no memory with the source, which stays unchanged.

    Raises:
        PictureError: the subclass that fits; the message names the source, the problem, and the remedy.
        OptionError: ``max_side`` is below 1.
    """
    if max_side < 1:
        raise OptionError("max_side", f"is {max_side}", "use a positive number of pixels")
    name = describe_source(source)
    orientation: object = None
    if page != 1 and isinstance(source, (np.ndarray, Image.Image)):
        raise _no_such_page(name, 1, page)
    if isinstance(source, np.ndarray):
        colour, alpha = _split_array(name, source, limits)
        height, width = source.shape[:2]
    else:
        with _pillow_errors(name):
            if isinstance(source, Image.Image):
                image, orientation = _load(name, source, limits)
                width, height = image.size
            else:
                image, orientation, (width, height) = _decode(name, source, limits, max_side, page)
            colour, alpha = _split_image(name, image, max_side)
    pixels = composite(colour, alpha, max_side=max_side)
    if orientation in _UPRIGHT:
        pixels = np.ascontiguousarray(_UPRIGHT[orientation](pixels))
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Picture(name, pixels, width, height)


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


def page_count(source: Source, *, limits: PictureLimits = _DEFAULT_LIMITS) -> int:
    """Returns how many pages a source has: of a PDF or TIFF document, its pages; of anything else, 1.

    Args:
        source: see ``load_picture``. A file object is read to its end.
        limits: a larger source raises an error.

    Raises:
        PictureError: the source is not a picture, is damaged, or has too many pages.
    """
    name = describe_source(source)
    if isinstance(source, (np.ndarray, Image.Image)):
        return 1
    with _pillow_errors(name):
        data = _read(name, source, limits)
        return count_pages(name, _identify(name, data), data)


def _no_such_page(name: str, count: int, page: int) -> PictureError:
    pages = "only one page" if count == 1 else f"{count} pages"
    return PictureFormatError(name, f"has {pages}, not a page {page}", f"choose a page from 1 to {count}")


def describe_source(source: object) -> str:
    """Describes a source briefly: its path, or its kind and size.

    Accepts anything, even unreadable objects.
    """
    match source:
        case str() | os.PathLike():
            path = os.fsdecode(source) or "(empty path)"
            return f"{path[:_LONGEST_SHOWN]}…" if path.startswith(DATA_URL) else path
        case bytes() | bytearray() | memoryview():
            return f"bytes ({memoryview(source).nbytes})"
        case np.ndarray():
            return f"array {source.shape} {source.dtype}"
        case Image.Image():
            return f"image ({source.mode} {source.width}×{source.height})"
    if hasattr(source, "read"):
        file_name = getattr(source, "name", None)
        return file_name if isinstance(file_name, str) and file_name else "file object"
    return f"object of type {type(source).__name__}"


# Bytes ------------------------------------------------------------------------------------------------------


def _read(name: str, source: object, limits: PictureLimits) -> bytes:
    """Reads the encoded picture: at most ``limits.max_bytes``, and never empty."""
    if isinstance(source, (str, os.PathLike)):
        data = _read_path(name, os.fsdecode(source), limits)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        _check_bytes(name, memoryview(source).nbytes, limits)
        data = bytes(source)
    elif hasattr(source, "read"):
        data = _read_stream(name, source, limits)
    else:
        raise PictureFormatError(
            name,
            "is not a supported picture source",
            "pass a path, bytes, a binary file object, a PIL image, or a NumPy array",
        )
    if not data:
        raise PictureFormatError(name, "is empty", "check that it was written or sent completely")
    return data


def _read_path(name: str, path: str, limits: PictureLimits) -> bytes:
    if _WEB.match(path):
        remedy = "download it first, e.g. with curl, and pass the file"
        raise PictureNotFoundError(name, "is a web address, and inkread downloads no pictures", remedy)
    if path.startswith(DATA_URL):
        remedy = "decode its Base64 part, and pass the bytes; the HTTP API takes it as it is"
        raise PictureNotFoundError(name, "is not the path of a file", remedy)
    try:
        status = Path(path).stat() if path else None
        if status is None:
            raise PictureNotFoundError(name, "is not a file name", "pass the path of a picture file")
        if stat.S_ISDIR(status.st_mode):
            raise PictureNotFoundError(name, "is a directory", "pass a picture file in it")
        if not stat.S_ISREG(status.st_mode):
            raise PictureFormatError(
                name, "is not a regular file", "copy the picture to a file, or pipe it in and pass -"
            )
        _check_bytes(name, status.st_size, limits)
        with Path(path).open("rb") as file:
            return _read_bounded(name, file, limits)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PictureNotFoundError(name, "does not exist", "check the path") from error
    except PermissionError as error:
        raise PictureError(
            name, "cannot be opened", "check the permissions of the file and its folders"
        ) from error
    except OSError as error:
        raise PictureError(
            name, f"cannot be read ({error.strerror or error})", "check the path and the disk"
        ) from error
    except ValueError as error:  # a null byte, or characters that the file system cannot encode
        raise PictureNotFoundError(name, f"is not a valid path ({error})", "check the path") from error


def _read_stream(name: str, stream: Any, limits: PictureLimits) -> bytes:
    """Reads all of a file object, from its beginning if it is seekable, like ``PIL.Image.open``."""
    try:
        with suppress(AttributeError, io.UnsupportedOperation, OSError):
            stream.seek(0)
        return _read_bounded(name, stream, limits)
    except PictureError:
        raise
    except Exception as error:  # an unknown file object may raise anything
        raise PictureError(
            name,
            f"cannot be read ({type(error).__name__}: {error})",
            "pass a file object that is open for reading",
        ) from error


def _read_bounded(name: str, stream: Any, limits: PictureLimits) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := stream.read(_READ_CHUNK):
        if isinstance(chunk, str):
            raise PictureFormatError(name, "is open in text mode", 'open it in binary mode, open(path, "rb")')
        size += len(chunk)
        _check_bytes(name, size, limits)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_bytes(name: str, size: int, limits: PictureLimits) -> None:
    if size > limits.max_bytes:
        raise PictureTooLargeError(
            name,
            f"has more than {limits.max_bytes} bytes",
            "reduce the picture, or raise PictureLimits.max_bytes",
        )


def _check_pixels(name: str, size: tuple[int, int], limits: PictureLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise PictureTooLargeError(
            name,
            f"has {width}×{height} pixels, more than {limits.max_pixels}",
            "reduce the picture, or raise PictureLimits.max_pixels",
        )


# Pillow -----------------------------------------------------------------------------------------------------


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses Pillow's warnings (``warnings.warn``) about large or odd pictures.

    Before Python 3.14, ``catch_warnings`` replaces a list shared by the whole process, so a lock admits one
    thread at a time. The cost is small: only headers are read under the lock, already stripped of anything
    long. Pixels are decoded outside it, in parallel.
    """
    with _metadata_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


@contextmanager
def _pillow_errors(name: str) -> Iterator[None]:
    """Turns anything that Pillow raises into a ``PictureError``."""
    try:
        yield
    except PictureError:
        raise
    except TooLaboriousError as error:
        raise PictureTooLargeError(
            name, f"takes too long to decode ({error})", "export it again as PNG or JPEG"
        ) from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise PictureTooLargeError(
            name, "has more pixels than can be decoded safely", "reduce the picture"
        ) from error
    except Exception as error:  # on a damaged file, Pillow raises errors of nearly every type
        reason = (
            "unreadable header" if isinstance(error, UnidentifiedImageError) else str(error) or "broken data"
        )
        raise PictureDamagedError(
            name, f"is truncated or damaged ({reason})", "copy or export the picture again"
        ) from error


def _identify(name: str, data: bytes) -> str:
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


def _decode(
    name: str, source: object, limits: PictureLimits, max_side: int, page: int
) -> tuple[Image.Image, int | None, tuple[int, int]]:
    """Decodes a page of the source; returns the image, its orientation, and its size before any reduction."""
    data = _read(name, source, limits)
    kind = _identify(name, data)
    if page != 1 or kind == "PDF":
        count = count_pages(name, kind, data)
        if not 1 <= page <= count:
            raise _no_such_page(name, count, page)
    if kind == "PDF":
        image, size = render_page(name, data, page, max_side)
        return image, None, size
    if kind == "HEIC":
        size = heic_size(name, data)
        _check_pixels(name, size, limits)
        _check_memory(name, 4 * size[0] * size[1], size, Contents(b"", pixel_bytes=HEIC_PIXEL), limits)
        return open_heic(name, data), None, size
    contents = pixels_only(kind, data, page)
    del data
    if contents.size:
        _check_pixels(name, contents.size, limits)
        _check_memory(name, 4 * contents.size[0] * contents.size[1], contents.size, contents, limits)
    with _quiet():
        # Silences Pillow's bomb warning too: the check below is ours. Twice Pillow's limit is still an error.
        image = Image.open(io.BytesIO(contents.data), formats=[kind])
    size = image.size
    _check_pixels(name, size, limits)
    if kind == "JPEG":
        for scale in _DRAFT_SCALES:
            if max(size) // scale >= max_side:
                image.draft(None, (size[0] // scale, size[1] // scale))
                break
    stored = image.width * image.height * _PIXEL_BYTES.get(image.mode, 4)
    _check_memory(name, stored, size, contents, limits)
    orientation = exif_orientation(image.info.get("exif", b"")) if kind == "AVIF" else contents.orientation
    image.load()
    return image, orientation, size


def _check_memory(
    name: str, stored: int, size: tuple[int, int], contents: Contents, limits: PictureLimits
) -> None:
    """Rejects a picture that takes too much memory to decode: the loaded image plus the decoder's buffers."""
    decoder = size[0] * size[1] * contents.pixel_bytes + contents.block_bytes
    needed = stored + decoder + _LINE_BYTES * sum(size)
    if needed > limits.max_memory:
        raise PictureTooLargeError(
            name,
            f"has {size[0]}×{size[1]} pixels in a format that needs {needed:,} bytes of memory to decode, "
            f"more than {limits.max_memory:,}",
            "reduce the picture, save it as JPEG, or raise PictureLimits.max_memory",
        )


def _load(name: str, image: Image.Image, limits: PictureLimits) -> tuple[Image.Image, int | None]:
    """Loads a caller's image; returns it with its orientation.

    The orientation is read after loading, because a PNG may store it after the pixels, and Pillow rotates a
    TIFF while loading it.
    """
    if not (image.width and image.height):
        raise PictureFormatError(name, "has no pixels", "pass an image of at least 1×1")
    _check_pixels(name, image.size, limits)
    image.load()
    with suppress(Exception):  # the metadata may be corrupt in any way while the picture is fine
        value = image.getexif().get(ORIENTATION)
        return image, value if isinstance(value, int) else None
    return image, None


# Color and alpha --------------------------------------------------------------------------------------------


def _split_array(name: str, values: NDArray[Any], limits: PictureLimits) -> tuple[Pixels, Pixels | None]:
    """Splits an array into 8-bit color, H×W or H×W×3, and alpha, H×W or ``None``."""
    remedy = (
        "pass H×W, H×W×1, H×W×3 (RGB) or H×W×4 (RGBA), channels last, "
        "of dtype uint8, uint16, float32, float64 or bool"
    )
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (1, 3, 4)):
        raise PictureArrayError(name, "does not have the shape of a picture", remedy)
    if values.size == 0:
        raise PictureArrayError(name, "has no pixels", remedy)
    if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:
        raise PictureArrayError(name, "does not have the dtype of a picture", remedy)
    _check_pixels(name, (values.shape[1], values.shape[0]), limits)
    pixels = _to_8_bit(name, np.asarray(values))
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        return pixels[..., 0], None
    return _split_channels(pixels)


_MASK: Final = (0.0, 1.0)
"""The value range of a mask of 0 and 1."""


def _split_image(name: str, image: Image.Image, max_side: int) -> tuple[Pixels, Pixels | None]:
    """Splits a loaded image of any mode into 8-bit color, H×W or H×W×3, and alpha, H×W or ``None``.

    Reduces large images. Works block by block, so that a large picture is never copied as a whole.
    """
    ratio = max(1, max(image.size) // max_side)
    factors = min(ratio, image.width), min(ratio, image.height)
    span = _image_span(name, image)
    reduced = np.empty(0, np.uint8)
    for left, top, right, bottom in _blocks(image.size, factors):
        block = image.crop((left, top, right, bottom))
        block = _to_plain_mode(block if span is None else _scaled_image(block, span))
        values = np.asarray(block.reduce(factors) if ratio > 1 else block)
        if not reduced.size:
            size = -(-image.height // factors[1]), -(-image.width // factors[0])
            reduced = np.empty((*size, *values.shape[2:]), np.uint8)
        y, x = top // factors[1], left // factors[0]
        reduced[y : y + values.shape[0], x : x + values.shape[1]] = values
    return _split_channels(reduced)


def _blocks(size: tuple[int, int], factors: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Yields boxes of about ``_BLOCK_SIDE`` that cover the image and begin at multiples of the factors."""
    across, down = (factor * max(1, _BLOCK_SIDE // factor) for factor in factors)
    for top in range(0, size[1], down):
        for left in range(0, size[0], across):
            yield left, top, min(left + across, size[0]), min(top + down, size[1])


def _image_span(name: str, image: Image.Image) -> tuple[float, float] | None:
    """Returns the values that map to 0 and 255, for an image of more than 8 bits or a mask; else ``None``."""
    if image.mode.startswith(("I", "F")):
        blocks = (np.asarray(image.crop(box)) for box in _blocks(image.size, (1, 1)))
        extremes = np.array([(block.min(), block.max()) for block in blocks])
        return _MASK if _is_mask(extremes) else _span(name, extremes)
    # Very dark JPEGs can have a maximum of 1 by chance.
    return _MASK if image.mode == "L" and image.format != "JPEG" and image.getextrema() == (0, 1) else None


def _scaled_image(image: Image.Image, span: tuple[float, float]) -> Image.Image:
    """Converts an image of more than 8 bits to mode L, or to LA if one of its values is transparent."""
    values, key = np.asarray(image), image.info.get("transparency")
    scaled = Image.fromarray(_scaled(values, span))
    if isinstance(key, int):
        scaled.putalpha(Image.fromarray((values != key).astype(np.uint8) * np.uint8(255)))
    return scaled


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """Converts the image to mode L, RGB, or RGBA if any of it is transparent."""
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        try:
            return image if image.mode == "RGBA" else image.convert("RGBA")
        except (TypeError, ValueError):  # a color key that does not fit the mode hides nothing
            image = image.copy()
            image.info.pop("transparency", None)
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _split_channels(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels, None
    return pixels[..., :3], pixels[..., 3]


def _is_mask(values: NDArray[Any]) -> bool:
    """Returns whether a single integer channel contains both 0 and 1, and nothing else.

    Images with more channels come from cameras, in the dark.
    """
    one_channel = values.ndim == 2 or values.shape[2] == 1
    return one_channel and values.dtype.kind in "ui" and values.max() == 1 and values.min() == 0


def _to_8_bit(name: str, values: NDArray[Any]) -> Pixels:
    """Scales values of any real dtype to 0..255 as ``load_picture`` documents; keeps the shape."""
    if _is_mask(values):
        values = values > 0
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    return _scaled(values, _span(name, values))


def _span(name: str, values: NDArray[Any]) -> tuple[float, float]:
    """Returns the values that map to 0 and 255; the given values may be just the extremes."""
    with np.errstate(invalid="ignore"):
        low, high = values.min().item(), values.max().item()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureArrayError(
            name, "has NaN or infinite values", "replace them, e.g. with numpy.nan_to_num"
        )
    if low >= 0 and values.dtype.kind in "ui":
        low, high = 0, 2 ** max(8, high.bit_length()) - 1
    elif low >= 0 and high <= 255:
        low, high = 0, 1 if high <= 1 else 255
    return max(low, -_HUGE), min(high, _HUGE)


def _scaled(values: NDArray[Any], span: tuple[float, float]) -> Pixels:
    """Scales values from a range to 0..255; all 0 if the range is empty."""
    if span[1] - span[0] < 1 / _HUGE:
        return np.zeros(values.shape, np.uint8)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:  # few enough values for a lookup table
        table = np.rint(np.interp(np.arange(1 << 16), span, (0, 255))).astype(np.uint8)
        return cast("Pixels", table[values])
    flat = np.ascontiguousarray(values).reshape(-1)
    scaled = np.empty(flat.shape, np.uint8)
    for start in range(0, flat.size, _VALUE_BLOCK):
        block = slice(start, start + _VALUE_BLOCK)
        scaled[block] = np.rint(np.interp(flat[block], span, (0, 255)))
    return scaled.reshape(values.shape)
