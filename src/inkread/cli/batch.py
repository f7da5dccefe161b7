"""``inkread batch``: reads any number of pictures, on one machine or many."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import error_console, is_terminal, write
from inkread.cli.options import (
    Alphabet,
    AlphabetOption,
    DetectorOption,
    MinProbabilityOption,
    ModelOption,
    SingleOption,
)
from inkread.models import DETECTOR

if TYPE_CHECKING:
    from inkread.batch import LocalEngine, Progress, RayEngine


class Style(StrEnum):
    """The format of the output."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"


class Where(StrEnum):
    """Where pictures are read."""

    LOCAL = "local"
    RAY = "ray"


def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Folders, pictures, documents, .tar and .zip archives, Parquet tables, .txt lists, "
            "or quoted patterns such as 's3://scans/*.tar'.",
        ),
    ],
    *,
    out: Annotated[str, typer.Option(metavar="DIR", help="The folder for the results, a path or URL.")],
    style: Annotated[
        Style, typer.Option("--format", help="The format of the results.", case_sensitive=False)
    ] = Style.PARQUET,
    engine: Annotated[
        Where, typer.Option(help="Read on this machine or in a Ray cluster.", case_sensitive=False)
    ] = Where.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The Ray cluster; default: RAY_ADDRESS, or one on this machine."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Pictures read at a time; default: one per core.")
    ] = None,
    alphabet: AlphabetOption = Alphabet.DIGITS,
    single: SingleOption = False,
    min_probability: MinProbabilityOption = 0.0,
    model: ModelOption = "default",
    detector: DetectorOption = DETECTOR,
    column: Annotated[
        str, typer.Option(help="The column of Parquet tables that holds the pictures.")
    ] = "image",
    part_size: Annotated[
        int, typer.Option(help="Maximum pictures per result file; they are read again after a crash.")
    ] = 1000,
    max_seconds: Annotated[float, typer.Option(help="Maximum seconds per page.")] = 60.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar and no summary.")] = False,
) -> None:
    """Read any number of pictures, each exactly once.

    DIR gets files with one row per page: source, page, text, written, digits, models, milliseconds, error.
    CSV files have the columns of inkread read, then page, digits_json, models, milliseconds. A picture that
    cannot be read, takes too long, or crashes its reader is a row with an error.

    If the command is stopped or killed, run it again: it continues, without lost or doubled rows. When all is
    read, it does nothing.

    Folders are searched with their subfolders. URLs such as s3://, gs:// and az:// need fsspec's package for
    them.
    """
    from inkread.batch import Job, ReadingSettings, run

    job = Job(
        inputs=tuple(inputs),
        out=out,
        settings=ReadingSettings(
            alphabet=alphabet.value,
            model=model,
            detector=detector,
            single=single,
            min_probability=min_probability,
            max_seconds=max_seconds,
        ),
        style=style.value,
        part_size=part_size,
        column=column,
    )
    progress = None
    with _bar(shown=not quiet and is_terminal(sys.stderr)) as (start, advance):
        for progress in run(job, _engine(engine, address, workers), on_row=lambda _row: advance()):
            start(progress)
    if progress and not quiet:
        write(_summary(progress, out))


def _engine(engine: Where, address: str | None, workers: int | None) -> "LocalEngine | RayEngine":
    if engine is Where.RAY:
        from inkread.batch import RayEngine

        return RayEngine(address, workers)
    from inkread.batch import LocalEngine

    return LocalEngine(workers)


@contextmanager
def _bar(*, shown: bool) -> Iterator[tuple[Callable[["Progress"], None], Callable[[], None]]]:
    """Yields functions to call with the progress, and after each row; draws a bar with rate and time left."""
    from rich import progress as bars

    bar = bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.completed:,.0f} pages, {task.fields[rate]}"),
        bars.TimeRemainingColumn(),
        console=error_console(quiet=not shown),
        transient=True,
        redirect_stdout=False,
    )
    with bar:
        task = bar.add_task("Planning", total=None, rate="")

        def advance() -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate=f"{speed:,.1f} per second" if speed else "")

        def start(progress: "Progress") -> None:
            bar.update(task, description="Reading", total=progress.inputs)
            if progress.done.rows > bar.tasks[0].completed:  # an engine that reports no rows
                bar.update(task, completed=progress.done.rows)

        yield start, advance


def _summary(progress: "Progress", out: str) -> str:
    done = progress.done
    if progress.before == progress.shards:
        return f"{out}: everything has been read before\n"
    before = f"; {progress.before:,} of {progress.shards:,} parts were there" if progress.before else ""
    return f"{out}: {done.rows:,} pages read, {done.errors:,} of them with an error{before}\n"
