"""Paths as they are given, and files that appear complete in their places or not at all."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

AnyPath: TypeAlias = "str | os.PathLike[str]"
"""What every function that asks for a path takes."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yields where to write a file, beside its place; it is moved there if all goes well, and removed if not.

    At any moment the place has the old file or the new one. What the system refuses is its own ``OSError``.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
