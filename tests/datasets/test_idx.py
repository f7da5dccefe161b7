import contextlib
import gzip
import stat
import struct
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inkread.datasets.idx import TYPES, read_idx, write_idx
from inkread.errors import DatasetFormatError, DatasetNotFoundError, OutputError

DTYPES = [dtype.newbyteorder("=") for dtype in TYPES.values()]
HEADER = struct.pack(">HBBII", 0, 0x08, 2, 2, 3)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ["a.idx", "a.idx.gz"])
def test_every_type_returns_as_it_was_written(tmp_path, dtype, name):
    array = np.arange(-6, 6).astype(dtype).reshape(2, 3, 2)
    write_idx(array, tmp_path / name)
    back = read_idx(tmp_path / name)
    assert back.dtype == dtype
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array)
    assert [path.name for path in tmp_path.iterdir()] == [name], "no temporary file stays"


def test_values_are_big_endian_as_in_the_format(tmp_path):
    write_idx(np.array([1], np.int16), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == bytes([0, 0, 0x0B, 1, 0, 0, 0, 1, 0, 1])


def test_the_same_array_makes_the_same_compressed_bytes(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_idx(np.arange(9, dtype=np.uint8), tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@given(arrays.arrays(st.sampled_from(DTYPES), arrays.array_shapes(max_dims=4, min_side=0, max_side=4)))
def test_any_array_returns_as_it_was_written(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("idx") / "a.idx"
    write_idx(array, path)
    np.testing.assert_array_equal(read_idx(path), array)


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
        (gzip.compress(HEADER + bytes(7)), "after its last value"),
        (gzip.compress(HEADER + bytes(6))[:-9], "not intact gzip"),
        (gzip.compress(HEADER + bytes(6))[:-8] + bytes(8), "not intact gzip"),
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


@pytest.mark.skipif(sys.platform == "win32", reason="has no modes of files")
def test_who_may_read_a_file_is_as_with_any_new_one_or_as_it_was(tmp_path):
    path, usual = tmp_path / "a", tmp_path / "b"
    usual.touch()
    write_idx(np.zeros(3, np.uint8), path)
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o660)
    write_idx(np.ones(3, np.uint8), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize("array", [np.zeros(3, np.int64), np.zeros(3, np.uint16), np.zeros((), np.uint8)])
def test_arrays_that_idx_cannot_hold_are_rejected(tmp_path, array):
    with pytest.raises(DatasetFormatError, match="does not fit in IDX"):
        write_idx(array, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="absent"):
        write_idx(np.zeros(3, np.uint8), tmp_path / "absent" / "a")
