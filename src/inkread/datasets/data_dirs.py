"""Finds collections on this machine."""

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
    """Returns the user's cache folder for a collection; raises like ``user_folder``."""
    return user_folder("XDG_CACHE_HOME", ".cache") / collection


def search_folders(collection: str, data_dir: AnyPath | None) -> list[Path]:
    """Lists the folders that may hold a collection, in search order.

    These are ``data_dir``, then the folder in ``INKREAD_DATA``, each by itself and with the collection's
    subfolder, and the cache.

    Raises:
        DatasetNotFoundError: ``data_dir`` is given but is not a folder.
    """
    given = None if data_dir is None else Path(data_dir)
    if given is not None and not given.is_dir():
        raise DatasetNotFoundError(str(data_dir), "is not a folder", "pass the folder that contains the data")
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    roots = [root for root in (given, Path(named) if named else None) if root is not None]
    return [folder for root in roots for folder in (root, root / collection)] + [cache_folder(collection)]


def find_file(collection: str, names: Sequence[str], data_dir: AnyPath | None) -> Path | None:
    """Finds the first file with one of ``names`` in a collection's folders; ``None`` if there is none."""
    candidates = (folder / name for folder in search_folders(collection, data_dir) for name in names)
    return next((path for path in candidates if path.is_file()), None)


def require_file(collection: str, name: str, data_dir: AnyPath | None, *, published: str) -> Path:
    """Finds the file ``name`` of an optional collection; ``published`` says where to get it if it is missing.

    Raises:
        DatasetNotFoundError: no folder has the file.
    """
    path = find_file(collection, [name], data_dir)
    if path is None:
        raise DatasetNotFoundError(
            f"{collection}/{name}",
            "is not on this machine",
            f"this collection is optional ({published}); "
            f"pass the folder that contains {collection}/ with --data-dir "
            f"or {ENVIRONMENT_VARIABLE}",
        )
    return path
