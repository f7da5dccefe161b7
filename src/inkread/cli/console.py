"""Shared by the commands: standard output, messages and progress bars on standard error, and stop signals."""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console, RenderableType
    from rich.progress import Progress, ProgressColumn, TaskID
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


def show(*renderables: RenderableType) -> None:
    """Prints tables and texts to standard output; in a pipe, without colors, wrapping, or trailing blanks."""
    from rich.console import Console

    if sys.stdout.isatty():
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

    return Console(stderr=True, highlight=False, quiet=quiet or not sys.stderr.isatty())


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
def on_stop(act: Callable[[], object]) -> Iterator[None]:
    """Calls ``act`` on Ctrl-C and SIGTERM, which then do nothing else."""
    before = {number: signal.signal(number, lambda *_: act()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def bars(*columns: str | ProgressColumn, quiet: bool) -> Progress:
    """Returns progress bars on standard error, with ``columns`` to the right; silent as ``error_console``."""
    from rich.progress import BarColumn, Progress

    columns = ("{task.description}", BarColumn(), *columns)
    # By default, rich redirects standard output to the bars' console, which is standard error.
    return Progress(*columns, console=error_console(quiet=quiet), transient=True, redirect_stdout=False)


@contextmanager
def progress_bar(description: str, total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """Yields a function to call after each of ``total`` steps; draws a bar on a terminal if ``shown``."""
    if not (shown and sys.stderr.isatty()):
        yield lambda: None
        return
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    with bars(MofNCompleteColumn(), TimeRemainingColumn(), quiet=False) as bar:
        task = bar.add_task(description, total=total)
        yield lambda: bar.advance(task)


@contextmanager
def download_bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function to call as files are downloaded, with a name and its bytes so far and in all.

    A file's bar appears when its download starts.
    """
    from rich.progress import DownloadColumn, TransferSpeedColumn

    bar = bars(DownloadColumn(), TransferSpeedColumn(), quiet=quiet)
    tasks: dict[str, TaskID] = {}

    def update(name: str, done: int, total: int) -> None:
        if name not in tasks:
            bar.start()
            tasks[name] = bar.add_task(name, total=total)
        bar.update(tasks[name], completed=done)

    try:
        yield update
    finally:
        bar.stop()


def _guarded(action: Callable[[], object]) -> None:
    try:
        action()
    except BrokenPipeError:
        raise
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise OutputError(STANDARD_OUTPUT, problem, "free space, or redirect it elsewhere") from error
