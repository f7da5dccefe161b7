"""The command line: one small module per command, of the same name.

``app`` registers the commands, ``help`` gives their help one style, and ``options`` and ``console`` are
shared by all. Of the other modules, ``inputs``, ``page_reading``, ``formats``, ``excel``, and ``outputs``
belong to ``read``; ``settings``, ``recipes``, and ``training`` to ``train``; ``scores`` to ``evaluate``; and
``comparison_tables`` to ``compare``.

Startup loads only Python, Typer, and the named command, which imports its dependencies when it runs.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import TYPE_CHECKING

from inkread.cli.console import flush, open_standard_streams, printable
from inkread.errors import InkreadError, OptionError
from inkread.system.cores import let_idle_threads_sleep

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED, MISUSED = 1, 2
"""Exit codes for an unusable picture, model, or data set, and for wrong usage. Ctrl-C exits with 130."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the ``inkread`` command and returns its exit code.

    Args:
        arguments: the arguments after the command's name; default: those of the process.
    """
    open_standard_streams()
    let_idle_threads_sleep()
    state = {"debug": os.environ.get("INKREAD_DEBUG", "0") not in ("", "0")}
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may contain unencodable characters
    try:
        return _run(arguments, state)
    except BrokenPipeError:  # the reader of our output closed the pipe, as `head` does
        _discard_output()
        return FAILED
    except InkreadError as error:
        return _fail(str(error), MISUSED if isinstance(error, OptionError) else FAILED, debug=state["debug"])
    except Exception as error:  # noqa: BLE001 - last resort: users see a traceback only if they ask
        return _fail(_diagnosis(error), FAILED, debug=state["debug"])


def _run(arguments: Sequence[str] | None, state: dict[str, bool]) -> int:
    """Parses the arguments and runs the command; Typer reports wrong usage and raises ``SystemExit``.

    The global options take no values, so the first word without a dash is the command's name.
    """
    from typer.main import get_command

    from inkread.cli.app import COMMANDS, app
    from inkread.cli.help import in_one_style

    words = list(sys.argv[1:] if arguments is None else arguments)
    named = next((word for word in words if not word.startswith("-")), None)
    command = in_one_style(get_command(app([named] if named in COMMANDS else COMMANDS)))
    try:
        command(args=words, prog_name="inkread", obj=state)
    except SystemExit as end:
        flush()
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _diagnosis(error: Exception) -> str:
    """Describes an unexpected exception: either a damaged installation or a bug."""
    from inkread.system.installation import problem

    return str(
        problem()
        or f"internal error ({type(error).__name__}: {error}); please report it, with the output of --debug"
    )


def _fail(message: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    sys.stderr.write(f"error: {printable(message)}\n")
    try:
        flush()
    except (BrokenPipeError, InkreadError, ValueError):  # already reported, or minor next to this error
        _discard_output()
    return code


def _discard_output() -> None:
    """Redirects standard output to the null device, so that the interpreter's final flush does not fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # no file descriptor, so nothing to flush
        return
