"""Where collections lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import DatasetNotFoundError
from inkread.system.user_folders import user_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.system.files import AnyPath

ENVIRONMENT_VARIABLE = "INKREAD_DATA"


def cache_folder(collection: str) -> Path:
    """The user's cache of a collection; raises as ``user_folder``."""
    return user_folder("XDG_CACHE_HOME", ".cache") / collection


def search_folders(collection: str, data_dir: AnyPath | None) -> list[Path]:
    """The folders that may hold a collection, the first to look in first.

    They are ``data_dir``, the folder that ``INKREAD_DATA`` names, each by itself and with the collection's own
    subfolder, and the cache.

    Raises:
        DatasetNotFoundError: ``data_dir`` is given, and is no folder.
    """
    given = None if data_dir is None else Path(data_dir)
    if given is not None and not given.is_dir():
        raise DatasetNotFoundError(str(data_dir), "is no folder", "give the folder that holds the data")
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    roots = [root for root in (given, Path(named) if named else None) if root is not None]
    return [folder for root in roots for folder in (root, root / collection)] + [cache_folder(collection)]


def find_file(collection: str, names: Sequence[str], data_dir: AnyPath | None) -> Path | None:
    """The first file with one of ``names`` in the folders of a collection, or None."""
    candidates = (folder / name for folder in search_folders(collection, data_dir) for name in names)
    return next((path for path in candidates if path.is_file()), None)


def require_file(collection: str, name: str, data_dir: AnyPath | None, *, published: str) -> Path:
    """The file ``name`` of an optional collection; ``published`` tells where to get it when it is absent.

    Raises:
        DatasetNotFoundError: no folder has it.
    """
    path = find_file(collection, [name], data_dir)
    if path is None:
        raise DatasetNotFoundError(
            f"{collection}/{name}",
            "is not on this machine",
            f"this collection is optional ({published}); give the folder that holds {collection}/ with --data-dir "
            f"or {ENVIRONMENT_VARIABLE}",
        )
    return path
