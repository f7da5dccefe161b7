"""Training does not occupy idle cores."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from inkread.system.cores import OTHERS, SETTINGS


def spins(code: str, **environment: str) -> int:
    """Returns how long idle threads spin, as reported by PyTorch's library: rounds, or milliseconds."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed (extra: train)")
    others = {name: value for name, value in os.environ.items() if name not in (*SETTINGS, *OTHERS)}
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=others | {"OMP_DISPLAY_ENV": "VERBOSE"} | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    found = re.search(r"(?:GOMP_SPINCOUNT|KMP_BLOCKTIME) ?= ?'(\d+)", shown)
    if found is None:
        pytest.skip("PyTorch computes without OpenMP here")
    return int(found[1])


@pytest.mark.parametrize(
    "code",
    [
        "from inkread.training import train",
        "from inkread.evaluation.plots.network import require_torch; require_torch()",
        "from inkread.cli import main; main(['--version']); import torch",
    ],
)
def test_idle_threads_sleep(code):
    assert spins(code) == 0


def test_the_users_own_setting_stays():
    assert spins("from inkread.training import train", GOMP_SPINCOUNT="1234", KMP_BLOCKTIME="1234") == 1234
    assert spins("from inkread.training import train", OMP_WAIT_POLICY="ACTIVE") > 0
