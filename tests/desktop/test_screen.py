"""The real command, on a virtual screen, with a real mouse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import handwriting
import pytest

pytest.importorskip("pygame", reason="needs the extra desktop")

PATIENCE = 300.0

CALM = 2.0
"""Seconds of inactivity, so that the drawing can be read and displayed."""

TOOLS = ("Xvfb", "xdotool")

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in TOOLS), reason=f"needs {' and '.join(TOOLS)}"
)


@pytest.fixture
def screen() -> Iterator[dict[str, str]]:
    """The environment of a program that opens its window on a virtual screen."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        "1280x900x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    try:
        assert number, "the screen did not start"
        environment = {key: value for key, value in os.environ.items() if key != "SDL_VIDEODRIVER"}
        yield environment | {"DISPLAY": f":{number}"}
    finally:
        server.terminate()
        server.wait(PATIENCE)


def xdotool(environment: dict[str, str], *words: object) -> str:
    command = ["xdotool", *(str(word) for word in words)]
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    return result.stdout.strip()


def titles(environment: dict[str, str]) -> dict[str, str]:
    """Returns the windows' numbers and titles."""
    windows = xdotool(environment, "search", "--onlyvisible", "--class", "inkread").split()
    return {window: xdotool(environment, "getwindowname", window) for window in windows}


def window_of(environment: dict[str, str], title: str) -> str | None:
    """Returns the number of the window whose title begins like this, or ``None``."""
    return next((window for window, found in titles(environment).items() if found.startswith(title)), None)


def drag(environment: dict[str, str], window: str, stroke: list[tuple[int, int]]) -> None:
    """Drags the mouse with its left button pressed."""
    first, *others = (["mousemove", "--window", window, *position] for position in stroke)
    xdotool(environment, *first, "mousedown", 1, *chain.from_iterable(others), "mouseup", 1)


def test_a_digit_drawn_with_the_mouse_is_read_and_saved_by_key(screen, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "inkread", "draw", "--grid", "--save-to", str(tmp_path)]
    with subprocess.Popen(
        command, env=screen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:

        def until_titled(title: str, doing: Callable[[], object] = lambda: None) -> str:
            deadline, calm = time.monotonic() + PATIENCE, CALM
            while time.monotonic() < deadline:
                assert program.poll() is None, program.communicate()
                doing()
                until, calm = time.monotonic() + calm, 2 * calm
                while time.monotonic() < until:
                    if window := window_of(screen, title):
                        return window
            raise AssertionError(f"no window is titled {title!r}, only {titles(screen)}")

        try:
            window = until_titled("inkread draw")
            xdotool(screen, "windowfocus", "--sync", window)
            # A newly opened window ignores the mouse for a moment: repeat until it reads a dot as something.
            until_titled("no digit – inkread draw", lambda: drag(screen, window, [(300, 300)]))
            xdotool(screen, "key", "r")
            until_titled("inkread draw")
            for stroke in handwriting.strokes_in(4, (150, 150, 280, 380)):
                drag(screen, window, stroke)
            until_titled("4 – inkread draw")
            xdotool(screen, "key", "s", "key", "ctrl+q")
            out, err = program.communicate(timeout=PATIENCE)
        finally:
            program.kill()
    assert (program.returncode, out, err) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["drawing-001.png"]
