"""Resumable downloads of files whose hash, and usually size, is known in advance, and their progress bar."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.errors import DatasetNotFoundError
from inkread.system.files import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes received, and the total bytes."""

ROUNDS = 3
"""Number of passes over all mirrors: a broken transfer resumes in the next pass."""
TIMEOUT_SECONDS = 15.0
CHUNK = 1 << 16

LARGEST = 64 * 2**20
"""Maximum bytes to download of a file whose size is not known in advance."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download, and how to verify it.

    Attributes:
        name: the file's name, relative to the URL of a mirror.
        size: in bytes; ``None`` if it is not published, in which case at most ``LARGEST`` bytes are accepted.
        digest: the name of a ``hashlib`` algorithm, a colon, and the hash in lower-case hexadecimal.
    """

    name: str
    size: int | None
    digest: str

    @property
    def most(self) -> int:
        """Maximum size in bytes."""
        return LARGEST if self.size is None else self.size

    def is_at(self, path: Path) -> bool:
        """Returns whether the file at ``path`` has this hash; an ``OSError`` if it cannot be read."""
        return self.digest_of(path) == self.digest

    def digest_of(self, path: Path) -> str:
        """Returns the digest of the file at ``path``, by this file's algorithm."""
        algorithm = self.digest.partition(":")[0]
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False))
        return f"{algorithm}:{found.hexdigest()}"


SHOWN = 19
"""Number of digest characters in a message: the algorithm's name and at least twelve of the hash."""


class _RefusedError(Exception):
    """A mirror did not deliver the file; the message explains why."""


def download(
    file: RemoteFile,
    folder: Path,
    *,
    mirrors: Sequence[str],
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
) -> Path:
    """Downloads a file from the first mirror that has an intact copy.

    Partial data is kept in ``<name>.part``, and the next attempt, mirror, or run resumes it by HTTP Range
    (RFC 9110, section 14). The file gets its final name by an atomic rename, and only after its hash is
    verified. Mirrors are base URLs ending in ``/``; the timeout, in seconds, is for each network operation.

    Raises:
        DatasetNotFoundError: no mirror delivered the file; the message lists the reason for each.
        OutputError: the folder cannot be written to.
    """
    target = folder / file.name
    part = folder / f"{file.name}.part"
    reasons: dict[str, str] = {}
    with writing(target, "free some space, or set XDG_CACHE_HOME"):
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
    tried = "; ".join(f"{mirror} {reason}" for mirror, reason in reasons.items()) or "there are none"
    raise DatasetNotFoundError(
        file.name, f"no mirror delivered it ({tried})", "check the network and try again"
    )


def _continue(url: str, part: Path, file: RemoteFile, timeout: float, progress: Progress | None) -> None:
    """Downloads the rest of ``part``, as far as the connection lasts."""
    have = part.stat().st_size if part.exists() else 0
    if have >= file.most:
        return
    request = urllib.request.Request(url, headers={"User-Agent": "inkread"})  # noqa: S310 - our own mirrors
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()  # the mirror's file is shorter than ours: start over
        raise _RefusedError(f"answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _RefusedError(f"cannot be reached ({getattr(error, 'reason', error)})") from error
    with response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _RefusedError("returned a different range than requested")
        _append(response, part, have if resumed else 0, file, progress)


def _append(
    response: http.client.HTTPResponse, part: Path, have: int, file: RemoteFile, progress: Progress | None
) -> None:
    """Appends the body to the first ``have`` bytes of ``part``; at most a byte more than the maximum size."""
    announced = response.headers.get("Content-Length", "")
    size = file.size or (have + int(announced) if announced.isdecimal() else 0)
    if size > file.most:
        raise _RefusedError(f"offers {size} bytes, more than {file.most}")
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
    """Rejects and deletes a complete part with the wrong hash, so that the next attempt starts over."""
    found = file.digest_of(part)
    if found != file.digest:
        part.unlink()
        raise _RefusedError(f"delivered a different file ({found[:SHOWN]}…)")
