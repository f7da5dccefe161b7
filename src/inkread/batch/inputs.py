"""Which files the inputs of a job name, in a fixed order, without holding them all in memory."""

from __future__ import annotations

import glob
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from inkread.batch.storage import Location, reaching
from inkread.errors import JobError
from inkread.picture.folders import HIDDEN, is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ZIP = (".zip",)
TABLE = (".parquet",)
LIST = (".txt",)


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
