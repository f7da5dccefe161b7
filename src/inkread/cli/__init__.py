"""The command line, one small file a command.

::

    app         the commands together, --version, --debug
    read        inkread read        formats: text, JSON, CSV; outputs: drawings and stages
    watch       inkread watch
    train       inkread train       training_progress: its bars
    evaluate    inkread evaluate    scores: the tables
    export      inkread export      import_: inkread import
    plot        inkread plot        report: inkread report
    compare     inkread compare     comparison_tables: the tables
    sweep       inkread sweep
    models      inkread models
    serve       inkread serve
    draw        inkread draw
    console     what all share: standard output, errors, progress

Starting costs Python and Typer. Only the command that is named is imported, and imports what it needs when it runs.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import TYPE_CHECKING

from inkread.cli.console import flush, open_standard_streams, printable
from inkread.errors import InkreadError
from inkread.system.idle import let_idle_threads_sleep

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED = 1
"""Exit code where a picture, model or data set cannot be used; that of wrong usage is 2, of Ctrl-C 130."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the ``inkread`` command, and returns its exit code.

    Args:
        arguments: what follows the command's name; by default those of the process.
    """
    open_standard_streams()
    let_idle_threads_sleep()
    state = {"debug": os.environ.get("INKREAD_DEBUG", "0") not in ("", "0")}
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may hold what the encoding lacks
    try:
        return _run(arguments, state)
    except BrokenPipeError:  # whoever read our output has had enough, as `head` does
        _discard_output()
        return FAILED
    except InkreadError as error:
        return _fail(str(error), debug=state["debug"])
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user never sees a traceback unasked
        return _fail(_diagnosis(error), debug=state["debug"])


def _run(arguments: Sequence[str] | None, state: dict[str, bool]) -> int:
    """Parses and runs; Typer itself reports wrong usage, and ends with ``SystemExit``.

    The options before a command's name have no values, so that the first word without a dash is that name.
    """
    from typer.main import get_command

    from inkread.cli.app import COMMANDS, app

    words = list(sys.argv[1:] if arguments is None else arguments)
    named = next((word for word in words if not word.startswith("-")), None)
    command = get_command(app([named] if named in COMMANDS else COMMANDS))
    try:
        command(args=words, prog_name="inkread", obj=state)
    except SystemExit as end:
        flush()
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _diagnosis(error: Exception) -> str:
    """What to say of an exception that is none of ours: a damaged package, or else a bug."""
    from inkread.system.installation import problem

    return str(
        problem()
        or f"internal error ({type(error).__name__}: {error}); please report it, with what --debug shows"
    )


def _fail(message: str, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    sys.stderr.write(f"error: {printable(message)}\n")
    try:
        flush()
    except (BrokenPipeError, InkreadError, ValueError):  # told already, or of no account beside what is
        _discard_output()
    return FAILED


def _discard_output() -> None:
    """Points standard output nowhere, so that the interpreter's own flush at the end does not fail again."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # it has no file descriptor, so there is nothing to flush to
        return
