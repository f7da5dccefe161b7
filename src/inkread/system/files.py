"""Path types, tables, settings files, and files that are written completely or not at all."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from inkread.errors import OptionError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

AnyPath: TypeAlias = "str | os.PathLike[str]"
"""Any path argument."""

UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.part")
"""Names of files and folders that are not complete yet, see ``unfinished``."""


def unfinished(path: Path) -> Path:
    """Returns a new name in the same folder for what is to become the file or folder ``path``."""
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")


def remove_unfinished(folder: Path) -> None:
    """Removes what killed processes left in the folder; no other process may be writing there."""
    for path in folder.iterdir():
        if UNFINISHED.fullmatch(path.name):
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


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
    import tomllib

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

    At any moment, ``path`` is either the old file or the new one, which keeps its permissions. A link stays a
    link to the new file. A device or a pipe, such as ``/dev/null``, is written to directly, never replaced.
    System errors are raised as ``OSError``.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve() if path.is_symlink() else path
    partial = unfinished(path)  # not with tempfile, whose files nobody else can read
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
def whole_folder(
    folder: Path,
    *,
    last: str = "",
    remedy: str = "choose another folder with --out, or free some space there",
) -> Iterator[Path]:
    """Yields an empty folder on the same disk; on success, moves its files to ``folder``.

    Without success, ``folder`` stays as it is. The file ``last`` is moved last: it marks the others as whole.

    Raises:
        OutputError: the files cannot be written.
    """
    temporary = unfinished(folder / folder.name if folder.exists() else folder)
    with writing(folder, remedy):
        try:
            temporary.mkdir(parents=True)
            yield temporary
            folder.mkdir(exist_ok=True)
            for part in sorted(temporary.iterdir(), key=lambda part: part.name == last):
                part.replace(folder / part.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
