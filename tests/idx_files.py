"""Files in MNIST's format."""

from __future__ import annotations

import gzip
import struct

from inkread.datasets.array_files import TYPES


def idx(array):
    """Returns an array as the bytes of an IDX file."""
    (code,) = (code for code, dtype in TYPES.items() if dtype == array.dtype.newbyteorder(">"))
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + array.astype(TYPES[code]).tobytes()


def packed_idx(array):
    """Returns the same bytes, gzip-compressed; always the same for the same array."""
    return gzip.compress(idx(array), mtime=0)
