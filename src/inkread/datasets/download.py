"""Resumable downloads of files whose hash, and mostly their size, is known beforehand."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.errors import DatasetNotFoundError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that are there and the bytes in all."""

ROUNDS = 3
"""How often all mirrors are tried: a connection that is cut continues in the next attempt."""
TIMEOUT_SECONDS = 15.0
CHUNK = 1 << 16

LARGEST = 64 * 2**20
"""Bytes that are taken of a file whose size is not known beforehand."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as it must arrive.

    Attributes:
        name: of the file, below the address of a mirror.
        size: in bytes; ``None`` where it is not published, and no more than ``LARGEST`` is taken.
        digest: the name of an algorithm of ``hashlib``, a colon, and the hash in lower-case hexadecimal.
    """

    name: str
    size: int | None
    digest: str

    @property
    def most(self) -> int:
        """Bytes that it may have."""
        return LARGEST if self.size is None else self.size

    def is_at(self, path: Path) -> bool:
        """Whether the file at ``path`` is this one, by its hash; an ``OSError`` if it cannot be read."""
        return self.digest_of(path) == self.digest

    def digest_of(self, path: Path) -> str:
        """The digest of the file at ``path``, by the algorithm of this one's."""
        algorithm = self.digest.partition(":")[0]
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False))
        return f"{algorithm}:{found.hexdigest()}"


SHOWN = 19
"""Characters of a digest that a message has: the algorithm's name and twelve or more of the hash."""


class _RefusedError(Exception):
    """A mirror did not give the file; the message says why."""


def download(
    file: RemoteFile,
    folder: Path,
    *,
    mirrors: Sequence[str],
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
) -> Path:
    """Downloads a file from the first mirror that has it whole and right.

    What has arrived is kept in ``<name>.part``, and continued by HTTP Range (RFC 9110, section 14) by the next attempt,
    the next mirror or the next run. The file gets its name only once its hash is right, by an atomic rename.

    Args:
        file: what to download.
        folder: where to; made if it is absent.
        mirrors: addresses of folders, ending in ``/``, in the order to try them.
        timeout: of each network operation, seconds.
        progress: told of the bytes as they come.

    Returns:
        The path of the complete file.

    Raises:
        DatasetNotFoundError: no mirror gave the file; the message has each one's reason.
        OutputError: the folder cannot be written to.
    """
    target = folder / file.name
    part = folder / f"{file.name}.part"
    reasons: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for mirror in [*mirrors] * ROUNDS:
            try:
                _continue(mirror + file.name, part, file, timeout, progress)
                _verify(part, file)
            except _RefusedError as refusal:
                reasons[mirror] = str(refusal)
            else:
                part.replace(target)
                return target
    except OSError as error:
        raise OutputError(
            str(target), f"cannot be written ({error.strerror or error})", "make room, or set XDG_CACHE_HOME"
        ) from error
    tried = "; ".join(f"{mirror} {reason}" for mirror, reason in reasons.items()) or "there is none"
    raise DatasetNotFoundError(file.name, f"no mirror gave it ({tried})", "check the network, and try again")


def _continue(url: str, part: Path, file: RemoteFile, timeout: float, progress: Progress | None) -> None:
    """Fetches what ``part`` still lacks, as far as it comes."""
    have = part.stat().st_size if part.exists() else 0
    if have >= file.most:
        return
    request = urllib.request.Request(url, headers={"User-Agent": "inkread"})  # noqa: S310 - the mirrors are ours
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()  # its file is shorter than what we have: begin anew
        raise _RefusedError(f"answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _RefusedError(f"cannot be reached ({getattr(error, 'reason', error)})") from error
    with response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _RefusedError("answered with another range than it was asked for")
        _append(response, part, have if resumed else 0, file, progress)


def _append(
    response: http.client.HTTPResponse, part: Path, have: int, file: RemoteFile, progress: Progress | None
) -> None:
    """Writes the body after the first ``have`` bytes of ``part``; never more than the file may have and a byte."""
    announced = response.headers.get("Content-Length", "")
    size = file.size or (have + int(announced) if announced.isdecimal() else 0)
    if size > file.most:
        raise _RefusedError(f"gives {size} bytes, more than {file.most}")
    with part.open("ab" if have else "wb") as stream:
        while have <= file.most:
            try:
                chunk = response.read(min(CHUNK, file.most + 1 - have))
            except (OSError, http.client.HTTPException) as error:
                raise _RefusedError(f"broke off after {have} of {size or '?'} bytes ({error})") from error
            if not chunk:
                break
            stream.write(chunk)
            have += len(chunk)
            if progress is not None:
                progress(file.name, min(have, file.most), size or file.most)
    if have < size:
        raise _RefusedError(f"broke off after {have} of {size} bytes")


def _verify(part: Path, file: RemoteFile) -> None:
    """Refuses and removes a complete part that is not the file, so that the next attempt begins anew."""
    found = file.digest_of(part)
    if found != file.digest:
        part.unlink()
        raise _RefusedError(f"gave another file ({found[:SHOWN]}…)")
