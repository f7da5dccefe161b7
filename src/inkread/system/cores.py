"""The processor cores that this process may use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Returns their number, at least 1; a container or ``taskset`` may allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
