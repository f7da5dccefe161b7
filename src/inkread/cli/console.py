"""What the commands share: standard output, messages and progress bars on standard error."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console, RenderableType

    from inkread.errors import InkreadError

STANDARD_OUTPUT = "standard output"
UNWRAPPED = 10_000
"""Columns of a page that no table fills."""


def open_standard_streams() -> None:
    """Opens the null device for each standard stream that the process was started without (``>&-``, ``pythonw``, services).

    The lowest free file descriptor is taken, so that no picture is opened as what the libraries in C write to.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for as long as the process lives


def write(text: str) -> None:
    """Writes to standard output; a reader that has gone away is a ``BrokenPipeError``, all else an ``OutputError``."""
    _guarded(lambda: sys.stdout.write(text))


def flush() -> None:
    """Flushes standard output, with the same errors as ``write``."""
    _guarded(sys.stdout.flush)


def report(error: InkreadError, source: str) -> None:
    """Tells on standard error what is wrong with one source, while work goes on with the others."""
    sys.stderr.write(f"error: {printable(source)}: {error.problem}; {error.remedy}\n")


def printable(text: str) -> str:
    """The text on one line, with control characters and undecodable bytes of a file's name escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person is looking at the stream."""
    return stream.isatty()


def show(*renderables: RenderableType) -> None:
    """Prints tables and texts to standard output; in a pipe plain, unwrapped, and without trailing blanks."""
    from rich.console import Console

    if is_terminal(sys.stdout):
        Console(highlight=False).print(*renderables, sep="\n")
        return
    page = io.StringIO()
    Console(file=page, highlight=False, width=UNWRAPPED, no_color=True).print(*renderables, sep="\n")
    write("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))


def error_console(*, quiet: bool) -> Console:
    """A rich console on standard error, mute where that is no terminal or ``quiet`` is set."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, quiet=quiet or not is_terminal(sys.stderr))


@contextmanager
def progress_bar(description: str, total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """Yields what to call after each of ``total`` steps; draws a bar on standard error if ``shown``."""
    if not shown:
        yield lambda: None
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    # rich would else send what is printed to standard output to the bar's console, which is standard error.
    bar = progress.Progress(
        *columns, console=error_console(quiet=False), transient=True, redirect_stdout=False
    )
    with bar:
        task = bar.add_task(description, total=total)
        yield lambda: bar.advance(task)


def _guarded(action: Callable[[], object]) -> None:
    try:
        action()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            STANDARD_OUTPUT,
            f"cannot be written ({error.strerror or error})",
            "free space, or redirect it elsewhere",
        ) from error
