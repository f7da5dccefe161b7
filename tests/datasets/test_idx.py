import contextlib
import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from idx_files import idx, packed_idx

from inkread.datasets.array_files import TYPES, read_idx
from inkread.errors import DatasetFormatError, DatasetNotFoundError

DTYPES = [dtype.newbyteorder("=") for dtype in TYPES.values()]
HEADER = struct.pack(">HBBII", 0, 0x08, 2, 2, 3)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("content_of", [idx, packed_idx])
def test_every_type_is_read(tmp_path, dtype, content_of):
    array = np.arange(-6, 6).astype(dtype).reshape(2, 3, 2)
    (tmp_path / "a").write_bytes(content_of(array))
    back = read_idx(tmp_path / "a")
    assert back.dtype == dtype
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_values_are_big_endian_as_in_the_format():
    assert read_idx(bytes([0, 0, 0x0B, 1, 0, 0, 0, 1, 0, 1])).tolist() == [1]


@given(arrays.arrays(st.sampled_from(DTYPES), arrays.array_shapes(max_dims=4, min_side=0, max_side=4)))
def test_any_array_is_read(array):
    np.testing.assert_array_equal(read_idx(idx(array)), array)


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_an_array_or_a_dataset_error(content):
    for data in (content, HEADER + content, b"\x1f\x8b\x08" + content, gzip.compress(content)):
        with contextlib.suppress(DatasetFormatError):
            assert isinstance(read_idx(data), np.ndarray)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "begins with nothing"),
        (b"\x89PNG\r\n", "begins with 89 50 4e 47"),
        (b"\0\0\x0a\1" + bytes(8), "not an IDX file"),
        (b"\0\0\x08\0", "declares 0 dimensions"),
        (b"\0\0\x08\xff" + bytes(2000), "declares 255 dimensions"),
        (HEADER[:-1], "truncated in its header"),
        (HEADER + bytes(5), "truncated"),
        (HEADER + bytes(7), "after its last value"),
        (gzip.compress(HEADER + bytes(7), mtime=0), "after its last value"),
        (gzip.compress(HEADER + bytes(6), mtime=0)[:-9], "not intact gzip"),
        (gzip.compress(HEADER + bytes(6), mtime=0)[:-8] + bytes(8), "not intact gzip"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(content, problem):
    with pytest.raises(DatasetFormatError, match=problem) as caught:
        read_idx(content, source="digits.gz")
    assert caught.value.source == "digits.gz"


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_dimensions_that_the_file_cannot_fill_are_rejected_before_memory_is_taken(compress):
    claim = struct.pack(">HBB4I", 0, 0x0E, 4, *[0xFFFFFFFF] * 4)
    with pytest.raises(DatasetFormatError, match="do not fit in its bytes"):
        read_idx(compress(claim))


def test_dimensions_beyond_any_memory_are_rejected_although_one_of_them_is_zero():
    content = struct.pack(">HBB4I", 0, 0x0E, 4, 0, *[0xFFFFFFFF] * 3)
    with pytest.raises(DatasetFormatError, match="do not fit"):
        read_idx(content)


def test_an_absent_file_is_not_found(tmp_path):
    with pytest.raises(DatasetNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")
