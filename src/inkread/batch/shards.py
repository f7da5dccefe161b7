"""A shard: some of a job's inputs, in a fixed order, small enough to read again after a crash.

Each kind is a frozen dataclass that says where its inputs are, and so fits on one line of the manifest; its
``inputs`` is how many there are, or ``None`` if that is not known until they are read. ``items`` fetches them
in order, at most ``most`` bytes and one more of each, and raises a ``JobError`` if their store cannot be
reached. A picture that cannot be fetched is an item with an error; so is an archive or a table that ends
early, because the pictures before its damage are still read.
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from inkread.batch.storage import Location, describe, fetch
from inkread.errors import PictureDamagedError, PictureError, PictureFormatError
from inkread.picture.folders import is_picture_below

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
"""What the standard library raises for damaged, encrypted, or unknown archives."""

ROWS_AT_A_TIME = 16
"""Rows of a table in memory at a time."""


@dataclass(frozen=True, slots=True)
class Item:
    """A picture or document.

    Attributes:
        name: its path or URL; in an archive or table with ``#`` and its name or row there.
        data: the content of its file, or why it cannot be fetched.
    """

    name: str
    data: bytes | PictureError


@dataclass(frozen=True, slots=True)
class Files:
    """Single files, by their names."""

    places: tuple[str, ...]

    @property
    def inputs(self) -> int:
        """How many files there are."""
        return len(self.places)

    def items(self, most: int) -> Iterator[Item]:
        """Fetches the inputs."""
        for place in self.places:
            try:
                yield Item(place, fetch(place, most))
            except PictureError as error:
                yield Item(place, error)


@dataclass(frozen=True, slots=True)
class TarMembers:
    """Pictures in a tar archive, or in a WebDataset shard, which is one; without ``inputs``, all to the end.

    The header of the first picture begins at ``offset``, in bytes.
    """

    place: str
    offset: int = 0
    inputs: int | None = None

    def items(self, most: int) -> Iterator[Item]:
        """Fetches the inputs."""
        try:
            # Only an archive without compression can be entered in the middle; others are one stream.
            with Location(self.place).open() as file, tar_at(file, self.offset) as archive:
                for member in islice(pictures_in_tar(archive), self.inputs):
                    yield _item(f"{self.place}#{member.name}", archive.extractfile(member), most)
        except BROKEN as error:
            yield _broken(self.place, error)


@dataclass(frozen=True, slots=True)
class ZipMembers:
    """Pictures in a zip archive, from number ``first``, from 0; without ``inputs``, all to the end."""

    place: str
    first: int = 0
    inputs: int | None = None

    def items(self, most: int) -> Iterator[Item]:
        """Fetches the inputs."""
        try:
            with Location(self.place).open() as file, zipfile.ZipFile(file) as archive:
                stop = None if self.inputs is None else self.first + self.inputs
                for member in pictures_in_zip(archive)[self.first : stop]:
                    name = f"{self.place}#{member.filename}"
                    try:
                        yield _item(name, archive.open(member), most)
                    except BROKEN as error:
                        yield Item(name, _unreadable(name, error))
        except BROKEN as error:
            yield _broken(self.place, error)


@dataclass(frozen=True, slots=True)
class TableRows:
    """Pictures in a column of a Parquet table: bytes, or a struct with a field ``bytes``.

    These are ``groups`` row groups from number ``group``, and ``inputs`` rows from number ``row``; both count
    from 0.
    """

    place: str
    column: str
    group: int
    groups: int
    row: int
    inputs: int

    def items(self, most: int) -> Iterator[Item]:
        """Fetches the inputs."""
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        number = self.row
        try:
            with Location(self.place).open() as file, closing(ParquetFile(file, pre_buffer=False)) as table:
                groups = range(self.group, self.group + self.groups)
                for batch in table.iter_batches(ROWS_AT_A_TIME, groups, [self.column]):
                    for value in batch.column(0).to_pylist():
                        name = f"{self.place}#{number}"
                        data = value.get("bytes") if isinstance(value, dict) else value
                        yield Item(name, data[: most + 1] if data else _empty(name))
                        number += 1
        except (ArrowException, OSError) as error:
            yield _broken(self.place, error)


Shard: TypeAlias = Files | TarMembers | ZipMembers | TableRows

KINDS: dict[str, type[Shard]] = {"files": Files, "tar": TarMembers, "zip": ZipMembers, "table": TableRows}


def to_dict(shard: Shard) -> dict[str, Any]:
    """Returns a shard as a plain dict for JSON."""
    kind = next(name for name, each in KINDS.items() if isinstance(shard, each))
    return {"kind": kind, **asdict(shard)}


def from_dict(fields: dict[str, Any]) -> Shard:
    """Returns the shard of such a dict."""
    fields = {name: tuple(value) if name == "places" else value for name, value in fields.items()}
    return KINDS[fields.pop("kind")](**fields)


def tar_at(file: Any, offset: int = 0, *, seeks: bool = False) -> tarfile.TarFile:
    """Opens a tar archive at a header; one that is compressed only from its start, without ``seeks``."""
    if offset or seeks:
        file.seek(offset)
        return tarfile.open(fileobj=file, mode="r:", tarinfo=_Header)
    return tarfile.open(fileobj=file, mode="r|*", tarinfo=_Header)


class _Header(tarfile.TarInfo):
    """A member's header; damage is an error, and not, as in its base class, the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the zeros at the end
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


def pictures_in_tar(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yields the pictures in a tar archive, in order, remembering none."""
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]
        if member.isfile() and is_picture_below(member.name):
            yield member


def pictures_in_zip(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Returns the pictures in a zip archive, in order."""
    return [member for member in archive.infolist() if is_picture_below(member.filename)]


def _item(name: str, file: Any, most: int) -> Item:
    with file:
        return Item(name, file.read(most + 1))


def _broken(place: str, error: Exception) -> Item:
    """Returns the last item of a container that cannot be read to its end."""
    return Item(place, _unreadable(place, error))


def _unreadable(name: str, error: Exception) -> PictureDamagedError:
    return PictureDamagedError(name, f"cannot be read to its end ({describe(error)})", "copy it again")


def _empty(name: str) -> PictureFormatError:
    return PictureFormatError(name, "is empty", "check the table's column")
