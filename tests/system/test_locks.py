"""A command locks the folder it works in, and releases it however it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from inkread.errors import OutputError
from inkread.system.files import whole
from inkread.system.locks import working_in

HOLD = """
import sys, pathlib
from inkread.system.locks import working_in
with working_in(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that works in the folder until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_folder_in_which_another_process_works_is_rejected_until_that_one_is_gone(holder, tmp_path):
    folder = tmp_path / "run"
    busy = pytest.raises(OutputError, match="in use by another inkread command; wait until it finishes")
    with busy, working_in(folder):
        pytest.fail("two work in it")
    holder.kill()
    holder.wait()
    with working_in(folder):
        (folder / "model").write_text("whole")
    assert [path.name for path in folder.iterdir()] == ["model"]


def test_a_call_of_the_same_process_is_another_one(tmp_path):
    with working_in(tmp_path), pytest.raises(OutputError, match="in use"), working_in(tmp_path):
        pytest.fail("two work in it")
    with working_in(tmp_path):
        pass


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path):
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "a" / "b"):
        raise ZeroDivisionError
    assert not (tmp_path / "a" / "b").exists()
    (tmp_path / "own").mkdir()
    with working_in(tmp_path / "own"):
        pass
    assert (tmp_path / "own").is_dir()


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written to"), working_in(tmp_path / "file" / "run"):
        pytest.fail("there is no such folder")


def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "state"
    path.write_text("old")

    def fill_up():
        with whole(path) as partial:
            partial.write_text("ne")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fill_up()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["state"]
    with whole(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["state"]
