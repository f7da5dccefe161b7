"""The append-only file in which pictures are reported, one line each, as CSV or JSON lines.

It is the only record of the reported pictures. Each line is on disk before the next picture is read. If the
process is killed or the disk is full, the last line may be incomplete; it is removed when the file is
reopened.
"""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from inkread.errors import OptionError, OutputError
from inkread.results import table
from inkread.system.files import writing
from inkread.system.locks import lock
from inkread.watching.directory_scanner import Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inkread.results.outcome import Outcome

MORE_KEYS = ("time", "size", "modified_ns", "sha256")
"""Fields at the end of each line, after the reading."""

COLUMNS = (*table.COLUMNS, *MORE_KEYS)

DIGEST_LENGTH = 64
"""Length of a hexadecimal SHA-256."""


@dataclass(frozen=True, slots=True)
class Record:
    """The report about a picture.

    Attributes:
        outcome: the reading or the error; its name is the stamp's source.
        stamp: that of the file when it was read.
        sha256: the SHA-256 of its content, hexadecimal; empty if it could not be opened.
        time: the time of the reading, ISO 8601 in UTC.
    """

    outcome: Outcome
    stamp: Stamp
    sha256: str
    time: str


class Journal:
    """The open file; it is locked against other processes until it is closed.

    Args:
        path: a path that ends in .csv or .jsonl; the file and its parent folders are created if missing.

    Attributes:
        was_torn: whether the file ended in an incomplete line, which has been removed.

    Raises:
        OptionError: the path has another suffix.
        OutputError: the file cannot be written, is not a journal, or is in use by another process. It is not
            changed then.
    """

    def __init__(self, path: Path) -> None:
        layout = LAYOUTS.get(path.suffix.lower())
        if layout is None:
            raise OptionError(str(path), "has an unsupported suffix", f"use {' or '.join(LAYOUTS)}")
        self.path, self._layout = path, layout
        self._count, self._end = 0, 0
        # The last report under each name: the content's SHA-256, and the stamps with which it was found.
        self._newest: dict[str, tuple[str, set[Stamp]]] = {}
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b", buffering=0)
        try:
            self._lock()
            with writing(path):
                self.was_torn = self._load()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Returns the number of reported pictures."""
        return self._count

    def close(self) -> None:
        """Closes the file and releases its lock."""
        self._file.close()

    def knows(self, stamp: Stamp) -> bool:
        """Returns whether this file, with this stamp, is the last one reported under its name."""
        _, stamps = self._newest.get(stamp.source, ("", ()))
        return stamp in stamps

    def recognises(self, stamp: Stamp, sha256: str) -> bool:
        """Returns whether the last report under this name has this content; if so, adds the new stamp."""
        reported, stamps = self._newest.get(stamp.source, ("", set()))
        if not sha256 or reported != sha256:
            return False
        stamps.add(stamp)
        return True

    def append(self, record: Record) -> None:
        """Writes a line, and returns when it is on disk.

        Raises:
            OutputError: the line cannot be written (the file is not changed then), or another program has
                changed the file.
        """
        with writing(self.path):
            self._require_unchanged()
            self._write(self._layout.encode(record))
        self._remember(record.stamp, record.sha256)

    def _remember(self, stamp: Stamp, sha256: str) -> None:
        self._count += 1
        self._newest[stamp.source] = sha256, {stamp}

    def _write(self, line: bytes) -> None:
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):  # otherwise it is removed when the file is reopened
                self._file.truncate(self._end)
            raise
        self._end += len(line)

    def _require_unchanged(self) -> None:
        """Raises an ``OutputError`` if the file was replaced or its length changed since the last write."""
        held = os.fstat(self._file.fileno())
        try:
            unchanged = os.path.samestat(self.path.stat(), held) and held.st_size == self._end
        except FileNotFoundError:
            unchanged = False
        if not unchanged:
            problem = "was changed, replaced, or removed by another program"
            raise self._error(problem, "start again; nothing is lost")

    def _lock(self) -> None:
        """Locks the file until it is closed or the process ends."""
        try:
            taken = lock(self._file.fileno())
        except OSError as error:
            problem = f"cannot be locked ({error.strerror})"
            raise self._error(problem, "use a file on another disk") from error
        if not taken:
            raise self._error("is in use by another inkread watch", "stop that one, or use another file")

    def _load(self) -> bool:
        """Loads the file and removes an incomplete last line; returns whether there was one."""
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            raise self._error("is not a regular file", "use another file")
        layout = self._layout
        with os.fdopen(self._file.fileno(), "rb", closefd=False) as lines:
            lines.seek(0)
            start = lines.read(len(layout.start))
            if start == layout.start:
                self._end = lines.seek(len(layout.header))
                torn = self._take_up(lines)
            elif layout.start.startswith(start):
                torn = start != b""
            else:
                raise self._foreign(1)
        if torn:
            self._file.truncate(self._end)
        if self._end == 0:
            self._write(layout.header)
            _sync_folder(self.path.parent)
        return torn

    def _take_up(self, lines: Iterable[bytes]) -> bool:
        """Loads all complete lines; returns whether an incomplete one follows."""
        for number, line in enumerate(lines, 2 if self._layout.header else 1):
            has_end = line.endswith(b"\n")
            try:
                reported = self._layout.decode(line)
            except ValueError as error:
                if not has_end:
                    return True
                raise self._foreign(number) from error
            if reported is None:
                raise self._foreign(number)
            self._remember(*reported)
            self._end += len(line)
            if not has_end:  # some editors remove it
                self._write(b"\n")
                return False
        return False

    def _foreign(self, number: int) -> OutputError:
        problem = f"is not an output of inkread watch, or was changed: line {number} is invalid"
        return self._error(problem, "use another file, or fix the line")

    def _error(self, problem: str, remedy: str) -> OutputError:
        return OutputError(str(self.path), problem, remedy)


class _Csv:
    header = start = (",".join(COLUMNS) + "\n").encode()  # of every file; ``start`` includes the header

    def encode(self, record: Record) -> bytes:
        """Encodes the record as one line, including its line end."""
        stamp = record.stamp
        more = (record.time, str(stamp.size), str(stamp.modified_ns), record.sha256)
        line = table.csv_line([*table.cells_of(record.outcome), *more])
        return line.encode("utf-8", errors="backslashreplace")

    def decode(self, line: bytes) -> tuple[Stamp, str] | None:
        """Returns the stamp and SHA-256 of a line's picture; ``None`` if the line is complete but not ours.

        Raises:
            ValueError: the line is incomplete.
        """
        try:
            (fields,) = csv.reader([line.decode("utf-8").removesuffix("\n")], strict=True)
        except csv.Error as error:
            raise ValueError(str(error)) from error
        row = dict(zip(COLUMNS, fields, strict=True))
        if len(row["sha256"]) != DIGEST_LENGTH and not (row["sha256"] == "" and line.endswith(b"\n")):
            raise ValueError("the last field is truncated")
        return Stamp(row["source"], int(row["size"]), int(row["modified_ns"])), row["sha256"]


class _JsonLines:
    header, start = b"", b'{"source": "'

    def encode(self, record: Record) -> bytes:
        stamp = record.stamp
        more = (record.time, stamp.size, stamp.modified_ns, record.sha256)
        line = record.outcome.to_dict() | dict(zip(MORE_KEYS, more, strict=True))
        return (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", errors="backslashreplace")

    def decode(self, line: bytes) -> tuple[Stamp, str] | None:
        try:
            fields = json.loads(line)
        except RecursionError:  # nested too deeply
            return None
        match fields:
            case {
                "source": str(source),
                "error": _,
                "size": int(size),
                "modified_ns": int(modified_ns),
                "sha256": str(sha256),
            }:
                return Stamp(source, size, modified_ns), sha256
        return None


LAYOUTS: dict[str, _Csv | _JsonLines] = {".csv": _Csv(), ".jsonl": _JsonLines()}


def _sync_folder(folder: Path) -> None:
    """Flushes the folder's entry of a new file to disk, on systems where folders can be opened."""
    if sys.platform != "win32":
        held = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(held)
        finally:
            os.close(held)
