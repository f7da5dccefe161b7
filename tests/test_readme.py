"""The examples in the README work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inkread.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = "".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_every_python_block_runs(block: str) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", block], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "28459" in result.stdout


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^inkread (\w+)", SHELL, re.MULTILINE))))
def test_every_command_exists(command: str) -> None:
    result = CliRunner().invoke(app(), [command, "--help"])
    assert result.exit_code == 0
    options = set(re.findall(rf"^inkread {command} .*?(--[a-z-]+)", SHELL, re.MULTILINE))
    assert all(option in result.stdout for option in options)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(((?!http)[^)]+)\)", TEXT))))
def test_every_link_leads_somewhere(target: str) -> None:
    file, _, section = target.partition("#")
    assert (ROOT / file).exists()
    if section:
        headings = re.findall(r"^#+ (.*)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert section in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
