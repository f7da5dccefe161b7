"""Everything inkread raises on purpose, as one tree.

::

    InkreadError
    ├── PictureError              a source that cannot be read as a picture
    │   ├── PictureNotFoundError    no such file, or a directory
    │   ├── PictureFormatError      empty, not a picture, or a format that is not accepted
    │   ├── PictureDamagedError     truncated or corrupt
    │   ├── PictureTooLargeError    more bytes or pixels than the limits allow
    │   └── PictureArrayError       an array of the wrong shape, dtype or values
    ├── FolderError               a folder of pictures that cannot be looked through
    ├── ModelError                a model that cannot be used
    │   ├── ModelNotFoundError      no such name or folder
    │   ├── ModelIntegrityError     the file is not the one its card describes
    │   └── ModelFormatError        wrong inputs or outputs, external data, an unreadable card
    ├── DatasetError              data that cannot be used
    │   ├── DatasetNotFoundError    not on disk, and not to be had from a mirror
    │   └── DatasetFormatError      wrong magic, sizes, hash, or columns
    ├── StoreError                a store of readings and corrections that cannot be used
    │   ├── StoreFullError          no space on its disk
    │   └── StoreNotFoundError      no such reading, or no such digit in it
    ├── ServerError               a server of inkread that does not do what it was asked
    │   ├── ServerUnreachableError  no answer, or none of inkread's
    │   ├── ServerBusyError         too much to do, or asked too often; says when to come again
    │   └── ServerRefusedError      a wrong key, an unknown name, a failure of its own
    ├── WorkerError               a process that reads does not start, or has ended
    ├── TrainingError             a training run that cannot start, continue or be saved
    ├── ExportError               an exported model that is not the same any more
    ├── OptionError               an option out of its range, or options that exclude each other
    ├── OutputError               a result that cannot be written where it should go
    ├── DisplayError              no display to show a window on
    ├── CaptureError              a camera or video that gives no pictures
    ├── InstallationError         a package that inkread depends on is missing or damaged
    └── MissingExtraError         an optional dependency that is not installed

Every message has the same form, ``source: problem; remedy``: which input, what is wrong with it, what to do.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


LONGEST_CAUSE = 600
"""Characters of what a library says in a message of ours."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest of those that are known, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    return (
        f"did you mean {near[0]!r}? There are: {', '.join(names)}"
        if near
        else f"use one of {', '.join(names)}"
    )


def one_line(text: str) -> str:
    """What a library says, on one line; a long text is shortened in its middle, as the cause is often said last."""
    half = LONGEST_CAUSE // 2
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_CAUSE else f"{text[:half]} … {text[-half:]}"


class InkreadError(Exception):
    """Base of every error that inkread raises on purpose.

    Args:
        source: which input is meant: a path, a URL, or a description such as ``"array (3, 3)"``.
        problem: what is wrong with it, without a final full stop.
        remedy: what to do about it, without a final full stop.
    """

    def __init__(self, source: str, problem: str, remedy: str) -> None:
        super().__init__(source, problem, remedy)
        self.source = source
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.source}: {self.problem}; {self.remedy}"


class PictureError(InkreadError):
    """A source that cannot be read as a picture."""


class PictureNotFoundError(PictureError):
    """There is no such file, or it is a directory."""


class PictureFormatError(PictureError):
    """The bytes are empty, are no picture, or are a picture of a format that is not accepted."""


class PictureDamagedError(PictureError):
    """The picture is truncated or corrupt."""


class PictureTooLargeError(PictureError):
    """The picture has more bytes or pixels than the limits allow."""


class PictureArrayError(PictureError):
    """An array that does not have the shape, dtype or values of a picture."""


class FolderError(InkreadError):
    """A folder of pictures that cannot be looked through."""


class ModelError(InkreadError):
    """A model that cannot be used."""


class ModelNotFoundError(ModelError):
    """There is no bundled model and no run folder of that name."""


class ModelIntegrityError(ModelError):
    """The model file is not the one that its card describes."""


class ModelFormatError(ModelError):
    """The model has other inputs or outputs than expected, external data, or an unreadable card."""


class DatasetError(InkreadError):
    """A data set that cannot be used."""


class DatasetNotFoundError(DatasetError):
    """The data are not on disk, and no mirror had them."""


class DatasetFormatError(DatasetError):
    """A data file has a wrong magic number, size, hash or column."""


class StoreError(InkreadError):
    """A store of readings and corrections that cannot be used."""


class StoreFullError(StoreError):
    """There is no space left on the store's disk."""


class StoreNotFoundError(StoreError):
    """The store has no such reading, or the reading no such digit."""


class ServerError(InkreadError):
    """A server of inkread does not do what it was asked."""


class ServerUnreachableError(ServerError):
    """The server does not answer, or what answers is no server of inkread."""


class ServerBusyError(ServerError):
    """The server has too much to do, or is asked too often.

    Args:
        source: its address.
        problem: what it says.
        remedy: what to do about it.
        retry_after: seconds after which it may be asked again.
    """

    def __init__(self, source: str, problem: str, remedy: str, retry_after: float = 1.0) -> None:
        super().__init__(source, problem, remedy)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[ServerBusyError], tuple[str, str, str, float]]:
        return type(self), (self.source, self.problem, self.remedy, self.retry_after)


class ServerRefusedError(ServerError):
    """The server refuses the request, or fails at it.

    Args:
        source: its address.
        problem: what it says.
        remedy: what to do about it.
        status: of the answer, such as 401.
        request_id: for a report to whoever runs the server.
    """

    def __init__(
        self, source: str, problem: str, remedy: str, status: int = 0, request_id: str | None = None
    ) -> None:
        super().__init__(source, problem, remedy)
        self.status, self.request_id = status, request_id

    def __reduce__(self) -> tuple[type[ServerRefusedError], tuple[str, str, str, int, str | None]]:
        return type(self), (self.source, self.problem, self.remedy, self.status, self.request_id)


class WorkerError(InkreadError):
    """A process beside this one does not start, or has ended."""


class TrainingError(InkreadError):
    """A training run that cannot start, continue or be saved."""


class ExportError(InkreadError):
    """An exported or imported model answers otherwise than its source."""


class OptionError(InkreadError):
    """An option out of its range, or options that exclude each other."""


class OutputError(InkreadError):
    """A result that cannot be written where it should go."""


class DisplayError(InkreadError):
    """There is no display to show a window on."""


class CaptureError(InkreadError):
    """A camera or a video gives no pictures, or no more."""


class InstallationError(InkreadError):
    """A package that inkread depends on is missing or damaged."""


class MissingExtraError(InkreadError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            package, "is not installed", f"run this in inkread's folder: pip install '.[{extra}]'"
        )
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.package, self.extra)
