"""The user's folders for inkread's files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from inkread.errors import OutputError


def user_folder(variable: str, fallback: str) -> Path:
    """Returns the user's folder for inkread's files.

    Follows the XDG Base Directory specification: ``variable`` is one of its, such as ``XDG_CACHE_HOME``, and
    ``fallback`` a folder in the user's home. On Windows, ``LOCALAPPDATA``.

    Raises:
        OutputError: the variable is not set, and the user has no home folder.
    """
    if sys.platform == "win32":
        variable, fallback = "LOCALAPPDATA", "AppData/Local"
    folder = Path(os.environ.get(variable, ""))
    if not folder.is_absolute():  # the specification: a relative path is invalid and must be ignored
        try:
            folder = Path.home() / fallback
        except RuntimeError as error:
            remedy = f"set HOME or {variable} to a folder"
            raise OutputError("the home folder", "is unknown", remedy) from error
    return folder / "inkread"
