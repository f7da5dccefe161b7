"""`make test-fast` leaves out the slow tests, and only those."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECIPE = re.search(
    r"^test-fast:.*\n\t\$\(BIN\)/python (.+) \$\(ARGS\)$", (ROOT / "Makefile").read_text(), re.MULTILINE
)[1]
SAMPLE = ("training/test_recipe.py", "test_notebook.py", "results/test_outcome.py")
"""A file of a slow folder, a slow file, and one of neither."""


def collected(*options: str) -> set[str]:
    """The files of the sample of which tests are chosen."""
    command = [sys.executable, *options, "--collect-only", "-q", *(f"tests/{name}" for name in SAMPLE)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return set(re.findall(r"^tests/(\S+?)::", result.stdout, re.MULTILINE))


@pytest.mark.slow
def test_test_fast_leaves_out_slow_folders_and_files():
    assert collected(*shlex.split(RECIPE.replace("$(WORKERS)", "0"))) == {"results/test_outcome.py"}


@pytest.mark.slow
def test_the_mark_chooses_exactly_these():
    assert collected("-m", "pytest", "-m", "slow") == set(SAMPLE[:2])


def test_every_slow_folder_and_file_is_there(request):
    (conftest,) = (each for each in request.config.pluginmanager.get_plugins() if hasattr(each, "SLOW"))
    assert [name for name in conftest.SLOW if not (ROOT / "tests" / name).exists()] == []
