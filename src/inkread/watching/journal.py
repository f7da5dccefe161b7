"""The file in which pictures are reported: a line each, as CSV or JSON lines, that is only ever added to.

It alone remembers what was reported. A line is on the disk before the next picture is read; one that was torn, as its process was killed
or the disk full, has no end, and is cut off when the file is opened again.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from inkread.errors import OptionError, OutputError
from inkread.system.locks import lock
from inkread.watching.directory_scanner import Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from inkread.results.outcome import Outcome

MORE_KEYS = ("time", "size", "modified_ns", "sha256")
"""What is reported of a picture besides its reading, at the end of each line."""

COLUMNS = ("source", "text", "probability", "width", "height", "error", *MORE_KEYS)

DIGEST_LENGTH = 64
"""Characters of a SHA-256."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is reported of a picture.

    Attributes:
        outcome: what was read, or why nothing could be; its name is the stamp's source.
        stamp: of the file as it was read.
        sha256: of its content, hexadecimal; empty if it could not be opened.
        time: when it was read, ISO 8601 in UTC.
    """

    outcome: Outcome
    stamp: Stamp
    sha256: str
    time: str


class _Reported(NamedTuple):
    """What was last reported under a name: its content, and the stamps under which that was found."""

    sha256: str
    stamps: set[Stamp]


class Journal:
    """The open file; it is locked against other processes until it is closed.

    Args:
        path: ends in .csv or .jsonl; the file, and folders above it, are made where they are not there yet.

    Attributes:
        was_torn: whether it ended in a torn line, which is cut off now.

    Raises:
        OptionError: the path ends otherwise.
        OutputError: it cannot be written, is no journal, or another process writes to it. It is left as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._layout = path, _layout(path)
        self._count, self._end = 0, 0
        self._newest: dict[str, _Reported] = {}
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b", buffering=0)
        try:
            self._lock()
            with _writing(path):
                self.was_torn = self._load()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """How many pictures it reports."""
        return self._count

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()

    def knows(self, stamp: Stamp) -> bool:
        """Whether this file, as it stands, is the one that was last reported under its name."""
        reported = self._newest.get(stamp.source)
        return reported is not None and stamp in reported.stamps

    def recognises(self, stamp: Stamp, sha256: str) -> bool:
        """Whether what was last reported under that name has that content, with whatever date; then its stamp is known from now on."""
        reported = self._newest.get(stamp.source)
        if reported is None or not sha256 or reported.sha256 != sha256:
            return False
        reported.stamps.add(stamp)
        return True

    def append(self, record: Record) -> None:
        """Writes a line, and returns when it is on the disk.

        Raises:
            OutputError: it cannot be written, and then the file is as before; or another program has changed the file.
        """
        with _writing(self.path):
            self._require_unchanged()
            self._write(self._layout.encode(record))
        self._remember(record.stamp, record.sha256)

    def _remember(self, stamp: Stamp, sha256: str) -> None:
        self._count += 1
        self._newest[stamp.source] = _Reported(sha256, {stamp})

    def _write(self, line: bytes) -> None:
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):  # else it is cut off when the file is opened again
                self._file.truncate(self._end)
            raise
        self._end += len(line)

    def _require_unchanged(self) -> None:
        """Raises an ``OutputError`` if the file is another, or has another length, than that which was written to."""
        held = os.fstat(self._file.fileno())
        try:
            unchanged = os.path.samestat(self.path.stat(), held) and held.st_size == self._end
        except FileNotFoundError:
            unchanged = False
        if not unchanged:
            problem = "was changed, replaced or removed by another program"
            raise OutputError(str(self.path), problem, "start again; nothing is lost")

    def _lock(self) -> None:
        """Takes the file for this process until it is closed, or the process ends in whatever way."""
        try:
            taken = lock(self._file.fileno())
        except OSError as error:
            problem, remedy = f"cannot be locked ({error.strerror})", "name a file on another disk"
            raise OutputError(str(self.path), problem, remedy) from error
        if not taken:
            problem, remedy = "is written by another inkread watch", "stop that one, or name another file"
            raise OutputError(str(self.path), problem, remedy)

    def _load(self) -> bool:
        """Takes up what is in the file, and makes it end after a line; gives whether it had to be cut."""
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            raise OutputError(str(self.path), "is no regular file", "name another file")
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
        """Remembers all whole lines; gives whether there is a torn one behind them."""
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
            if not has_end:  # some editors take it away
                self._write(b"\n")
                return False
        return False

    def _foreign(self, number: int) -> OutputError:
        problem = f"is no output of inkread watch, or was changed: line {number} is none of its own"
        return OutputError(str(self.path), problem, "name another file, or mend the line")


