"""Time and memory to read small pictures, a photo of 50 digits, and the slowest pictures.

``python benchmarks/reading_time.py [--repeat 5] [--threads 0] [--megapixels 12] [CASE...]``

A separate process reads each case several times, including decoding, after a small picture that loads the
models. The slowest pictures are those of tests/worst_pictures.py, drawn at the size to which the largest
pictures are reduced. Seconds are medians; CPU seconds are the sum over the cores, and hardly depend on other
load. The exit code is 1 if a case takes more time or memory than promised.
"""

from __future__ import annotations

import argparse
import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from _measure import ROOT
from _pictures import photo, save_picture
from PIL import Image

SMALL: Final = ("pencil_rows", "marker_seven", "phone_number")
"""Examples of up to 1040×780 pixels."""
PHOTO: Final = "photo of 50 digits"
SECONDS: Final = {"small": 0.08, "photo": 0.5, "worst": 3.0}
"""Maximum seconds for each kind of case on two otherwise idle cores."""
MEGABYTES: Final = 700
"""Maximum memory of the process."""
ASPECT: Final = 4 / 3
CHILD: Final = """
import json, resource, statistics, sys, time
import cv2
from inkread import Reader
warm, picture, repeat, threads = sys.argv[1:]
cv2.setNumThreads(int(threads) or -1)
reader = Reader(threads=int(threads))
reader.read(warm)
spans = []
for _ in range(int(repeat)):
    start = time.perf_counter(), time.process_time()
    reading = reader.read(picture)
    spans.append((time.perf_counter() - start[0], time.process_time() - start[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([*map(statistics.median, zip(*spans)), peak / 1e6, len(reading.digits)]))
"""


def main() -> int:
    """Prints a row per case."""
    worst = runpy.run_path(str(ROOT / "tests" / "worst_pictures.py"))["WORST"]
    parser = argparse.ArgumentParser(description="Time and memory to read a picture.")
    parser.add_argument("cases", nargs="*", metavar="CASE", default=[*SMALL, PHOTO, *worst])
    parser.add_argument("--repeat", type=int, default=5, help="readings per case")
    parser.add_argument("--threads", type=int, default=0, help="intra-op threads; 0 means one per core")
    parser.add_argument(
        "--megapixels", type=float, default=12, help="size of the photo and of the slowest pictures"
    )
    options = parser.parse_args()
    width = round((options.megapixels * 1e6 * ASPECT) ** 0.5)
    size = width, round(width / ASPECT)
    broken = False
    print(f"{'case':24} {'median s':>8} {'CPU s':>6} {'promised':>8} {'peak MB':>8} {'digits':>6}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.png"
        for name in options.cases:
            kind = "small" if name in SMALL else "photo" if name == PHOTO else "worst"
            if kind == "small":
                picture = ROOT / "examples" / f"{name}.jpg"
            elif kind == "photo":
                picture = file.with_suffix(".jpg")
                save_picture(photo(*size), picture)
            else:
                draw, (across, down) = worst[name]
                page = Image.fromarray(draw(across, min(down, round(across / ASPECT))))
                factor = size[0] / across
                picture = file
                page.resize((size[0], round(page.height * factor)), Image.Resampling.NEAREST).save(picture)
            seconds, processor, peak, digits = read_alone(picture, options.repeat, options.threads)
            broken = broken or seconds > SECONDS[kind] or peak > MEGABYTES
            print(
                f"{name:24} {seconds:8.3f} {processor:6.2f} {SECONDS[kind]:8.2f} {peak:8.0f} {digits:6}",
                flush=True,
            )
    print(f"Promised on two cores, and {MEGABYTES} MB at most. {'Broken.' if broken else 'Kept.'}")
    return int(broken)


def read_alone(picture: Path, repeat: int, threads: int) -> tuple[float, float, float, int]:
    """Returns a new process's median seconds, CPU seconds, peak megabytes, and number of digits."""
    warm = ROOT / "examples" / "marker_seven.jpg"
    command = [sys.executable, "-c", CHILD, str(warm), str(picture), str(repeat), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, processor, peak, digits = json.loads(done.stdout)
    return seconds, processor, peak, digits


if __name__ == "__main__":
    sys.exit(main())
