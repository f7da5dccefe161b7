"""Files are written whole, or not at all."""

from __future__ import annotations

import stat
import sys

import pytest

from inkread.errors import OutputError
from inkread.system.files import write_whole


def test_a_file_is_replaced_and_no_temporary_file_stays(tmp_path):
    for content in (b"one", b"other"):
        write_whole(tmp_path / "a", content)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": content}


@pytest.mark.skipif(sys.platform == "win32", reason="has no modes of files")
def test_who_may_read_a_file_is_as_with_any_new_one_or_as_it_was(tmp_path):
    path, usual = tmp_path / "a", tmp_path / "b"
    usual.touch()
    write_whole(path, b"one")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o660)
    write_whole(path, b"other")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_folder_that_cannot_be_written_to_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="absent"):
        write_whole(tmp_path / "absent" / "a", b"")
