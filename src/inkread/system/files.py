"""Path types, tables, settings files, and files that are written completely or not at all."""

from __future__ import annotations

import csv
import io
import secrets
import shutil
import tempfile
import tomllib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from inkread.errors import OptionError, OutputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

AnyPath: TypeAlias = "str | os.PathLike[str]"
"""Any path argument."""


def csv_of(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Returns a CSV table with a heading; a row may lack some columns."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(columns), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def load_toml(path: AnyPath, kind: str, remedy: str) -> dict[str, Any]:
    """Loads a TOML file.

    Raises:
        OptionError: it is not a readable file of this kind.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError(str(path), f"is not a readable {kind} ({reason})", remedy) from error


@contextmanager
def writing(path: Path, remedy: str = "choose another location or free some space") -> Iterator[None]:
    """Converts errors from writing a file or a folder into ``OutputError``."""
    try:
        yield
    except OSError as error:
        raise OutputError(str(path), f"cannot be written ({error.strerror or error})", remedy) from error


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path; moves that file to ``path`` on success, and deletes it on failure.

    At any moment, ``path`` is either the old file or the new one, which keeps its permissions. System errors
    are raised as ``OSError``.
    """
    # Not with tempfile, whose files nobody else can read.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file as ``whole`` does.

    Raises:
        OutputError: the file cannot be written.
    """
    with writing(path), whole(path) as partial:
        partial.write_bytes(content)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yields an empty folder on the same disk; on success, moves its files to ``folder``.

    Without success, ``folder`` stays as it is.

    Raises:
        OutputError: the files cannot be written.
    """
    with writing(folder, "choose another folder with --out, or free some space there"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
            yield Path(temporary)
            folder.mkdir(exist_ok=True)
            for part in Path(temporary).iterdir():
                part.replace(folder / part.name)
