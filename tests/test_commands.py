"""Every command shown in the notebook and the documents can be typed as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typed_commands import problem

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / "notebooks").glob("*.py"),
]
INLINE, BLOCK = re.compile(r"`(inkread [^`\n]+)`"), re.compile(r"```(?:sh|shell|bash)\n(.*?)```", re.DOTALL)
OPEN = re.compile(r"…|\.\.\.|\b[A-Z]{3,}\b|[{}[\]]")
"""Placeholders for the user to fill in."""


def commands(document: Path) -> set[str]:
    text = document.read_text(encoding="utf-8")
    lines = (
        line.strip() for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()
    )
    shown = {*INLINE.findall(text), *(line for line in lines if line.startswith("inkread "))}
    return {command for command in shown if not OPEN.search(command.split("#")[0])}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_shown_can_be_typed(document):
    assert [*filter(None, map(problem, sorted(commands(document))))] == []


def test_a_command_that_cannot_be_typed_is_found_out():
    assert "unexpected extra argument" in problem("inkread plot curves runs/brisk")
    assert "--fron" in problem("inkread read photo.jpg --fron x")
    assert "inkread plot curves --model runs/brisk" in set.union(*map(commands, DOCUMENTS))
