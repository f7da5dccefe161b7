"""The user's folders for inkread's files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from inkread.errors import OutputError


def user_folder(variable: str, fallback: str) -> Path:
    """The user's own folder for inkread's files (XDG Base Directory specification; ``LOCALAPPDATA`` on Windows).

    Args:
        variable: of the specification, such as ``XDG_CACHE_HOME``.
        fallback: the folder in the user's home where the variable is not set.

    Raises:
        OutputError: the variable is not set, and the user has no home.
    """
    if sys.platform == "win32":
        variable, fallback = "LOCALAPPDATA", "AppData/Local"
    folder = Path(os.environ.get(variable, ""))
    if not folder.is_absolute():  # the specification: a relative path is invalid, and to be ignored
        try:
            folder = Path.home() / fallback
        except RuntimeError as error:
            raise OutputError(
                "the home folder", "is not known", f"set HOME or {variable} to a folder"
            ) from error
    return folder / "inkread"
