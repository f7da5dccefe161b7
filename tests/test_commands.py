"""Every command shown in the notebook and the documents can be typed as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, ROOT, SHELL, blocks_in, commands_in
from typed_commands import problem

TYPED = [*DOCUMENTS, *(ROOT / "notebooks").glob("*.py")]
INLINE = re.compile(r"`(inkread [^`\n]+)`")
OPEN = re.compile(r"…|\.\.\.|\b[A-Z]{3,}\b|[{}[\]]")
"""Placeholders for the user to fill in."""


def commands(document: Path) -> set[str]:
    text = document.read_text(encoding="utf-8")
    blocks = (block for block in blocks_in(text) if block.language in SHELL)
    lines = [line for block in blocks for line, _ in commands_in(block)]
    shown = {*INLINE.findall(text), *(line for line in lines if line.startswith("inkread "))}
    return {command for command in shown if not OPEN.search(command.split("#")[0])}


@pytest.mark.parametrize("document", TYPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_is_shown_can_be_typed(document):
    assert [*filter(None, map(problem, sorted(commands(document))))] == []


def test_a_command_that_cannot_be_typed_is_found_out():
    assert "unexpected extra argument" in problem("inkread plot curves runs/brisk")
    assert "--fron" in problem("inkread read photo.jpg --fron x")
    assert "inkread plot curves --model runs/brisk" in set.union(*map(commands, TYPED))
