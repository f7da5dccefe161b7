"""Seconds of one core to read the pictures that take longest: ``python benchmarks/reading_time.py [PICTURE...]``.

The pictures are those of tests/worst_pictures.py, at the size that every larger picture is reduced to.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path

import cv2

from inkread import Reader

MOST_SECONDS = 5.0
"""What reading may take on one core, decoding aside, which benchmarks/memory.py times."""


def main(names: list[str]) -> int:
    """Prints a row per picture; 1 if one took longer than is promised."""
    pictures = runpy.run_path(str(Path(__file__).resolve().parents[1] / "tests" / "worst_pictures.py"))
    worst = pictures["worst"]
    cv2.setNumThreads(1)
    reader = Reader(threads=1)
    reader.read(worst("small diagram"))  # so that the models are loaded
    slowest = 0.0
    for name in names or pictures["WORST"]:
        page = worst(name)
        start = time.process_time()
        reading = reader.read(page)
        seconds = time.process_time() - start
        slowest = max(slowest, seconds)
        print(f"{name:24} {seconds:6.2f} s  {len(reading.digits):5} digits", flush=True)
    print(f"Slowest: {slowest:.2f} s, promised {MOST_SECONDS:.0f} s.")
    return int(slowest > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
