"""Time and memory to read small pictures, a photo of 50 digits, and the slowest pictures.

``python benchmarks/reading_time.py [--repeat 5] [--threads 0] [--megapixels 12] [--alphabet text] [CASE...]``
``python benchmarks/reading_time.py --search time|memory [--minutes 10] [--seed 0] [--alphabet text]``

A separate process reads each case several times, including decoding, after a small picture that loads the
models. The slowest pictures are those of tests/worst_pictures.py, drawn at the size to which the largest
pictures are reduced. Seconds are medians; CPU seconds are the sum over the cores, and hardly depend on other
load. The exit code is 1 if a case takes more time or memory than promised.

``--search`` looks for pictures that are slower, or take more memory, than those: it changes the parameters of
the generators in ``SPACE`` one after the other, keeps what is worse, and begins anew where nothing is. It
prints each new worst picture; keep it by adding it to ``WORST``.
"""

from __future__ import annotations

import argparse
import json
import random
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
from _measure import ROOT
from _pictures import photo, save_picture
from PIL import Image

from inkread.reader import open_reader

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL: Final = ("pencil_rows", "marker_seven", "phone_number")
"""Examples of up to 1040×780 pixels."""
PHOTO: Final = "photo of 50 digits"
SECONDS: Final = {"small": 0.08, "photo": 0.5, "worst": 3.0}
"""Maximum seconds for each kind of case on two otherwise idle cores."""
MEGABYTES: Final = 700
"""Maximum memory of the process."""
ASPECT: Final = 4 / 3
FAILURES: Final = 6
"""Changes in a row that make nothing worse, after which the search begins anew."""
GIVEN_UP: Final = 0.4
"""A beginning that costs less than this share of the worst is not pursued."""
CHILD: Final = """
import json, resource, statistics, sys, time
import cv2
from inkread.reader import open_reader
warm, picture, repeat, threads, alphabet = sys.argv[1:]
cv2.setNumThreads(int(threads) or -1)
reader = open_reader(alphabet, threads=int(threads))
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
    pictures = runpy.run_path(str(ROOT / "tests" / "worst_pictures.py"))
    worst = pictures["WORST"]
    parser = argparse.ArgumentParser(description="Time and memory to read a picture.")
    parser.add_argument("cases", nargs="*", metavar="CASE", default=[*SMALL, PHOTO, *worst])
    parser.add_argument("--repeat", type=int, default=5, help="readings per case")
    parser.add_argument("--threads", type=int, default=0, help="intra-op threads; 0 means one per core")
    parser.add_argument(
        "--megapixels", type=float, default=12, help="size of the photo and of the slowest pictures"
    )
    parser.add_argument("--alphabet", default="digits", help="what is read, as in inkread read --alphabet")
    parser.add_argument("--search", choices=("time", "memory"), help="look for worse pictures instead")
    parser.add_argument("--minutes", type=float, default=10, help="how long to search")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    options = parser.parse_args()
    if options.search:
        return search(pictures, options)
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
            seconds, processor, peak, digits = read_alone(
                picture, options.repeat, options.threads, options.alphabet
            )
            broken = broken or seconds > SECONDS[kind] or peak > MEGABYTES
            print(
                f"{name:24} {seconds:8.3f} {processor:6.2f} {SECONDS[kind]:8.2f} {peak:8.0f} {digits:6}",
                flush=True,
            )
    print(f"Promised on two cores, and {MEGABYTES} MB at most. {'Broken.' if broken else 'Kept.'}")
    return int(broken)


def search(pictures: dict[str, Any], options: argparse.Namespace) -> int:
    """Climbs to the slowest pictures, or those that take the most memory, and prints them."""
    rng = random.Random(options.seed)  # noqa: S311 - it keeps no secret
    end, best = time.monotonic() + 60 * options.minutes, 0.0
    cost = _cost(pictures, options)
    tried = 0
    while time.monotonic() < end:
        name = rng.choice(list(pictures["SPACE"]))
        ranges = pictures["SPACE"][name][1] | {
            "filled": pictures["FILLED"],
            "turned": (0.0, 1.0),
            **dict.fromkeys(("width", "height"), pictures["SIDES"]),
        }
        values = {key: rng.uniform(*limits) for key, limits in ranges.items()}
        values |= {"width": ranges["width"][1], "height": ranges["height"][1]}  # most are worst when full
        here, failures, step = 0.0, 0, 0.5
        while failures < FAILURES and time.monotonic() < end:
            tried += 1
            changed = values if not here else _changed(values, ranges, step, rng)
            found = cost(name, changed)
            if found > here:
                here, values, failures = found, changed, 0
            else:
                failures, step = failures + 1, step * 0.8
            if here > best:
                best = here
                unit = "CPU seconds" if options.search == "time" else "megabytes"
                shown = ", ".join(f"{key}={value:.4g}" for key, value in values.items())
                print(f"{best:8.2f} {unit:12} {name}: {shown}", flush=True)
            elif here < GIVEN_UP * best:
                break
    print(f"{tried} pictures in {options.minutes:g} minutes, seed {options.seed}.")
    return 0


def _changed(
    values: dict[str, float], ranges: dict[str, tuple[float, float]], step: float, rng: random.Random
) -> dict[str, float]:
    """Changes one parameter by at most a share ``step`` of its range."""
    key = rng.choice(list(ranges))
    low, high = ranges[key]
    value = values[key] + rng.uniform(-step, step) * (high - low)
    return values | {key: min(high, max(low, value))}


def _cost(pictures: dict[str, Any], options: argparse.Namespace) -> Callable[[str, dict[str, float]], float]:
    """Returns the function that measures a picture: CPU seconds in this process, or megabytes in another."""
    if options.search == "time":
        cv2.setNumThreads(1)
        reader = open_reader(options.alphabet, threads=1)
        reader.read(ROOT / "examples" / "marker_seven.jpg")

        def seconds(name: str, values: dict[str, float]) -> float:
            page = pictures["drawn"](name, **values)
            start = time.process_time()
            reader.read(page)
            return time.process_time() - start

        return seconds

    def megabytes(name: str, values: dict[str, float]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "picture.png"
            Image.fromarray(pictures["drawn"](name, **values)).save(file)
            return read_alone(file, 1, 1, options.alphabet)[2]

    return megabytes


def read_alone(
    picture: Path, repeat: int, threads: int, alphabet: str = "digits"
) -> tuple[float, float, float, int]:
    """Returns a new process's median seconds, CPU seconds, peak megabytes, and number of digits."""
    warm = ROOT / "examples" / "marker_seven.jpg"
    command = [sys.executable, "-c", CHILD, str(warm), str(picture), str(repeat), str(threads), alphabet]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, processor, peak, digits = json.loads(done.stdout)
    return seconds, processor, peak, digits


if __name__ == "__main__":
    sys.exit(main())
