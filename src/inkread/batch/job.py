"""A job: plan once, read the shards that have no part yet, stop at any time, start again.

The plan is the manifest, a file that appears before the first part. Its first line has the job's settings,
each further line one shard. It never changes: a job that is started again reads what it planned, even if
files were added since.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.batch.page_reader import ReadingSettings
from inkread.batch.planning import Planner, files_of
from inkread.batch.rows import CSV_VERSION, WRITERS, numbers_of_parts
from inkread.batch.shard_reader import Done
from inkread.batch.shards import from_dict, to_dict
from inkread.batch.storage import Location
from inkread.errors import JobError, OptionError
from inkread.system.locks import working_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inkread.batch.engine_ray import RayEngine
    from inkread.batch.rows import Row
    from inkread.batch.scheduling import LocalEngine
    from inkread.batch.shards import Shard

MANIFEST, VERSION = "_manifest.jsonl", 1
"""Name of the manifest, which readers of tables skip because of its first character, and its version."""

PART_SIZE = 1000
"""Default maximum number of inputs per part; they are read again if the job is killed."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to read, how, and where to.

    Attributes:
        inputs: paths or URLs, see ``planning.files_of``.
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
class Manifest:
    """A manifest in the job's output folder; ``identity`` are the settings on which the rows depend."""

    folder: Location
    identity: dict[str, Any]

    @property
    def exists(self) -> bool:
        """Whether it has been written."""
        return MANIFEST in self.folder.names()

    def write(self, shards: Iterable[Shard]) -> None:
        """Writes it, whole or not at all.

        Raises:
            OutputError: it cannot be written.
            JobError: the inputs cannot be listed.
        """
        with self.folder.publishing(MANIFEST) as path, path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"{json.dumps({'version': VERSION} | self.identity)}\n")
            for shard in shards:
                file.write(f"{json.dumps(to_dict(shard))}\n")

    def require_same_job(self) -> None:
        """Raises a ``JobError`` if it is the manifest of another job."""
        before = next(self._lines(), {})
        changed = [name for name, value in self.identity.items() if before.get(name) != value]
        if before.get("version") != VERSION or changed:
            problem = f"holds a job with other settings ({', '.join(changed) or 'another version'})"
            raise JobError(
                str(self.folder), problem, "choose another folder with --out, or the same settings"
            )

    def shards(self) -> Iterator[tuple[int, Shard]]:
        """Yields the shards with their numbers, from 0."""
        for number, fields in enumerate(islice(self._lines(), 1, None)):
            try:
                shard = from_dict(fields)
            except (KeyError, TypeError) as error:
                raise self._unreadable(f"line {number + 2} is not a shard") from error
            yield number, shard

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            with self._place.open() as lines:
                for number, line in enumerate(lines, 1):
                    fields = json.loads(line)
                    if not isinstance(fields, dict):
                        raise self._unreadable(f"line {number} is not an object")
                    yield fields
        except (OSError, ValueError, RecursionError) as error:
            raise self._unreadable(str(error)) from error

    @property
    def _place(self) -> Location:
        return Location(f"{str(self.folder).rstrip('/')}/{MANIFEST}")

    def _unreadable(self, why: str) -> JobError:
        return JobError(str(self._place), f"cannot be read ({why})", "choose another folder with --out")


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
    job: Job, engine: LocalEngine | RayEngine, *, on_row: Callable[[Row], object] = lambda _row: None
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
