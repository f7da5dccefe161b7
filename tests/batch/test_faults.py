"""A job whose disk fails, or whose processes are ended, at any moment loses no row and doubles none."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest
from batch_jobs import job_of, png, rows_in, write_pictures
from faults import ENV, FAULTS, FULL, READ_ONLY, drawn, on_disk, run_ended_at, unfinished
from PIL import Image

from inkread.batch import LocalEngine, run
from inkread.errors import OutputError

WIDTHS = [20, 21, 22, 23]
OPERATIONS = 10
"""File operations of a job of two parts: folders, the manifest, and the parts, each renamed when whole."""

pytest.importorskip("pyarrow", reason="the extra batch is not installed")

DRIVER = """
import sys
from pathlib import Path
import faults
from batch_jobs import job_of
from inkread.batch import LocalEngine, run
if __name__ == "__main__":
    scans, out, number = sys.argv[1:]
    faults.end_at(Path(out), int(number))
    for _ in run(job_of(scans, out=out, part_size=2), LocalEngine(1)):
        pass
"""


@pytest.fixture
def scans(tmp_path):
    return write_pictures(tmp_path / "scans", WIDTHS)


def finish(scans, out, **options):
    for _ in run(job_of(scans, out=out, part_size=2, **options), LocalEngine(1)):
        pass


def has_all_rows_once(out):
    return [row["text"] for row in rows_in(out)] == [str(width) for width in WIDTHS] and not unfinished(out)


def test_a_job_has_as_many_file_operations_as_the_faults_are_drawn_from(scans, tmp_path):
    with FAULTS.counting(tmp_path / "out") as counted:
        finish(scans, tmp_path / "out")
    assert counted.count == OPERATIONS + 2  # then the lock is removed, and the folder if it is empty


@pytest.mark.slow
@pytest.mark.parametrize("number", drawn(3, OPERATIONS))
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_job_on_a_disk_that_fails_is_an_error_and_continues_when_it_is_mended(
    scans, tmp_path, code, number
):
    out = tmp_path / "out"
    with FAULTS.failing(out, number, code), pytest.raises(OutputError, match=os.strerror(code)):
        finish(scans, out)
    finish(scans, out)
    assert has_all_rows_once(out)


@pytest.mark.slow
@pytest.mark.parametrize("number", drawn(4, OPERATIONS + 1, seed=1))
def test_a_driver_killed_at_any_file_operation_leaves_a_job_that_continues(scans, tmp_path, number):
    out = tmp_path / "out"
    command = [sys.executable, "-c", DRIVER, str(scans), str(out), str(number)]
    assert subprocess.run(command, env=os.environ | ENV, check=False).returncode == -signal.SIGKILL
    finish(scans, out)
    assert has_all_rows_once(out)


@pytest.mark.slow
@pytest.mark.parametrize("number", drawn(2, OPERATIONS, seed=2))
def test_sigterm_ends_a_job_without_leftovers_and_it_continues(tmp_path, number):
    scans, out = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    for name in range(4):
        Image.new("L", (20, 20), 255).save(scans / f"{name}.png")
    arguments = ("batch", scans, "--out", out, "--format", "jsonl", "--workers", 1, "--part-size", 2)
    ended = run_ended_at(out, number, signal.SIGTERM, *arguments)
    assert (ended.returncode, ended.stdout, ended.stderr) == (143, "", "")
    assert not (out.exists() and unfinished(out))
    again = run_ended_at(out, 0, signal.SIGTERM, *arguments)
    assert again.returncode == 0
    assert len(rows_in(out)) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("disk", "problem"), [(FULL, "No space left on device"), (READ_ONLY, "Read-only")])
def test_on_a_real_disk_that_is_full_or_read_only_batch_says_so_and_leaves_nothing(tmp_path, disk, problem):
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.png").write_bytes(png(20))
    inkread = [sys.executable, "-m", "inkread", "batch", tmp_path / "a.png", "--workers", 1]
    done = on_disk(disk, tmp_path / "disk", *inkread, "--out", tmp_path / "disk/out", "--format", "jsonl")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith("error: ")
    assert problem in done.stderr
