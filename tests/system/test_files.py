"""Files appear whole or not at all, and nothing is left of those that do not."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import threading

import pytest
from faults import FAULTS, unfinished

from inkread.errors import OutputError
from inkread.system.files import remove_unfinished, whole, whole_folder, write_whole
from inkread.system.locks import working_in

DISK = pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])


def operations(folder, act):
    """Counts the operations of an action below a folder."""
    with FAULTS.counting(folder) as counted:
        act()
    return counted.count


@DISK
def test_a_disk_that_fails_at_any_operation_leaves_the_old_file_or_the_new_one(tmp_path, code):
    path = tmp_path / "state"

    def write():
        write_whole(path, b"new")

    for number in range(1, 1 + operations(tmp_path, write)):
        path.write_bytes(b"old")
        with FAULTS.failing(tmp_path, number, code), pytest.raises(OutputError, match=os.strerror(code)):
            write()
        assert path.read_bytes() == b"old"
    remove_unfinished(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


@DISK
def test_a_folder_on_a_disk_that_fails_is_an_output_error_and_can_be_written_again(tmp_path, code):
    folder = tmp_path / "out"

    def write():
        with whole_folder(folder, last="card") as parts:
            (parts / "card").write_text("card")
            (parts / "model").write_text("model")

    for number in range(1, operations(tmp_path, write)):  # the last removes the temporary folder
        shutil.rmtree(folder, ignore_errors=True)
        with FAULTS.failing(tmp_path, number, code), pytest.raises(OutputError, match=os.strerror(code)):
            write()
        assert not (folder / "card").exists()  # it comes last
        write()
        assert {path.name for path in folder.glob("[!.]*")} == {"card", "model"}


def test_what_killed_processes_left_is_removed_when_the_next_one_works_in_the_folder(tmp_path):
    (tmp_path / ".card.json.0123abcd.part").write_text("ha")
    (tmp_path / ".run.0123abcd.part").mkdir()
    (tmp_path / ".run.0123abcd.part/model").write_text("lf")
    for name in (".hidden", "a.part", ".a.part", ".a.0123abcg.part"):
        (tmp_path / name).write_text("a user's own")
    with working_in(tmp_path):
        assert {*unfinished(tmp_path)} == {".a.part", ".a.0123abcg.part"}
    assert {path.name for path in tmp_path.iterdir()} == {".hidden", "a.part", ".a.part", ".a.0123abcg.part"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes or devices in folders")
def test_a_pipe_or_a_device_is_written_to_and_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    found = []
    reading = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_bytes()))
    reading.start()
    write_whole(tmp_path / "pipe", b"content")
    reading.join()
    assert found == [b"content"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    write_whole(tmp_path / "link-to-null", b"")
    (tmp_path / "link-to-null").unlink()
    (tmp_path / "link-to-null").symlink_to(os.devnull)
    write_whole(tmp_path / "link-to-null", b"content")
    assert stat.S_ISCHR((tmp_path / "link-to-null").stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own")
def test_a_link_stays_a_link_to_the_new_file(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_text("old")
    (tmp_path / "link").symlink_to("there/file")
    with whole(tmp_path / "link") as partial:
        partial.write_text("new")
        assert partial.parent == (tmp_path / "there").resolve()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there/file").read_text() == "new"


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
