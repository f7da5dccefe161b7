"""Files and folders by path or URL: local disks, and everything that fsspec reaches, such as ``s3://``.

Names are absolute: a local path, or a URL with its protocol.
"""

from __future__ import annotations

import io
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from inkread.errors import JobError, OptionError, PictureError, PictureNotFoundError
from inkread.system.files import whole, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

RESUME = "check your access to it, then run the same command again: it resumes"


class Location:
    """A file or folder by its local path, or a URL such as ``s3://bucket/scans``.

    Raises:
        OptionError: no installed package knows the protocol.
    """

    def __init__(self, url: str) -> None:
        try:
            self.system, self.path = url_to_fs(
                url, use_listings_cache=False
            )  # it would hold every name ever listed
        except (ImportError, ValueError) as error:
            raise OptionError(url, f"cannot be opened ({error})", "install the package it needs") from error
        self.is_local = isinstance(self.system, LocalFileSystem)

    def __str__(self) -> str:
        return self.name_of(self.path)

    def name_of(self, path: str) -> str:
        """Returns the absolute name of a path in the same file system."""
        return path if self.is_local else str(self.system.unstrip_protocol(path))

    def open(self) -> IO[bytes]:
        """Opens the file for reading.

        Raises:
            FileNotFoundError: there is no such file.
            JobError: its store cannot be reached, now or when the file is read.
        """
        if self.is_local:
            return Path(self.path).open("rb")
        with reaching(str(self)):
            return io.BufferedReader(_RemoteFile(self.system.open(self.path, "rb"), str(self)))

    def names(self) -> list[str]:
        """Returns the names in the folder; none if it does not exist.

        Raises:
            JobError: it cannot be listed.
        """
        with reaching(str(self)):
            try:
                return [Path(path).name for path in self.system.ls(self.path, detail=False)]
            except FileNotFoundError:
                return []

    @contextmanager
    def publishing(self, name: str) -> Iterator[Path]:
        """Yields a temporary local path; on success, that file appears in this folder under the name, whole.

        Raises:
            OutputError: the file cannot be written.
            JobError: it cannot be uploaded.
        """
        if self.is_local:
            target = Path(self.path, name)
            with writing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                with whole(target) as partial:
                    yield partial
            return
        with tempfile.TemporaryDirectory(prefix="inkread-") as folder:
            yield Path(folder, name)
            with reaching(str(self)):  # an object appears only when all of it has arrived
                self.system.put_file(str(Path(folder, name)), f"{self.path.rstrip('/')}/{name}")


class _RemoteFile(io.RawIOBase):
    """A file in an object store, whose failures are those of the store, not of the file."""

    def __init__(self, file: Any, url: str) -> None:
        self._file, self._url = file, url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with reaching(self._url):
            return int(self._file.seek(offset, whence))

    def readinto(self, buffer: Any) -> int:
        with reaching(self._url):
            return int(self._file.readinto(buffer))

    def close(self) -> None:
        self._file.close()
        super().close()


def fetch(url: str, most: int) -> bytes:
    """Reads a picture's file, at most this many bytes and one more, which shows that it is larger.

    Raises:
        PictureError: there is no such file, or a local disk cannot read it.
        JobError: its store cannot be reached; that says nothing about the picture.
    """
    location = Location(url)
    try:
        if location.is_local:
            with Path(location.path).open("rb") as file:
                return file.read(most + 1)
        with reaching(url):
            content: bytes = location.system.cat_file(location.path, start=0, end=most + 1)
            return content
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise PictureNotFoundError(url, "does not exist", "check the path") from error
    except OSError as error:
        raise PictureError(
            url, f"cannot be read ({error.strerror or error})", "check the file and the disk"
        ) from error


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Converts what a file system raises into ``JobError``, except for missing files."""
    try:
        yield
    except (JobError, FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise
    except Exception as error:  # each file system has exceptions of its own
        raise JobError(url, f"cannot be reached ({describe(error)})", RESUME) from error


def describe(error: BaseException) -> Any:
    """Returns what an exception says, or its kind if it says nothing."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
