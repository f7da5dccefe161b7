"""Operating-system locks between processes, which disappear with the process, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from inkread.errors import OutputError
from inkread.system.files import remove_unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD = (errno.EAGAIN, errno.EACCES)
"""Error codes for a file that another process has locked."""

UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Error codes of file systems without locks, such as some network mounts."""

LOCKED_BYTE = 2**31 - 2
"""Windows locks bytes, and blocks reading them, so this is one that none of our files reaches."""

LOCK_FILE = ".lock"
"""The file to lock on Windows, where a folder cannot be locked."""


def lock(file: int) -> bool:
    """Locks an open file, or on POSIX a folder, until it is closed; returns whether the lock was free.

    Args:
        file: its file descriptor; on Windows, its position changes.

    Raises:
        OSError: it cannot be locked at all.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        raise
    return True


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Keeps other processes, and other calls in this one, from working in a folder at the same time.

    Creates the folder if necessary, and removes it again if it stays empty. Removes the incomplete files that
    a killed process left in it. On a file system without locks, nothing is locked.

    Raises:
        OutputError: another process is working in the folder, or it cannot be created.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _opened(folder)
    except OSError as error:
        problem = f"cannot be written to ({error.strerror or error})"
        raise OutputError(str(folder), problem, "choose another folder") from error
    try:
        if not _locked(file):
            remedy = "wait until it finishes, or choose another folder"
            raise OutputError(str(folder), "is in use by another inkread command", remedy)
        with suppress(OSError):  # it cannot be listed
            remove_unfinished(folder)
        yield
    finally:
        os.close(file)
        with suppress(OSError):  # on Windows while another process has it open
            (folder / LOCK_FILE).unlink(missing_ok=True)
        if made:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def _opened(folder: Path) -> int:
    if sys.platform == "win32":
        return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    return os.open(folder, os.O_RDONLY)


def _locked(file: int) -> bool:
    try:
        return lock(file)
    except OSError as error:
        if error.errno in UNSUPPORTED:
            return True
        raise
