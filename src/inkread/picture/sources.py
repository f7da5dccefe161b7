"""What a picture can come from: the description of a source, and the bytes of an encoded one."""

from __future__ import annotations

import io
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inkread.errors import PictureError, PictureFormatError, PictureNotFoundError

if TYPE_CHECKING:
    from inkread.picture.limits import PictureLimits

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[Any]
"""A path, an encoded picture, a binary file object, a PIL image, or an array; see ``load_picture``."""

DATA_URL: Final = "data:"
"""How a picture begins that is written as text (RFC 2397)."""
_LONGEST_SHOWN: Final = 40  # characters of a data URL in a message
_WEB: Final = re.compile(r"(https?|ftp)://", re.IGNORECASE)
_READ_CHUNK: Final = 1 << 20


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


def read_source(name: str, source: object, limits: PictureLimits) -> bytes:
    """Reads the encoded picture: at most ``limits.max_bytes``, and never empty."""
    if isinstance(source, (str, os.PathLike)):
        data = _read_path(name, os.fsdecode(source), limits)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        limits.check_bytes(name, memoryview(source).nbytes)
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
        limits.check_bytes(name, status.st_size)
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
        limits.check_bytes(name, size)
        chunks.append(chunk)
    return b"".join(chunks)
