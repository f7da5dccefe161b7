"""The manifest: what a job reads, and how, in a file that appears before the first part.

The first line has the job's settings, each further line one shard. It never changes: a job that is started
again reads what it planned, even if files were added since.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from inkread.batch.shards import from_dict, to_dict
from inkread.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inkread.batch.shards import Shard
    from inkread.batch.storage import Location

NAME = "_manifest.jsonl"  # readers of tables skip files that begin like this
VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest on its disk.

    Attributes:
        folder: the job's output folder.
        identity: the settings on which the rows depend, as plain JSON values.
    """

    folder: Location
    identity: dict[str, Any]

    @property
    def exists(self) -> bool:
        """Whether it has been written."""
        return NAME in self.folder.names()

    def write(self, shards: Iterable[Shard]) -> None:
        """Writes it, whole or not at all.

        Raises:
            OutputError: it cannot be written.
            JobError: the inputs cannot be listed.
        """
        with self.folder.publishing(NAME) as path, path.open("w", encoding="utf-8", newline="\n") as file:
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
        return type(self.folder)(f"{str(self.folder).rstrip('/')}/{NAME}")

    def _unreadable(self, why: str) -> JobError:
        return JobError(str(self._place), f"cannot be read ({why})", "choose another folder with --out")
