"""Faults at an exact file-system operation: a disk that fails, or a process that is killed.

Python announces each operation before it happens (``sys.addaudithook``). ``Faults`` counts those that write
below a folder, and lets the n-th fail or end the process. So a fault is drawn from a fixed seed, and no test
depends on time.
"""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

CHANGES = {"os.rename": 1, "os.mkdir": 0, "os.remove": 0, "os.rmdir": 0, "os.truncate": 0}
"""Operations that write, and which of their arguments is the path."""

NEEDS_SPACE = {"open", "os.mkdir", "os.rename"}
"""Operations that fail on a full disk; files can be removed and shortened there."""

ENV = {"PYTHONPATH": os.pathsep.join(sys.path)}
"""The environment of a process that imports the helpers of the tests."""


def drawn(count: int, most: int, seed: int = 0) -> list[int]:
    """Draws a number of operations, from the first to the ``most``-th."""
    return sorted(random.Random(seed).sample(range(1, most + 1), count))


class Faults:
    """Counts operations below a folder while ``action`` is set, and calls it with each."""

    def __init__(self) -> None:
        self.folder, self.count = "", 0
        self.action: Callable[[str], None] | None = None
        sys.addaudithook(self._hear)  # it cannot be removed again

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.action is None or not (event == "open" or event in CHANGES):
            return
        path = arguments[CHANGES.get(event, 0)]
        if event == "open" and not _writes(arguments[1], arguments[2]):
            return
        if isinstance(path, int):
            return
        absolute = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # links stay as they are
        if not absolute.startswith(self.folder):
            return
        self.count += 1
        self.action(event)

    @contextmanager
    def below(self, folder: Path, action: Callable[[str], None]) -> Iterator[Faults]:
        """Calls the function with each operation below the folder, in the block."""
        self.folder, self.count, self.action = str(folder), 0, action
        try:
            yield self
        finally:
            self.action = None

    def failing(self, folder: Path, number: int, code: int) -> Any:
        """In the block, the n-th operation and later ones fail, as on a full or read-only disk."""

        def fail(event: str) -> None:
            if self.count >= number and (code != errno.ENOSPC or event in NEEDS_SPACE):
                raise OSError(code, os.strerror(code))

        return self.below(folder, fail)

    def counting(self, folder: Path) -> Any:
        """In the block, operations are only counted."""
        return self.below(folder, lambda event: None)


def _writes(mode: str | None, flags: int) -> bool:
    return bool(set(mode) & set("wax+")) if mode else bool(flags & WRITING)


FAULTS = Faults()


def end_at(folder: Path, number: int, with_signal: int = signal.SIGKILL) -> None:
    """Lets a signal arrive in this process before the n-th operation below the folder."""

    def end(_: str) -> None:
        if FAULTS.count == number:
            os.kill(os.getpid(), with_signal)

    FAULTS.folder, FAULTS.count, FAULTS.action = str(folder), 0, end


COMMAND = """
import sys
from pathlib import Path
import faults
from inkread.__main__ import main
folder, number, signal = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
del sys.argv[1:4]
if __name__ == "__main__":
    faults.end_at(folder, number, signal)
    sys.exit(main())
"""
"""The command line, with a signal at an operation: folder, number, signal, and the command's arguments."""


def run_ended_at(
    folder: Path, number: int, with_signal: int, *arguments: object
) -> subprocess.CompletedProcess[str]:
    """Runs ``inkread`` with these arguments; a signal arrives before the n-th operation below the folder."""
    words = [str(folder), str(number), str(int(with_signal)), *map(str, arguments)]
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        env=os.environ | ENV,
        capture_output=True,
        text=True,
        check=False,
    )


def unfinished(folder: Path) -> list[str]:
    """Returns the names of incomplete files and folders in a folder and those below it."""
    return [path.name for path in folder.rglob(".*") if path.name.endswith(".part")]


FULL = (
    'mount -t tmpfs -o size=256k tmpfs "$1" && { cat /dev/zero > "$1/filler" 2>/dev/null; shift; exec "$@"; }'
)
READ_ONLY = 'mount -t tmpfs -o ro tmpfs "$1" && { shift; exec "$@"; }'


def on_disk(script: str, folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """Runs a command in which the folder is a disk of its own: ``FULL`` or ``READ_ONLY``.

    Skips the test if no disk can be mounted here.
    """
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder)]
    try:
        subprocess.run([*alone, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a file system of its own: unshare and mount")
    return subprocess.run([*alone, *map(str, command)], capture_output=True, text=True, check=False)
