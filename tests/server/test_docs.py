"""The examples in docs/api.md work."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import serving

from inkread.server.problems import KINDS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def examples():
    with serving() as server:
        yield server


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("block", [block for block in SHELL if "curl" in block])
def test_every_curl_example_is_answered(block, examples, tmp_path):
    script = block.replace(ADDRESS, examples.url).replace(
        "curl ", "curl --silent --show-error --fail-with-body "
    )
    script = script.replace("python3 ", f"{shlex.quote(sys.executable)} ").replace(
        "boxes.png", str(tmp_path / "boxes.png")
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "postcode" in block and "draw" not in block:
        assert json.loads(done.stdout.splitlines()[0])["text"] == "80331"
    if "draw" in block:
        assert (tmp_path / "boxes.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_every_python_example_runs(block, examples):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.replace(ADDRESS, examples.url)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "80331" in done.stdout


@pytest.mark.parametrize("block", re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
def test_every_answer_shown_is_json(block):
    assert json.loads(block)


def test_every_problem_is_listed():
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", TEXT, re.MULTILINE)
    shown = {slug: int(status) for status, cell in rows for slug in re.findall(r"`([a-z-]+)`", cell)}
    assert shown == {slug: status for slug, (status, _) in KINDS.items()}


def test_every_option_of_the_command_is_listed():
    shown = set(re.findall(r"`(--[a-z-]+)", TEXT.partition("## Settings")[2]))
    done = subprocess.run(
        [sys.executable, "-m", "inkread", "serve", "--help"],
        capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "200", "TERM": "dumb"},
    )  # fmt: skip
    offered = set(re.findall(r"(?<!\S)(--[a-z-]+)", done.stdout)) - {"--help"}
    assert offered <= shown


def test_every_test_that_the_threat_model_names_is_there():
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    tests = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 30
    assert [name for name in named if f"def {name}(" not in tests] == []
