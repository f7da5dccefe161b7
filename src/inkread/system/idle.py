"""Makes idle OpenMP threads, which PyTorch computes with, sleep instead of spin.

By default they spin for milliseconds after each layer. If another program uses the cores, spinning takes them
from the one thread that all others wait for: training took 2 to 8 times the CPU time. On idle cores, sleeping
has no measurable cost.
"""

from __future__ import annotations

import os

SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
"""The standard variable, and those that LLVM's and Intel's libraries need as well."""

OTHERS = ("GOMP_SPINCOUNT", "KMP_LIBRARY")
"""Variables of individual libraries with the same effect."""


def let_idle_threads_sleep() -> None:
    """Sets these variables, unless the user has set any of them; call it before PyTorch is imported."""
    if not any(name in os.environ for name in (*SETTINGS, *OTHERS)):
        os.environ.update(SETTINGS)
