"""A job: plan once, read the shards that have no part yet, stop at any time, start again."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inkread.batch.inputs import files_of
from inkread.batch.manifest import Manifest
from inkread.batch.page_reader import ReadingSettings
from inkread.batch.parts import WRITERS, numbers_of_parts
from inkread.batch.planning import Planner
from inkread.batch.rows import CSV_VERSION
from inkread.batch.shard_reader import Done
from inkread.batch.storage import Location
from inkread.errors import JobError, OptionError
from inkread.system.locks import working_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inkread.batch.rows import Row
    from inkread.batch.scheduling import Numbered

PART_SIZE = 1000
"""Default maximum number of inputs per part; they are read again if the job is killed."""


class Engine(Protocol):
    """Where shards are read."""

    def read(
        self,
        shards: Iterable[Numbered],
        settings: ReadingSettings,
        out: str,
        style: str,
        on_row: Callable[[Row], object],
    ) -> Iterator[Done]:
        """Reads shards into their parts, see ``LocalEngine``; may call ``on_row`` for no row."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to read, how, and where to.

    Attributes:
        inputs: paths or URLs, see ``inputs.files_of``.
        out: path or URL of the output folder; one folder per job.
        settings: how pages are read.
        style: the format of the parts: ``parquet``, ``jsonl``, or ``csv``.
        part_size: maximum number of inputs per part.
        column: the column of Parquet inputs that holds the pictures.

    Raises:
        OptionError: a value is out of range.
    """

    inputs: tuple[str, ...]
    out: str
    settings: ReadingSettings = field(default_factory=ReadingSettings)
    style: str = "parquet"
    part_size: int = PART_SIZE
    column: str = "image"

    def __post_init__(self) -> None:
        if self.part_size < 1:
            raise OptionError(
                f"--part-size {self.part_size}", "is out of range", "use a number of at least 1"
            )
        if self.style not in WRITERS:
            raise OptionError(f"--format {self.style}", "is not a format", f"use one of {', '.join(WRITERS)}")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        before: shards that had a part when it started.
        shards: shards in all.
        inputs: inputs of the shards without a part at the start; ``None`` if some are not known yet.
        done: what has been read since.
    """

    before: int
    shards: int
    inputs: int | None
    done: Done = field(default_factory=Done)


def run(
    job: Job, engine: Engine, *, on_row: Callable[[Row], object] = lambda _row: None
) -> Iterator[Progress]:
    """Runs a job, or continues it; yields its progress at the start and after each shard.

    Args:
        job: the job. If its folder holds one with the same inputs and settings, that is continued, with the
            files that it planned.
        engine: where to read.
        on_row: called after each page, in several threads; the Ray engine does not call it.

    Raises:
        JobError: an input does not exist, a store cannot be reached, or the folder holds another job.
        OutputError: the output cannot be written, or another process is running the job.
        ModelError: a model cannot be loaded.
        WorkerError: a process cannot be started.
    """
    job = replace(job, settings=replace(job.settings, models=job.settings.reader().fingerprint))
    folder = Location(job.out)
    with working_in(Path(folder.path)) if folder.is_local else nullcontext():
        manifest = Manifest(folder, _identity(job))
        if manifest.exists:
            manifest.require_same_job()
        else:
            manifest.write(Planner(most=job.part_size, column=job.column).shards(files_of(job.inputs)))
        parts = numbers_of_parts(folder, job.style)
        progress = _start(manifest, parts)
        yield progress
        if progress.before == progress.shards:
            return
        missing = (each for each in manifest.shards() if each[0] not in parts)
        for done in engine.read(missing, job.settings, str(folder), job.style, on_row):
            progress = replace(progress, done=progress.done + done)
            yield progress
        missed = progress.shards - len(numbers_of_parts(folder, job.style))
        if missed:
            raise JobError(job.out, f"lost {missed} parts to another program", "run the same command again")


def _identity(job: Job) -> dict[str, object]:
    """Returns everything that the rows and their parts depend on."""
    settings = job.settings
    identity: dict[str, object] = {
        "inputs": [str(Location(each)) for each in job.inputs],
        "format": job.style,
        "column": job.column,
        "alphabet": settings.alphabet,
        "single": settings.single,
        "min-probability": settings.min_probability,
        "models": settings.models,
    }
    return identity | ({"csv-columns": CSV_VERSION} if job.style == "csv" else {})


def _start(manifest: Manifest, parts: set[int]) -> Progress:
    shards = before = inputs = unknown = 0
    for number, shard in manifest.shards():
        shards += 1
        if number in parts:
            before += 1
        else:
            inputs += shard.inputs or 0
            unknown += shard.inputs is None
    return Progress(before, shards, None if unknown else inputs)
