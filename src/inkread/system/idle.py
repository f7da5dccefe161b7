"""Idle threads of OpenMP, which PyTorch computes with, sleep instead of spinning.

By default they spin for milliseconds after each layer. Where another program has the cores, they take them from the one thread that
all wait for: training took 2 to 8 times the processor time. On idle cores, sleeping costs nothing that could be measured.
"""

from __future__ import annotations

import os

SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
"""The standard's, and what LLVM's and Intel's libraries want beside it."""

OTHERS = ("GOMP_SPINCOUNT", "KMP_LIBRARY")
"""Of the libraries' own, what says the same."""


def let_idle_threads_sleep() -> None:
    """Sets the environment so, before PyTorch is imported, unless the user has set any of it."""
    if not any(name in os.environ for name in (*SETTINGS, *OTHERS)):
        os.environ.update(SETTINGS)
