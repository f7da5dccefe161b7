"""Nothing leaves the machine: no library that inkread loads stores or sends usage data."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PICTURE = Path(__file__).parents[1] / "examples" / "pencil_rows.jpg"
READING = f"import inkread; assert inkread.read({str(PICTURE)!r}).digits"

SPAWNING = f"""
import multiprocessing, inkread
with multiprocessing.get_context("spawn").Pool(1) as pool:
    pool.apply(exec, [{READING!r}])
"""

WAYS = {
    "package": ["-c", READING],
    "command": ["-m", "inkread", "read", str(PICTURE)],
    "spawned worker": ["-c", SPAWNING],
    "model": ["-c", "from inkread.pipeline.classifier import Classifier; Classifier()"],
    "no model": ["-c", "import inkread, onnxruntime"],
}


def run(arguments: list[str], home: str, *, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Runs Python as a user with this home and no telemetry settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    return subprocess.run(
        [*before, sys.executable, "-B", *arguments],
        env=environment | {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("arguments", WAYS.values(), ids=WAYS)
def test_a_reading_writes_no_file_into_a_new_home(arguments, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    run(arguments, str(home))
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("arguments", WAYS.values(), ids=WAYS)
def test_an_unwritable_home_causes_no_warnings(arguments):
    assert run(arguments, os.devnull).stderr == ""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("arguments", WAYS.values(), ids=WAYS)
def test_a_reading_opens_no_connection_and_writes_to_no_file(arguments, tmp_path):
    log, home = tmp_path / "log", tmp_path / "home"
    home.mkdir()
    trace = ("strace", "-f", "-qq", "-o", str(log), "-e", "trace=network,open,openat,creat")
    try:
        run(arguments, str(home), before=trace)
    except subprocess.CalledProcessError as error:
        if "ptrace" in error.stderr.lower():
            pytest.skip("this machine lets no process be traced")
        raise
    calls = log.read_text(errors="replace").splitlines()
    assert calls
    assert [call for call in calls if re.search(r"\bAF_INET6?\b", call)] == []
    written = [call for call in calls if re.search(r"O_WRONLY|O_RDWR|O_CREAT|\bcreat\(", call)]
    assert [call for call in written if not re.search(r'"/(dev|proc)/', call)] == []
