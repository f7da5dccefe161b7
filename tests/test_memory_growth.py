"""Memory stays flat, however many pictures are read."""

from __future__ import annotations

import gc
import importlib.util
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from inkread import Reader

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "memory_growth.py"

READINGS, LOADED = 300, 40
"""Readings, and after how many of them everything is loaded."""

MOST_BYTES = READINGS * 28 * 28 // 2
"""Bytes that Python and NumPy may hold more after them: less than half a glyph per reading."""

MOST_RESIDENT = 24_000_000
"""Bytes that the process may grow, with what libraries allocate themselves: 80 kB per reading."""


@pytest.fixture(scope="module")
def growth():
    spec = importlib.util.spec_from_file_location("memory_growth", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_hundreds_of_readings_leave_no_memory_behind(growth):
    reader = Reader(threads=1)
    files = [growth.glyph_file(np.random.default_rng(number)) for number in range(20)]

    def read(count):
        for number in range(count):
            reader.trace(files[number % len(files)], single=True)
        gc.collect()

    read(LOADED)
    resident = growth.resident(growth.os.getpid())
    tracemalloc.start()
    try:
        read(LOADED)
        before = tracemalloc.get_traced_memory()[0]
        read(READINGS)
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert left < MOST_BYTES, f"{left / READINGS:.0f} bytes stay of each reading"
    assert growth.resident(growth.os.getpid()) - resident < MOST_RESIDENT
