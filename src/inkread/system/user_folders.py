"""The user's folders for inkread's files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from inkread.errors import OutputError


def user_folder(variable: str, fallback: str) -> Path:
    """Returns the user's folder for inkread's files.

    Follows the XDG Base Directory specification; on Windows, ``LOCALAPPDATA``.

    Args:
        variable: a variable of the specification, such as ``XDG_CACHE_HOME``.
        fallback: the folder in the user's home if the variable is not set.

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
            raise OutputError(
                "the home folder", "is unknown", f"set HOME or {variable} to a folder"
            ) from error
    return folder / "inkread"
