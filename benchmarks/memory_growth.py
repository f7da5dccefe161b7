"""Whether memory stays flat over many readings.

``python benchmarks/memory_growth.py [--glyphs N] [--pages N] [--every N] [--only process|server]``

Reads synthetic pictures again and again: N of one digit, and N pages of three rows of six digits; first with
one ``Reader`` in this process, then through ``inkread serve`` with one worker, over HTTP. Prints the resident
memory of each process as readings add up. Growth is counted from a tenth of the readings, when everything is
loaded and the allocator has its pools. The exit code is 1 if a process grew by more than ``MOST_GROWTH``. On
Linux only.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import cv2
import httpx
import numpy as np
from PIL import Image

from inkread import Reader
from inkread.datasets.stroke_font import WriterStyle, write_row
from inkread.datasets.stroke_rendering import draw_strokes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

MOST_GROWTH: Final = 24_000_000
"""Bytes that a process may grow: what an allocator's pools vary by, however many readings there are."""

DISTINCT: Final = 200
"""Different pictures of a kind; more readings read each several times."""

PROCESSES = dict[str, int]
"""Process ids, by what the process does."""


def main() -> int:
    """Prints a table for each way of reading and each kind of picture."""
    parser = argparse.ArgumentParser(description="Measure the memory of many readings.")
    parser.add_argument("--glyphs", type=int, default=2_000, metavar="N", help="readings of one digit")
    parser.add_argument("--pages", type=int, default=200, metavar="N", help="readings of a page")
    parser.add_argument("--every", type=int, metavar="N", help="readings between two figures")
    parser.add_argument("--only", choices=["process", "server"], help="only one of the two ways")
    options = parser.parse_args()
    ways = {"process": in_process, "server": through_server}
    kinds = {"glyphs": (glyph_file, options.glyphs, True), "pages": (page_file, options.pages, False)}
    most = 0
    for way, reading in ways.items():
        if options.only not in (None, way):
            continue
        with reading() as (read, processes):
            for kind, (make, count, single) in kinds.items():
                if count:
                    print(f"\n{way}, {kind}: {count:,} readings", flush=True)
                    files = [make(np.random.default_rng(number)) for number in range(min(DISTINCT, count))]
                    each = options.every or max(1, count // 10)
                    most = max(most, grown(read, files, processes, count, each, single=single))
    print(f"\nLargest growth: {most / 1e6:.1f} MB; {MOST_GROWTH / 1e6:.0f} MB are allowed.")
    return int(most > MOST_GROWTH)


def grown(
    read: Callable[[bytes, bool], object],
    files: list[bytes],
    processes: PROCESSES,
    count: int,
    every: int,
    *,
    single: bool,
) -> int:
    """Reads ``count`` times, prints memory, and returns the bytes by which a process grew at most."""
    print(f"{'readings':>9} {'seconds':>8}  " + "  ".join(f"{name + ' MB':>12}" for name in processes))
    start = perf_counter()
    base: dict[str, int] = {}
    now: dict[str, int] = {}
    settled = max(1, count // 10)
    for number in range(1, count + 1):
        read(files[number % len(files)], single)
        if number in (1, settled, count) or number % every == 0:
            now = {name: resident(process) for name, process in processes.items()}
            base = now if number <= settled else base
            figures = "  ".join(f"{value / 1e6:12.1f}" for value in now.values())
            print(f"{number:9,} {perf_counter() - start:8.0f}  {figures}", flush=True)
    growth = {name: now[name] - base[name] for name in now}
    for name, value in growth.items():
        bytes_each = value / max(1, count - settled)
        print(f"{name}: {value / 1e6:+.1f} MB after {settled:,} readings, {bytes_each:+.0f} bytes a reading")
    return max(growth.values())


@contextmanager
def in_process() -> Iterator[tuple[Callable[[bytes, bool], object], PROCESSES]]:
    """Yields a function that reads in this process, and this process."""
    cv2.setNumThreads(1)
    reader = Reader(threads=1)
    yield lambda data, single: reader.trace(data, single=single), {"reader": os.getpid()}


@contextmanager
def through_server() -> Iterator[tuple[Callable[[bytes, bool], object], PROCESSES]]:
    """Yields a function that asks a server, and the server's processes."""
    command = [
        sys.executable,
        "-m",
        "inkread",
        "serve",
        "--port",
        "0",
        "--workers",
        "1",
        "--log-level",
        "error",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            address = re.search(r"http://\S+:\d+", line)
            with httpx.Client(base_url=address[0] if address else "", timeout=120) as client:

                def read(data: bytes, single: bool) -> object:
                    options = {"single": str(single).lower()}
                    return client.post("/v1/read", content=data, params=options).raise_for_status()

                read(page_file(np.random.default_rng(0)), False)
                yield read, {"server": server.pid, "worker": worker_of(server.pid)}
        finally:
            server.terminate()


def worker_of(process: int) -> int:
    """Returns the child process with the most memory."""
    threads = Path(f"/proc/{process}/task").iterdir()
    children = [int(word) for thread in threads for word in (thread / "children").read_text().split()]
    return max(children, key=resident)


def resident(process: int) -> int:
    """Returns a process's resident memory in bytes."""
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def glyph_file(rng: np.random.Generator) -> bytes:
    """Makes a PNG of one digit, 20 to 28 pixels high."""
    ink = written(str(rng.integers(10)), int(rng.integers(12, 20)), rng)
    return as_file(np.pad(ink, 4), "PNG", rng)


def page_file(rng: np.random.Generator) -> bytes:
    """Makes a JPEG of three rows of six digits."""
    page = np.zeros((240, 320), np.float32)
    for top in (20, 90, 160):
        text = "".join(map(str, rng.integers(0, 10, 6)))
        ink = written(text, 40, rng)
        place = page[top:, 20:][: ink.shape[0], : ink.shape[1]]
        np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)
    return as_file(page, "JPEG", rng)


def written(text: str, height: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws digits (height, any width), ink 1, by a writer of their own."""
    strokes = [stroke[:, :2] for stroke in write_row(text, WriterStyle.random(rng), rng)]
    return draw_strokes(strokes, height=height, pen_width=height / 12)


def as_file(ink: NDArray[np.float32], kind: str, rng: np.random.Generator) -> bytes:
    """Encodes dark ink on grainy paper."""
    grey, file = 225 - 170 * ink + rng.normal(0, 4, ink.shape), io.BytesIO()
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(file, kind)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
