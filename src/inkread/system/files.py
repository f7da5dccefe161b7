"""Path types, and files that are written completely or not at all."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

AnyPath: TypeAlias = "str | os.PathLike[str]"
"""Any path argument."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path; moves that file to ``path`` on success, and deletes it on failure.

    At any moment, ``path`` is either the old file or the new one. System errors are raised as ``OSError``.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
