"""Commands that are ended, or whose disk fails, leave whole files, and an error in one line."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from faults import FAULTS, FULL, READ_ONLY, drawn, on_disk, run_ended_at, unfinished

EXAMPLE = Path(__file__).parents[2] / "examples" / "drawing.png"
DISK = pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
OUTPUTS = [
    ("--out", "out.csv"),
    ("--out", "out.jsonl"),
    ("--excel", "out.xlsx"),
    ("--draw", "out.png"),
    ("--explain", "stages"),
]


@DISK
@pytest.mark.parametrize("option", [("--out", "out.csv"), ("--draw", "out.png")], ids=lambda each: each[0])
def test_read_on_a_disk_that_fails_is_an_error_and_keeps_the_earlier_file(run, tmp_path, code, option):
    (tmp_path / "seven.png").touch()
    name, file = option[0], tmp_path / option[1]
    file.write_bytes(b"earlier")
    with FAULTS.counting(tmp_path) as counted:
        run("read", tmp_path / "seven.png", name, tmp_path / f"other{file.suffix}")
    for number in range(1, counted.count + 1):
        with FAULTS.failing(tmp_path, number, code):
            result = run("read", tmp_path / "seven.png", name, file)
        assert (result.code, result.err.count("\n")) == (1, 1), result
        assert result.err.startswith(f"error: {file}: cannot be written ({os.strerror(code)}); ")
        assert file.read_bytes() == b"earlier"


@DISK
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_watch_on_a_disk_that_fails_is_an_error_and_continues_when_it_is_mended(run, tmp_path, code, suffix):
    (tmp_path / "scans").mkdir()
    for name in ("seven", "rows", "amount"):
        (tmp_path / "scans" / f"{name}.png").touch()
    out = tmp_path / "results" / f"out{suffix}"
    options = ("watch", tmp_path / "scans", "--out", out, "--once", "--interval", 0.001)
    for number in (1, 2):  # its folder, and the file, which stays open
        with FAULTS.failing(out.parent, number, code):
            result = run(*options)
        assert (result.code, result.out, result.err.count("\n")) == (1, "", 1), result
        assert f"cannot be written ({os.strerror(code)})" in result.err
    assert run(*options) == (0, "", "")
    lines = out.read_text().splitlines()[suffix == ".csv" :]
    assert len(lines) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("disk", "problem"), [(FULL, "No space left on device"), (READ_ONLY, "Read-only")])
@pytest.mark.parametrize("option", OUTPUTS, ids=lambda each: each[1])
def test_on_a_real_disk_that_is_full_or_read_only_read_says_so(tmp_path, disk, problem, option):
    pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    (tmp_path / "disk").mkdir()
    command = [sys.executable, "-m", "inkread", "read", EXAMPLE, option[0], tmp_path / "disk" / option[1]]
    done = on_disk(disk, tmp_path / "disk", *command)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("error: ")
    assert problem in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("disk", "problem"), [(FULL, "No space left on device"), (READ_ONLY, "Read-only")])
def test_on_a_real_disk_that_is_full_or_read_only_watch_says_so(tmp_path, disk, problem):
    for name in ("disk", "scans"):
        (tmp_path / name).mkdir()
    command = [sys.executable, "-m", "inkread", "watch", tmp_path / "scans", "--once", "--interval", "0.01"]
    done = on_disk(disk, tmp_path / "disk", *command, "--out", tmp_path / "disk/out.csv")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert problem in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", drawn(2, 3))
def test_read_killed_at_any_file_operation_leaves_the_earlier_file_or_the_new_one(tmp_path, number):
    out = tmp_path / "out.jsonl"
    out.write_text("earlier\n")
    done = run_ended_at(tmp_path, number, signal.SIGKILL, "read", EXAMPLE, "--out", out)
    assert done.returncode in (-signal.SIGKILL, 0)
    content = out.read_text()
    assert content == "earlier\n" or json.loads(content)["text"] == "5"


@pytest.mark.slow
def test_sigterm_ends_a_command_as_ctrl_c_does_and_leaves_no_incomplete_file(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("earlier\n")
    done = run_ended_at(tmp_path, 2, signal.SIGTERM, "read", EXAMPLE, "--out", out)
    assert (done.returncode, done.stderr) == (143, "")
    assert (out.read_text(), unfinished(tmp_path)) == ("earlier\n", [])