class _Layout(Protocol):
    """How records are written.

    Attributes:
        header: of every file.
        start: how every file begins, its header included.
    """

    header: bytes
    start: bytes

    def encode(self, record: Record) -> bytes:
        """The record as one line, its end included."""

    def decode(self, line: bytes) -> tuple[Stamp, str] | None:
        """The stamp and SHA-256 of a line's picture; ``None`` if the line is whole, and none of ours.

        Raises:
            ValueError: the line is not whole.
        """


class _Csv:
    header = start = (",".join(COLUMNS) + "\n").encode()

    def encode(self, record: Record) -> bytes:
        outcome, reading, stamp = record.outcome, record.outcome.reading, record.stamp
        least, error = outcome.least_probability, outcome.error
        fields = (
            outcome.name,
            outcome.joined(),
            None if least is None else round(least, 6),
            reading and reading.width,
            reading and reading.height,
            error and " ".join(error.splitlines()),
            record.time,
            stamp.size,
            stamp.modified_ns,
            record.sha256,
        )
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(fields)
        return line.getvalue().encode("utf-8", errors="backslashreplace")

    def decode(self, line: bytes) -> tuple[Stamp, str] | None:
        try:
            (fields,) = csv.reader([line.decode("utf-8").removesuffix("\n")], strict=True)
        except csv.Error as error:
            raise ValueError(str(error)) from error
        row = dict(zip(COLUMNS, fields, strict=True))
        if len(row["sha256"]) != DIGEST_LENGTH and not (row["sha256"] == "" and line.endswith(b"\n")):
            raise ValueError("the last field is cut short")
        return Stamp(row["source"], int(row["size"]), int(row["modified_ns"])), row["sha256"]


class _JsonLines:
    header = b""
    start = b'{"source": "'

    def encode(self, record: Record) -> bytes:
        stamp = record.stamp
        more = (record.time, stamp.size, stamp.modified_ns, record.sha256)
        line = record.outcome.to_dict() | dict(zip(MORE_KEYS, more, strict=True))
        return (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", errors="backslashreplace")

    def decode(self, line: bytes) -> tuple[Stamp, str] | None:
        match json.loads(line):
            case {
                "source": str(source),
                "error": _,
                "size": int(size),
                "modified_ns": int(modified_ns),
                "sha256": str(sha256),
            }:
                return Stamp(source, size, modified_ns), sha256
        return None


LAYOUTS: dict[str, _Layout] = {".csv": _Csv(), ".jsonl": _JsonLines()}


def _layout(path: Path) -> _Layout:
    """The layout that the path's suffix names."""
    try:
        return LAYOUTS[path.suffix.lower()]
    except KeyError as error:
        problem, remedy = "has a suffix that names no format of reports", f"end it in {' or '.join(LAYOUTS)}"
        raise OptionError(str(path), problem, remedy) from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turns what goes wrong while the file is written into an ``OutputError``."""
    try:
        yield
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), problem, "choose another place, or make room there") from error


def _sync_folder(folder: Path) -> None:
    """Has the entry of a new file on the disk too, on systems where a folder can be opened."""
    if sys.platform != "win32":
        held = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(held)
        finally:
            os.close(held)
