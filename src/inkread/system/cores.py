"""The processor cores that this process may use, and idle threads on them."""

from __future__ import annotations

import os

SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
"""The standard variable, and those that LLVM's and Intel's libraries need as well."""

OTHERS = ("GOMP_SPINCOUNT", "KMP_LIBRARY")
"""Variables of individual libraries with the same effect."""


def let_idle_threads_sleep() -> None:
    """Makes idle OpenMP threads, which PyTorch computes with, sleep instead of spin.

    By default they spin for milliseconds after each layer. If another program uses the cores, spinning takes
    them from the one thread that all others wait for: training took 2 to 8 times the CPU time. On idle cores,
    sleeping has no measurable cost. Call this before PyTorch is imported; it respects the user's settings.
    """
    if not any(name in os.environ for name in (*SETTINGS, *OTHERS)):
        os.environ.update(SETTINGS)


def usable_cores() -> int:
    """Returns their number, at least 1; a container or ``taskset`` may allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
