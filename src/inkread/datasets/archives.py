"""Reads NumPy files of the optional collections, without pickle and with errors that name the file."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import DatasetFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

COPY_AGAIN = "copy or download the file again"


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
