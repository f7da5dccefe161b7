"""The system's dialog for choosing a picture, by Tk.

It runs in a process of its own: Tk and SDL both want the main thread, and the window goes on meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = """
import sys, tkinter
from tkinter import filedialog
root = tkinter.Tk()
root.withdraw()
root.attributes("-topmost", True)
sys.stdout.write(filedialog.askopenfilename(title="Open a picture", parent=root) or "")
"""
COMMAND = (sys.executable, "-c", SCRIPT)


class FileDialog:
    """Asks for one file at a time.

    Args:
        command: shows the dialog and prints the path, or nothing if it was canceled.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the dialog waits for an answer, or its answer was not fetched yet."""
        return self._process is not None

    def ask(self) -> None:
        """Shows the dialog, unless it is already there.

        Raises:
            OptionError: there is no dialog in this environment.
        """
        if self._process is not None:
            return
        if getattr(sys, "frozen", False):  # the program is not an interpreter
            raise _missing()
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        environment = os.environ | {"PYTHONUTF8": "1"}
        self._process = subprocess.Popen(  # type: ignore[call-overload] # noqa: S603 - our own command
            self._command, env=environment, **pipes
        )

    def chosen(self) -> Path | None:
        """Returns the file that was chosen since the last call, if any.

        Raises:
            OptionError: the dialog could not be shown.
        """
        if self._process is None or self._process.poll() is None:
            return None
        output, _ = self._process.communicate()
        failed, self._process = self._process.returncode != 0, None
        if failed:
            raise _missing()
        return Path(os.fsdecode(output)) if output else None

    def close(self) -> None:
        """Closes the dialog."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _missing() -> OptionError:
    return OptionError("Open", "needs Tk, which Python lacks here", "drop a picture on the window instead")
