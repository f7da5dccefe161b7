"""Everything inkread raises on purpose, as one tree.

::

    InkreadError
    ├── PictureError              a source that cannot be read as a picture
    │   ├── PictureNotFoundError    the file does not exist, or is a directory
    │   ├── PictureFormatError      empty, not a picture, or a format that is not accepted
    │   ├── PictureDamagedError     truncated or corrupt
    │   ├── PictureTooLargeError    more bytes or pixels than the limits allow
    │   └── PictureArrayError       an array of the wrong shape, dtype or values
    ├── FolderError               a folder of pictures that cannot be scanned
    ├── ModelError                a model that cannot be used
    │   ├── ModelNotFoundError      no model has this name or folder
    │   ├── ModelIntegrityError     the file does not match its card
    │   └── ModelFormatError        unexpected inputs or outputs, external data, or an unreadable card
    ├── DatasetError              data that cannot be used
    │   ├── DatasetNotFoundError    not on disk, and not available from any mirror
    │   └── DatasetFormatError      wrong magic number, size, hash, or columns
    ├── StoreError                a store of readings and corrections that cannot be used
    │   ├── StoreFullError          the disk is full
    │   └── StoreNotFoundError      the reading does not exist, or has no such digit
    ├── ServerError               an inkread server that did not answer the request
    │   ├── ServerUnreachableError  no answer, or not from an inkread server
    │   ├── ServerBusyError         overloaded or rate-limited; says when to retry
    │   └── ServerRefusedError      wrong key, unknown name, or an internal failure
    ├── WorkerError               a worker process did not start, or exited
    │   └── WorkerTimeoutError      a task took too long, and its process was killed
    ├── JobError                  a batch job that cannot start or continue
    ├── TrainingError             a training run that cannot start, continue or be saved
    ├── ExportError               an exported or imported model that gives different results
    ├── OptionError               an option out of its range, or options that exclude each other
    ├── OutputError               a result that cannot be written where it should go
    ├── DisplayError              no display to show a window on
    ├── CaptureError              a camera or video that delivers no frames
    ├── InstallationError         a package that inkread depends on is missing or damaged
    └── MissingExtraError         an optional dependency that is not installed

Every message has the form ``source: problem; remedy``: which input, what is wrong with it, and what to do.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


LONGEST_CAUSE = 600
"""Maximum length, in characters, of a library's message within ours."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns the remedy for an unknown word: the closest known name, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    return (
        f"did you mean {near[0]!r}? Choose from: {', '.join(names)}"
        if near
        else f"use one of {', '.join(names)}"
    )


def one_line(text: str) -> str:
    """Puts a library's message on one line.

    A long message is cut in the middle, because the cause often comes last.
    """
    half = LONGEST_CAUSE // 2
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_CAUSE else f"{text[:half]} … {text[-half:]}"


class InkreadError(Exception):
    """Base class of every error that inkread raises on purpose.

    Args:
        source: the input that failed: a path, a URL, or a description such as ``"array (3, 3)"``.
        problem: what is wrong with it, without a final period.
        remedy: what to do about it, without a final period.
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
    """The file does not exist, or is a directory."""


class PictureFormatError(PictureError):
    """The input is empty, is not a picture, or is in a format that is not accepted."""


class PictureDamagedError(PictureError):
    """The picture is truncated or corrupt."""


class PictureTooLargeError(PictureError):
    """The picture has more bytes or pixels than the limits allow."""


class PictureArrayError(PictureError):
    """An array does not have the shape, dtype, or values of a picture."""


class FolderError(InkreadError):
    """A folder of pictures cannot be scanned."""


class ModelError(InkreadError):
    """A model cannot be used."""


class ModelNotFoundError(ModelError):
    """No bundled model or run folder has this name."""


class ModelIntegrityError(ModelError):
    """The model file does not match its card."""


class ModelFormatError(ModelError):
    """The model has unexpected inputs or outputs, external data, or an unreadable card."""


class DatasetError(InkreadError):
    """A data set that cannot be used."""


class DatasetNotFoundError(DatasetError):
    """The data are not on disk, and not available from any mirror."""


class DatasetFormatError(DatasetError):
    """A data file has a wrong magic number, size, hash, or column."""


class StoreError(InkreadError):
    """A store of readings and corrections that cannot be used."""


class StoreFullError(StoreError):
    """The store's disk is full."""


class StoreNotFoundError(StoreError):
    """The reading is not in the store, or does not have this digit."""


class ServerError(InkreadError):
    """An inkread server did not answer the request."""


class ServerUnreachableError(ServerError):
    """Nothing answers at this address, or the answer is not from an inkread server."""


class ServerBusyError(ServerError):
    """The server is overloaded, or limits the rate of requests.

    Args:
        source: the server's address.
        problem: what the server reports.
        remedy: what to do about it.
        retry_after: seconds to wait before the next request.
    """

    def __init__(self, source: str, problem: str, remedy: str, retry_after: float = 1.0) -> None:
        super().__init__(source, problem, remedy)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[ServerBusyError], tuple[str, str, str, float]]:
        return type(self), (self.source, self.problem, self.remedy, self.retry_after)


class ServerRefusedError(ServerError):
    """The server rejects the request, or fails to handle it.

    Args:
        source: the server's address.
        problem: what the server reports.
        remedy: what to do about it.
        status: the HTTP status, such as 401.
        request_id: the request's ID, to quote when reporting a problem.
    """

    def __init__(
        self, source: str, problem: str, remedy: str, status: int = 0, request_id: str | None = None
    ) -> None:
        super().__init__(source, problem, remedy)
        self.status, self.request_id = status, request_id

    def __reduce__(self) -> tuple[type[ServerRefusedError], tuple[str, str, str, int, str | None]]:
        return type(self), (self.source, self.problem, self.remedy, self.status, self.request_id)


class WorkerError(InkreadError):
    """A worker process did not start, or exited."""


class WorkerTimeoutError(WorkerError):
    """A task took too long, and its worker process was killed."""


class JobError(InkreadError):
    """A batch job that cannot start or continue; what it has written so far is kept."""


class TrainingError(InkreadError):
    """A training run cannot start, continue, or be saved."""


class ExportError(InkreadError):
    """An exported or imported model gives different results than its source."""


class OptionError(InkreadError):
    """An option is out of range, or two options exclude each other."""


class OutputError(InkreadError):
    """A result cannot be written."""


class DisplayError(InkreadError):
    """There is no display to open a window on."""


class CaptureError(InkreadError):
    """The camera or video delivered no frames, or stopped."""


class InstallationError(InkreadError):
    """A package that inkread depends on is missing or damaged."""


class MissingExtraError(InkreadError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            package, "is not installed", f"run this in inkread's folder: pip install '.[{extra}]'"
        )
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.package, self.extra)
