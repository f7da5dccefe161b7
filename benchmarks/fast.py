"""Seconds until 99 %: ``python benchmarks/fast.py [--seeds 3] [--tensorflow PYTHON]``.

Trains the recipes ``fast`` and ``brisk`` with the data in memory. With ``--tensorflow``, also trains a
typical Keras script on TensorFlow, in the environment of that Python, to the same held-out accuracy. The runs
alternate, so that other load on the machine affects all of them. Seconds cover training only. Ratios are
printed first, because seconds depend on the processor, which is printed too.

To make an environment: ``python -m venv tf && tf/bin/pip install tensorflow``, then ``--tensorflow
tf/bin/python``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.mnist import HELD_OUT, LEARNED, load_mnist
from inkread.errors import InkreadError
from inkread.evaluation.reports.markdown import table
from inkread.training import RECIPES, Recipe
from inkread.training.digits import evaluate, fit

if TYPE_CHECKING:
    from inkread.datasets.glyphs import LabelledGlyphs

NAMES = ("fast", "brisk")
KERAS = "Keras on TensorFlow"
SCRIPT = Path(__file__).parent / "_keras_script.py"

GOAL = 0.99
"""Held-out accuracy at which training ends."""

MOST_EPOCHS = 12
"""Maximum epochs of the Keras script."""


@dataclasses.dataclass(frozen=True)
class Timed:
    """The result of a training run: seconds, accuracies on the held-out and the test images, epochs."""

    seconds: float
    held_out: float
    test: float
    epochs: int


def main() -> None:
    """Prints the ratios, and a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure the seconds until 99 %.")
    parser.add_argument("--seeds", type=int, default=3, help="number of runs each")
    parser.add_argument("--tensorflow", metavar="PYTHON", help="a Python with TensorFlow, to time Keras")
    options = parser.parse_args()
    train, test = load_mnist("train"), load_mnist("test")
    data = {
        "learned": train.subset(LEARNED),
        "held_out": train.subset(HELD_OUT),
        "test": test,
    }
    few = data | {"learned": data["learned"].subset(slice(0, 2_000))}
    trained("fast", 0, few)  # warm-up: loads libraries, allocates memory
    runs: dict[str, list[Timed]] = {name: [] for name in (*NAMES, *([KERAS] if options.tensorflow else []))}
    with tempfile.TemporaryDirectory() as folder:
        file = saved(data, Path(folder) / "data.npz")
        for seed in range(options.seeds):
            for name, timed in runs.items():
                timed.append(
                    keras_script(options.tensorflow, file) if name == KERAS else trained(name, seed, data)
                )
    if options.tensorflow:
        sys.stdout.write(ratios(runs) + "\n")
    sys.stdout.write(f"Processor: {processor()}, {len(os.sched_getaffinity(0))} cores\n\n")
    sys.stdout.write(
        table(
            ["", "epochs", "seconds", "held out", "MNIST test"],
            [row(name, timed) for name, timed in runs.items()],
        )
    )


def trained(name: str, seed: int, data: dict[str, LabelledGlyphs]) -> Timed:
    """Trains with a recipe."""
    recipe = RECIPES[name]
    if not isinstance(recipe, Recipe):
        raise TypeError(name)
    with tempfile.TemporaryDirectory() as folder:
        run = fit(
            dataclasses.replace(recipe, seed=seed), data["learned"], data["held_out"], out=f"{folder}/run"
        )
    seconds = sum(epoch.seconds for epoch in run.history)
    last = run.history[-1]
    return Timed(seconds, last.validation_accuracy, evaluate(run.network, data["test"])[1], last.epoch)


def saved(data: dict[str, LabelledGlyphs], file: Path) -> Path:
    """Saves the data so that another environment can read them."""
    images = {f"{name}_images": glyphs.images for name, glyphs in data.items()}
    arrays: dict[str, Any] = images | {f"{name}_labels": glyphs.labels for name, glyphs in data.items()}
    np.savez(file, **arrays)
    return file


def keras_script(python: str, file: Path) -> Timed:
    """Runs the script in another environment."""
    done = subprocess.run(
        [python, str(SCRIPT), str(file), str(GOAL), str(MOST_EPOCHS)],
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return Timed(found["seconds"], found["held_out"], found["test"], found["epochs"])


def ratios(runs: dict[str, list[Timed]]) -> str:
    """Formats the ratio of the script's time to each recipe's, if both reached the goal."""
    lines = []
    for name in NAMES:
        pairs = [
            keras.seconds / ours.seconds
            for ours, keras in zip(runs[name], runs[KERAS], strict=True)
            if min(ours.held_out, keras.held_out) >= GOAL
        ]
        found = f"{statistics.median(pairs):.1f} times as fast" if pairs else "never both reached the goal"
        lines.append(
            f"{name}, until {GOAL:.0%} of the held-out digits, against {KERAS}: {found} "
            f"({len(pairs)} of {len(runs[name])} pairs)"
        )
    return "\n".join(lines)


def row(name: str, timed: list[Timed]) -> list[str]:
    """Formats the medians of the runs, and how many of them reached the goal."""
    good = sum(each.held_out >= GOAL for each in timed)
    return [
        name,
        f"{statistics.median(each.epochs for each in timed):g}",
        f"{statistics.median(each.seconds for each in timed):.1f}",
        f"{statistics.mean(each.held_out for each in timed):.2%} ({good} of {len(timed)} reach {GOAL:.0%})",
        f"{statistics.mean(each.test for each in timed):.2%}",
    ]


def processor() -> str:
    """Returns the processor's name as reported by the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
