"""Whole-process times and peak memory, as users see them: ``python benchmarks/cold_start.py [RUNS]``.

Every figure is the median of several new processes, after one warm-up run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "phone_number.jpg"
TWELVE_MEGAPIXELS = (4000, 3000)
PEAK_OF_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main(runs: int) -> None:
    """Prints a table of medians."""
    inkread = [sys.executable, "-m", "inkread"]
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        Image.open(EXAMPLE).resize(TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC).save(photo, quality=92)
        commands = {
            "import inkread": [sys.executable, "-c", "import inkread"],
            "(python -c pass)": [sys.executable, "-c", "pass"],
            "inkread --help": [*inkread, "--help"],
            f"inkread read {EXAMPLE.name}": [*inkread, "read", str(EXAMPLE)],
            "inkread read, 12-megapixel photo": [*inkread, "read", str(photo)],
        }
        print(f"{'command':36} {'median s':>9} {'min s':>7} {'max s':>7} {'peak MB':>8}")
        for name, command in commands.items():
            times = [seconds(command) for _ in range(runs + 1)][1:]
            middle = statistics.median(times)
            print(
                f"{name:36} {middle:9.3f} {min(times):7.3f} {max(times):7.3f} {peak_megabytes(command):8.0f}"
            )


def seconds(command: list[str]) -> float:
    """Measures the wall-clock time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def peak_megabytes(command: list[str]) -> float:
    """Measures the peak resident memory of one run, in a process without other children."""
    result = subprocess.run(
        [sys.executable, "-c", PEAK_OF_CHILD, *command], check=True, capture_output=True, text=True
    )
    return int(result.stdout) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
