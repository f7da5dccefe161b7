"""Whole-process times and peak memory, as users see them: ``python benchmarks/cold_start.py [RUNS]``.

Every figure is the median of several new processes, after one warm-up run. Beside inkread: the usual Keras
script, which loads its saved network and reads one picture, and Tesseract. The commands alternate, so that
other load on the machine affects all of them. The package is compiled to bytecode first, as pip does when it
installs a package.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _measure import ROOT, Spread, circumstances
from _peers import ENVIRONMENT, HERE, MissingPeerError, keras_models, python_of, tesseract
from fast import mnist, saved
from PIL import Image

import inkread
from inkread.errors import DatasetNotFoundError
from inkread.evaluation.reports.markdown import table

DIGIT, EXAMPLE = (ROOT / "examples" / name for name in ("marker_seven.jpg", "phone_number.jpg"))
RUNS = 9
READ, KERAS = f"`inkread read {DIGIT.name}`", "the Keras script on"
TWELVE_MEGAPIXELS = (4000, 3000)
PEAK_OF_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main(runs: int) -> None:
    """Prints circumstances, ratios, and a table."""
    print(figures(f"python benchmarks/cold_start.py {runs}", runs=runs))


def figures(command: str, *, runs: int = RUNS, quick: bool = False) -> str:
    """Measures everything, and returns it in Markdown."""
    compileall.compile_dir(Path(inkread.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = folder / "photo.jpg"
        Image.open(EXAMPLE).resize(TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC).save(photo, quality=92)
        commands = ours(photo) | peers(folder, quick=quick)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs + 1):
            for title, each in commands.items():
                times[title].append(seconds(each))
        memory = {title: peak_megabytes(each) for title, each in commands.items()}
    spreads = {title: Spread(tuple(found[1:])) for title, found in times.items()}
    rows = [[title, spread.shown(), f"{memory[title]:.0f}"] for title, spread in spreads.items()]
    return "\n".join(
        [circumstances(command), ratios(spreads), table(["whole process", "seconds", "peak MB"], rows)]
    )


def ours(photo: Path) -> dict[str, list[str]]:
    """Returns the commands of inkread, and of Python alone, by title."""
    inkread = [sys.executable, "-m", "inkread"]
    return {
        READ: [*inkread, "read", str(DIGIT)],
        f"`inkread read {EXAMPLE.name}`": [*inkread, "read", str(EXAMPLE)],
        "`inkread read`, 12-megapixel photo": [*inkread, "read", str(photo)],
        "`inkread --help`": [*inkread, "--help"],
        "`import inkread`": [sys.executable, "-c", "import inkread"],
        "`python -c pass`": [sys.executable, "-c", "pass"],
    }


def peers(folder: Path, *, quick: bool) -> dict[str, list[str]]:
    """Returns the commands of the peers that are there, by title."""
    found = {}
    try:
        script, model = (
            str(HERE / "_keras_script.py"),
            keras_models(saved(mnist(), folder / "mnist.npz"), quick=quick),
        )
        found[f"{KERAS} {DIGIT.name}"] = [
            python_of("keras"),
            script,
            "read",
            str(model / "cnn.keras"),
            str(DIGIT),
        ]
    except (MissingPeerError, DatasetNotFoundError) as error:
        print(f"not measured: {error}", file=sys.stderr)
    try:
        found[f"Tesseract {DIGIT.name}"] = [tesseract(), str(DIGIT), "-", "--psm", "10"]
    except MissingPeerError as error:
        print(f"not measured: {error}", file=sys.stderr)
    return found


def ratios(spreads: dict[str, Spread]) -> str:
    """Says how many times as fast as each peer a reading is, as a whole process."""
    lines = []
    for title, spread in spreads.items():
        if title.startswith((KERAS, "Tesseract")):
            ratio = spread.median / spreads[READ].median
            lines.append(
                f"- {READ} is {ratio:.1f} times as fast as {title}"
                if ratio >= 1
                else f"- {title} is {1 / ratio:.1f} times as fast as {READ}"
            )
    return "\n".join(lines) + "\n"


def seconds(command: list[str]) -> float:
    """Measures the wall-clock time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def peak_megabytes(command: list[str]) -> float:
    """Measures the peak resident memory of one run, in a process without other children."""
    result = subprocess.run(
        [sys.executable, "-c", PEAK_OF_CHILD, *command],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(result.stdout) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
