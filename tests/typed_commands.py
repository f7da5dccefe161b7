"""Checks commands as they are written in documents and manifests."""

from __future__ import annotations

import re
import shlex

from typer.main import get_command

from inkread.cli.app import app


def problem(command: str) -> str:
    """Returns the error in a typed command; missing parts are not errors."""
    words = shlex.split(re.split(r"[|>&;]", command)[0], comments=True)[1:]
    if words[0].startswith("-"):
        return ""
    group = get_command(app())
    name, found, rest = group.resolve_command(group.make_context("inkread", ["models"]), words)
    try:
        found.make_context(name, [*rest])
    except Exception as error:  # noqa: BLE001 - Typer's copy of Click has no public errors
        left_out = type(error).__name__ in ("MissingParameter", "Exit") or "requires an argument" in str(
            error
        )
        return "" if left_out else f"{command}: {error}"
    return ""
