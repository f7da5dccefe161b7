"""What a camera window is for: pages that move are read right, and the picture does not stutter meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygame")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "camera.py"
PAGES = 4


def test_pages_that_move_are_read_right_in_a_window_that_does_not_stutter():
    # Without collections, so that the pages are the same everywhere: by the hand-made alphabet.
    environment = {name: value for name, value in os.environ.items() if name != "INKREAD_DATA"}
    command = [sys.executable, str(BENCHMARK), "--pages", str(PAGES), "--seconds", "3", "--verbose"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment | {"SDL_VIDEODRIVER": "dummy", "XDG_CACHE_HOME": "nowhere"},
    )
    assert done.returncode == 0, done.stderr

    def figure(pattern: str) -> float:
        found = re.search(pattern, done.stdout)
        assert found, done.stdout
        return float(found[1])

    assert figure(r"([\d.]+) shown a second") >= 15, done.stdout
    assert figure(r"steady digits right: ([\d.]+)%") >= 95, done.stdout
    assert figure(r"steady texts right: ([\d.]+)%") >= 95, done.stdout
    assert figure(r"pages read: (\d+) of") == PAGES, done.stdout
