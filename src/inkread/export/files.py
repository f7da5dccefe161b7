"""Writes a folder's files all at once, or not at all."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yields an empty folder on the same disk; on success, moves its files to ``folder``.

    Without success, ``folder`` stays as it is.

    Raises:
        OutputError: the files cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
            yield Path(temporary)
            folder.mkdir(exist_ok=True)
            for part in Path(temporary).iterdir():
                part.replace(folder / part.name)
    except OSError as error:
        problem = f"cannot be written to ({error.strerror or error})"
        raise OutputError(
            str(folder), problem, "choose another folder with --out, or free some space there"
        ) from error
