"""Reads files of arrays: NumPy's, without pickle, and IDX, the format of MNIST.

IDX has a magic number, big-endian dimensions, then the values in C order. The magic number is two zero bytes,
a type code and the number of dimensions; each dimension is an unsigned 32-bit integer. LeCun, Cortes &
Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import DatasetFormatError, DatasetNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GZIP_MAGIC = b"\x1f\x8b"
DEFLATE_MAX_RATIO = 1032
"""DEFLATE cannot expand a byte to more than this (zlib, "Maximum Expansion Factor")."""
MAX_DIMENSIONS = 32
TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
DOWNLOAD_AGAIN = "download or copy the file again"
COPY_AGAIN = "copy or download the file again"


def read_idx(path_or_bytes: Path | str | bytes, *, source: str | None = None) -> NDArray[Any]:
    """Reads an IDX file or its content, gzip-compressed or plain.

    Returns a writable array of uint8, int8, int16, int32, float32 or float64 in native byte order. Errors
    name the source, which is the path by default.

    Raises:
        DatasetNotFoundError: the file does not exist.
        DatasetFormatError: the magic number, type code, dimensions, or number of bytes is wrong. No memory is
            allocated for dimensions that the file cannot fill.
    """
    if isinstance(path_or_bytes, bytes):
        content, name = path_or_bytes, source or "IDX data"
    else:
        content, name = read_bytes(Path(path_or_bytes)), source or str(path_or_bytes)
    compressed = content.startswith(GZIP_MAGIC)
    most = len(content) * (DEFLATE_MAX_RATIO if compressed else 1)
    stream: gzip.GzipFile | io.BytesIO = (
        gzip.GzipFile(fileobj=io.BytesIO(content)) if compressed else io.BytesIO(content)
    )
    try:
        dtype, shape = _read_header(stream, name)
        size = math.prod(shape) * dtype.itemsize
        if size > most or math.prod(filter(None, shape)) * dtype.itemsize > sys.maxsize:
            raise DatasetFormatError(
                name, f"is truncated: {shape} values of {dtype.name} do not fit in its bytes", DOWNLOAD_AGAIN
            )
        values = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetFormatError(name, f"is not intact gzip ({error})", DOWNLOAD_AGAIN) from error
    if len(values) != size:
        what = "is truncated" if len(values) < size else "has bytes after its last value"
        raise DatasetFormatError(name, f"{what}: {shape} of {dtype.name} takes {size} bytes", DOWNLOAD_AGAIN)
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def read_bytes(path: Path) -> bytes:
    """Reads the bytes of a data file; a ``DatasetNotFoundError`` if that fails."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetNotFoundError(
            str(path), f"cannot be read ({error.strerror or error})", "pass the path of a readable file"
        ) from error


def _read_header(stream: gzip.GzipFile | io.BytesIO, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        raise DatasetFormatError(
            name, f"is not an IDX file: it begins with {magic.hex(' ') or 'nothing'}", DOWNLOAD_AGAIN
        )
    if not 1 <= magic[3] <= MAX_DIMENSIONS:
        raise DatasetFormatError(
            name, f"declares {magic[3]} dimensions, not 1 to {MAX_DIMENSIONS}", DOWNLOAD_AGAIN
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DatasetFormatError(name, "is truncated in its header", DOWNLOAD_AGAIN)
    return TYPES[magic[2]], struct.unpack(f">{magic[3]}I", sizes)


def load_npz(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Reads the arrays ``names`` of a ``.npz`` file.

    Raises:
        DatasetFormatError: an array is missing, or the file is damaged.
    """
    try:
        # NumPy leaves a file open if it is not an archive; closing a stream is up to us.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetFormatError(
            str(path), f"is not an archive of these arrays ({error})", COPY_AGAIN
        ) from error


def load_npy(path: Path) -> NDArray[Any]:
    """Reads the array of a ``.npy`` file; a ``DatasetFormatError`` if the file is damaged."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetFormatError(str(path), f"is not an array file ({error})", COPY_AGAIN) from error
    if not isinstance(array, np.ndarray):
        raise DatasetFormatError(str(path), "is an archive, not a single array", COPY_AGAIN)
    return array
