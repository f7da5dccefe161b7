"""Speed and memory of batch jobs: ``python benchmarks/batch_speed.py [--write docs/scaling.md]``.

Reads the same synthetic pictures with a plain Python loop, with ``inkread batch`` and 1, 2, and 4 workers,
and with Ray if it is installed, one after the other in each repeat. Rates are medians over the repeats and
include starting processes and loading models. Memory is that of all processes of a job, with shared pages
counted once (PSS); its growth compares the last third of the job with the second. All jobs must end with the
same texts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

from _measure import processor, write_section
from _pictures import page, save_picture

from inkread.evaluation.reports.markdown import FIGURES, table
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS: Final = (1, 2, 4)
DISTINCT: Final = 500
"""Different pictures; a job of more reads each several times."""

SAMPLE_SECONDS: Final = 0.5
PRICE: Final = 0.04
"""Default price of a core hour in dollars."""

LOOP: Final = """
import json, sys
from pathlib import Path
import cv2
from inkread import Reader
cv2.setNumThreads(1)
reader = Reader(threads=1)
with open(sys.argv[2], "w") as out:
    for path in sorted(Path(sys.argv[1]).iterdir()):
        out.write(json.dumps({"source": str(path), "text": reader.read(path).text}) + "\\n")
"""


@dataclass(frozen=True)
class Measured:
    """One job.

    Attributes:
        seconds: from start to end.
        processor: CPU seconds of its processes.
        memory: megabytes of all its processes together, over time.
    """

    seconds: float
    processor: float
    memory: list[float]

    @property
    def growth(self) -> float:
        """Median memory of the last third over that of the second third."""
        third = len(self.memory) // 3
        return median(self.memory[-third:]) / median(self.memory[third : 2 * third]) if third else 1.0


def main() -> int:
    """Prints the figures in Markdown, and writes them into a document if one is named."""
    parser = argparse.ArgumentParser(description="Measure the speed and memory of batch jobs.")
    parser.add_argument("--pictures", type=int, default=2_000, metavar="N", help="pictures per job")
    parser.add_argument("--rows", type=int, default=3, metavar="N", help="rows of digits of a picture")
    parser.add_argument("--digits", type=int, default=6, metavar="N", help="digits of a row")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="jobs of each kind")
    parser.add_argument("--price", type=float, default=PRICE, metavar="X", help="dollars per core hour")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the document to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="inkread-batch-speed-") as name:
        folder = Path(name)
        size = draw_pictures(folder / "scans", options.pictures, options.rows, options.digits)
        found = measured(folder, options.repeats)
    kind = f"{size} pixels and {options.rows * options.digits} digits"
    figures = report(found, options.pictures, kind, options.price)
    print(figures)
    if options.write:
        write_section(options.write, FIGURES, figures)
    return 0


def draw_pictures(folder: Path, wanted: int, rows: int, digits: int) -> str:
    """Writes JPEG pictures of digits on grainy paper, each by another writer; returns their size."""
    folder.mkdir()
    for number in range(min(wanted, DISTINCT)):
        save_picture(page(number, rows, digits), folder / f"{number:06}.jpg", quality=85)
    first = sorted(folder.iterdir())
    for number in range(len(first), wanted):
        (folder / f"{number:06}.jpg").hardlink_to(first[number % DISTINCT])
    height, width = page(0, rows, digits).shape
    return f"{width}×{height}"


def measured(folder: Path, repeats: int) -> dict[str, list[Measured]]:
    """Runs all jobs and returns what they took; raises an error if they read different texts."""
    batch = [sys.executable, "-m", "inkread", "batch", str(folder / "scans"), "--format", "jsonl", "--quiet"]
    loop = [sys.executable, "-c", LOOP, str(folder / "scans")]
    numbers, texts = count(), set[str]()
    cases = {"a plain loop": loop}
    for each in WORKERS:
        cases[f"{each} worker{'s' * (each > 1)}"] = [*batch, "--workers", str(each), "--out"]
    if find_spec("ray"):
        actors = str(usable_cores())
        cases[f"Ray, {actors} actors"] = [*batch, "--engine", "ray", "--workers", actors, "--out"]
    found: dict[str, list[Measured]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, command in cases.items():
            out = folder / f"out-{next(numbers)}"
            found[name].append(watched([*command, str(out)]))
            texts.add(json.dumps(texts_in(out)))
            if len(texts) > 1:
                raise RuntimeError(f"{name}: read other texts than the jobs before it")
    return found


def texts_in(out: Path) -> list[list[str]]:
    """Returns the names and texts of all pictures of a job, sorted."""
    parts = sorted(out.glob("part-*")) if out.is_dir() else [out]
    rows = [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]
    return sorted([Path(row["source"]).name, row["text"]] for row in rows)


def watched(command: list[str]) -> Measured:
    """Runs a job; samples the memory of its processes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    memory, ended = list[float](), threading.Event()
    with subprocess.Popen(command) as process:

        def sample() -> None:
            while not ended.wait(SAMPLE_SECONDS):
                memory.append(sum(map(proportional_memory, family(process.pid))))

        sampler = threading.Thread(target=sample)
        sampler.start()
        code = process.wait()
        seconds = perf_counter() - start
        ended.set()
        sampler.join()
    if code:
        raise RuntimeError(f"{' '.join(command)}: ended with code {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, spent, memory or [0.0])


def family(process: int) -> Iterator[int]:
    """Yields a process and its descendants."""
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it has ended
            continue
        for child in children:
            yield from family(int(child))


def proportional_memory(process: int) -> float:
    """Returns a process's megabytes, with shared pages divided among those that share them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def report(found: dict[str, list[Measured]], pictures: int, kind: str, price: float) -> str:
    """Returns the table of all jobs on pictures of a kind, and what many pages cost."""
    rates = {name: median(pictures / each.seconds for each in jobs) for name, jobs in found.items()}
    rows = []
    for name, jobs in found.items():
        spent = median(each.processor for each in jobs)
        rows.append(
            [
                name,
                f"{rates[name]:.1f}",
                f"{rates[name] / rates['1 worker']:.2f}",
                f"{1000 * spent / pictures:.0f} ms" if not name.startswith("Ray") else "",
                f"{median(max(each.memory) for each in jobs):.0f} MB",
                f"{median(each.growth for each in jobs) - 1:+.0%}",
            ]
        )
    heading = ["", "pages a second", "of one worker's", "processor time a page", "peak memory", "growth"]
    repeats = len(found["1 worker"])
    where = f"{processor()}, {usable_cores()} cores; {pictures:,} pictures of {kind}"
    where += f", medians of {repeats}" if repeats > 1 else ", once each"
    efficiency = rates["2 workers"] / rates["1 worker"] / 2
    best = min(median(each.processor for each in jobs) for name, jobs in found.items() if "worker" in name)
    return "\n".join(
        [
            table(heading, rows),
            f"{where}. Parallel efficiency of two workers: {efficiency:.2f}.\n",
            *costs(best / pictures, price),
        ]
    )


def costs(seconds: float, price: float) -> Iterator[str]:
    """Yields what a million and a billion pages cost.

    Args:
        seconds: CPU seconds per page.
        price: dollars per core hour.
    """
    yield f"With {1000 * seconds:.0f} ms of processor time a page and {price:g} dollars a core hour:\n"
    rows = []
    for name, pages in (("a million pages", 1e6), ("a billion pages", 1e9)):
        hours = pages * seconds / 3600
        rows.append([name, f"{hours:,.0f}", f"{hours * price:,.2f} dollars"])
    yield table(["", "core hours", "cost"], rows)


if __name__ == "__main__":
    sys.exit(main())
