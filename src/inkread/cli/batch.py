"""``inkread batch``: reads any number of pictures, on one machine or many."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from inkread.cli.console import bars, write
from inkread.cli.options import (
    AlphabetOption,
    DetectorOption,
    LexiconOption,
    MinProbabilityOption,
    ModelOption,
    SingleOption,
    require_use,
)
from inkread.models import DETECTOR

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from inkread.batch import LocalEngine, Progress, RayEngine


def batch(
    inputs: Annotated[
        list[str],
        Argument(
            metavar="INPUT",
            help="Folders, pictures, documents, .tar and .zip archives, Parquet tables, .txt lists, "
            "or quoted patterns such as 's3://scans/*.tar'.",
        ),
    ],
    *,
    out: Annotated[str, Option(metavar="DIR", help="The folder for the results, a path or URL.")],
    style: Annotated[
        Literal["parquet", "jsonl", "csv"],
        Option("--format", help="The format of the results.", case_sensitive=False),
    ] = "parquet",
    engine: Annotated[
        Literal["local", "ray"],
        Option(help="Read on this machine or in a Ray cluster.", case_sensitive=False),
    ] = "local",
    address: Annotated[
        str | None,
        Option(metavar="ADDRESS", help="The Ray cluster; default: RAY_ADDRESS, or one on this machine."),
    ] = None,
    workers: Annotated[int | None, Option(help="Pictures read at a time; default: one per core.")] = None,
    alphabet: AlphabetOption = "digits",
    lexicon: LexiconOption = None,
    single: SingleOption = False,
    min_probability: MinProbabilityOption = 0.0,
    model: ModelOption = "default",
    detector: DetectorOption = DETECTOR,
    column: Annotated[str, Option(help="The column of Parquet tables that holds the pictures.")] = "image",
    part_size: Annotated[
        int, Option(help="Maximum pictures per result file; they are read again after a crash.")
    ] = 1000,
    max_seconds: Annotated[float, Option(help="Maximum seconds per page.")] = 60.0,
    quiet: Annotated[bool, Option("--quiet", help="Show no progress bar and no summary.")] = False,
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
    from rich.progress import TimeRemainingColumn

    require_use(lexicon, single=single)
    from inkread.batch import Job, ReadingSettings, run

    job = Job(
        inputs=tuple(inputs),
        out=out,
        settings=ReadingSettings(
            alphabet=alphabet,
            model=model,
            detector=detector,
            lexicon=str(lexicon) if lexicon else None,
            single=single,
            min_probability=min_probability,
            max_seconds=max_seconds,
        ),
        style=style,
        part_size=part_size,
        column=column,
    )
    progress = None
    counted = "{task.completed:,.0f} pages, {task.fields[rate]}"
    with bars(counted, TimeRemainingColumn(), quiet=quiet) as bar:
        bar.add_task("Planning", total=None, rate="")
        for progress in run(job, _engine(engine, address, workers), on_row=lambda _row: _advance(bar)):
            done = max(progress.done.rows, bar.tasks[0].completed)  # some engines report no rows
            bar.update(bar.task_ids[0], description="Reading", total=progress.inputs, completed=done)
    if progress and not quiet:
        write(_summary(progress, out))


def _engine(engine: str, address: str | None, workers: int | None) -> "LocalEngine | RayEngine":
    if engine == "ray":
        from inkread.batch import RayEngine

        return RayEngine(address, workers)
    from inkread.batch import LocalEngine

    return LocalEngine(workers)


def _advance(bar: "Bars") -> None:
    speed = bar.tasks[0].speed
    bar.update(bar.task_ids[0], advance=1, rate=f"{speed:,.1f} per second" if speed else "")


def _summary(progress: "Progress", out: str) -> str:
    done = progress.done
    if progress.before == progress.shards:
        return f"{out}: everything has been read before\n"
    before = f"; {progress.before:,} of {progress.shards:,} parts were there" if progress.before else ""
    return f"{out}: {done.rows:,} pages read, {done.errors:,} of them with an error{before}\n"
