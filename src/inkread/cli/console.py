"""Shared by the commands: standard output, and messages and progress bars on standard error."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console, RenderableType
    from rich.table import Table

    from inkread.errors import InkreadError

STANDARD_OUTPUT = "standard output"
INTERRUPTED = 130
"""The exit code after Ctrl-C."""
UNWRAPPED = 10_000
"""A page width, in columns, that no table exceeds."""


def open_standard_streams() -> None:
    """Opens the null device for each missing standard stream (``>&-``, ``pythonw``, services).

    It takes the lowest free file descriptor; otherwise a picture could be opened as the descriptor that C
    libraries write to.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - never closed
            setattr(sys, name, stream)


def write(text: str) -> None:
    """Writes to standard output.

    Raises:
        BrokenPipeError: the reader closed the pipe.
        OutputError: writing failed for another reason.
    """
    _guarded(lambda: sys.stdout.write(text))


def flush() -> None:
    """Flushes standard output, with the same errors as ``write``."""
    _guarded(sys.stdout.flush)


def report(error: InkreadError, source: str) -> None:
    """Reports an error of one source on standard error; the other sources are still processed."""
    sys.stderr.write(f"error: {printable(source)}: {error.problem}; {error.remedy}\n")


def printable(text: str) -> str:
    """Returns the text on one line, with control characters and undecodable bytes escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def is_terminal(stream: TextIO) -> bool:
    """Returns whether the stream is a terminal."""
    return stream.isatty()


def show(*renderables: RenderableType) -> None:
    """Prints tables and texts to standard output; in a pipe, without colors, wrapping, or trailing blanks."""
    from rich.console import Console

    if is_terminal(sys.stdout):
        Console(highlight=False).print(*renderables, sep="\n")
        return
    page = io.StringIO()
    Console(file=page, highlight=False, width=UNWRAPPED, no_color=True).print(*renderables, sep="\n")
    write("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))


def table(*headings: str) -> Table:
    """Builds a table with these columns; after ">", a heading is that of numbers, which are flush right."""
    from rich.table import Table

    result = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        if heading.startswith(">"):
            result.add_column(heading[1:], justify="right", no_wrap=True)
        else:
            result.add_column(heading, overflow="fold")
    return result


def record(rows: Mapping[str, str]) -> Table:
    """Builds a table of names and values, without headings."""
    from rich.table import Table
    from rich.text import Text

    result = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows.items():
        result.add_row(name, Text(printable(value)))
    return result


def error_console(*, quiet: bool) -> Console:
    """Returns a rich console on standard error; it is silent if ``quiet`` or not on a terminal."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, quiet=quiet or not is_terminal(sys.stderr))


@contextmanager
def interruptible(again: str) -> Iterator[None]:
    """On Ctrl-C, exits with a hint on how to continue."""
    from typer import Exit

    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"Interrupted; to continue, {again}.\n")
        raise Exit(INTERRUPTED) from None


@contextmanager
def progress_bar(description: str, total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """Yields a function to call after each of ``total`` steps; draws a bar on a terminal if ``shown``."""
    if not (shown and is_terminal(sys.stderr)):
        yield lambda: None
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    # By default, rich redirects standard output to the bar's console, which is standard error.
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
