"""Which files the inputs of a job name, in a fixed order, and how they are divided into shards."""

from __future__ import annotations

import glob
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from inkread.batch.shards import (
    BROKEN,
    Files,
    Shard,
    TableRows,
    TarMembers,
    ZipMembers,
    pictures_in_tar,
    pictures_in_zip,
    tar_at,
)
from inkread.batch.storage import Location, reaching
from inkread.errors import JobError
from inkread.picture.folders import HIDDEN, is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ZIP = (".zip",)
TABLE = (".parquet",)
LIST = (".txt",)

SMALLEST, SHARE = 8, 32
"""Inputs of the first shards, and how many shards like the next one the inputs before it would fill.

No shard is more than 1/33 of the inputs up to its end, so that a small job too keeps 16 processes busy.
"""


def files_of(inputs: Iterable[str]) -> Iterator[str]:
    """Yields the absolute name of every file that the inputs name.

    Args:
        inputs: paths or URLs: folders, of which pictures and archives in all subfolders are taken; patterns
            such as ``s3://bucket/*.tar``; ``.txt`` files with one file per line; and single files.

    Raises:
        JobError: an input does not exist, has nothing to read, or cannot be listed.
    """
    for each in inputs:
        count = 0
        for count, name in enumerate(_files_of(each), 1):  # noqa: B007
            yield name
        if not count:
            raise JobError(each, "has nothing to read", "use pictures, archives, or folders of them")


def is_readable(name: str) -> bool:
    """Returns whether a file in a folder or an archive is taken: a picture or an archive, not hidden."""
    base = PurePosixPath(name).name
    return is_picture(base) or (base.lower().endswith(TAR + ZIP) and not base.startswith(HIDDEN))


def _files_of(each: str) -> Iterator[str]:
    location = Location(each)
    with reaching(each):
        exists = location.system.exists(location.path)
        if not exists and glob.has_magic(each):
            for path in sorted(location.system.glob(location.path)):
                if not PurePosixPath(path).name.startswith(HIDDEN):
                    yield from _files_at(location, path)
        elif not exists:
            raise JobError(each, "does not exist", "check the path; quote patterns such as 'scans/*.png'")
        elif each.lower().endswith(LIST):
            yield from _listed(location)
        else:
            yield from _files_at(location, location.path)


def _files_at(location: Location, path: str) -> Iterator[str]:
    """Yields a file, or the readable files in a folder and its subfolders, each sorted by name."""
    if not location.system.isdir(path):
        yield location.name_of(path)
        return
    # Not by fsspec's walk, which omits subfolders that it cannot list.
    entries = sorted(location.system.ls(path, detail=True), key=lambda entry: entry["name"])
    folders = []
    for entry in entries:
        name = entry["name"].rstrip("/").rpartition("/")[2]
        if entry["type"] != "directory":
            if is_readable(name):
                yield location.name_of(entry["name"])
        elif not name.startswith(HIDDEN) and not entry.get("islink"):  # a link may lead back here
            folders.append(entry["name"])
    for folder in folders:
        yield from _files_at(location, folder)


def _listed(location: Location) -> Iterator[str]:
    """Yields the files that a list names; relative paths begin at the list's folder."""
    folder = str(location).rpartition("/")[0]
    with location.open() as lines:
        for line in lines:
            name = line.decode("utf-8", "surrogateescape").strip()
            if name:
                yield name if "://" in name or name.startswith("/") else f"{folder}/{name}"


class Planner:
    """Divides files into shards of at most ``most`` inputs; a column of Parquet tables holds the pictures."""

    def __init__(self, *, most: int, column: str) -> None:
        self._most, self._column = most, column
        self._planned = 0

    def shards(self, names: Iterable[str]) -> Iterator[Shard]:
        """Yields shards that together hold each input once.

        Raises:
            JobError: a table does not have the column, or a store cannot be reached.
        """
        for shard in self._shards(names):
            self._planned += shard.inputs or 0
            yield shard

    @property
    def _size(self) -> int:
        return min(self._most, max(SMALLEST, self._planned // SHARE))

    def _shards(self, names: Iterable[str]) -> Iterator[Shard]:
        files: list[str] = []
        for name in names:
            ending = name.lower()
            if ending.endswith(TAR):
                yield from self._tar(name)
            elif ending.endswith(ZIP):
                yield from self._zip(name)
            elif ending.endswith(TABLE):
                yield from self._table(name)
            else:
                files.append(name)
                if len(files) >= self._size:
                    yield Files(tuple(files))
                    files = []
        if files:
            yield Files(tuple(files))

    def _tar(self, name: str) -> Iterator[Shard]:
        """Divides a local tar archive without compression; any other is one shard, or it is read twice."""
        location = Location(name)
        if not (location.is_local and name.lower().endswith(".tar")):
            yield TarMembers(name)
            return
        offset = count = end = 0
        try:
            with location.open() as file, tar_at(file, seeks=True) as archive:
                for _ in pictures_in_tar(archive):
                    if count >= self._size:
                        yield TarMembers(name, offset, count)
                        offset, count = end, 0
                    count, end = count + 1, archive.offset
        except BROKEN:  # its damage is found again, and reported, when it is read
            yield TarMembers(name, offset)
            return
        if count:
            yield TarMembers(name, offset, count)

    def _zip(self, name: str) -> Iterator[Shard]:
        try:
            with Location(name).open() as file, zipfile.ZipFile(file) as archive:
                count = len(pictures_in_zip(archive))
        except BROKEN:
            yield ZipMembers(name)
            return
        first = 0
        while first < count:
            size = min(self._size, count - first)
            yield ZipMembers(name, first, size)
            first += size

    def _table(self, name: str) -> Iterator[Shard]:
        """Divides a table at its row groups, which are decoded from their beginning."""
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        try:
            with Location(name).open() as file, ParquetFile(file) as table:
                columns = table.schema_arrow.names
                rows = [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)]
        except (ArrowException, OSError):
            yield TableRows(name, self._column, 0, 0, 0, 0)
            return
        if self._column not in columns:
            remedy = f"name one with --column: {', '.join(columns)}"
            raise JobError(name, f"has no column {self._column!r}", remedy)
        group = row = 0
        while group < len(rows):
            groups = inputs = 0
            while group + groups < len(rows) and inputs < self._size:
                inputs += rows[group + groups]
                groups += 1
            yield TableRows(name, self._column, group, groups, row, inputs)
            group, row = group + groups, row + inputs
