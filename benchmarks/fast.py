"""Seconds until 99 % and 99.5 %: ``python benchmarks/fast.py [--seeds 3] [--most 150]``.

Trains recipes of inkread, the usual Keras script on TensorFlow, and the recipe of PyTorch's own MNIST example
with the data in memory, until they read 99.5 % of MNIST's 5,000 held-out training images, or for ``--most``
seconds. The runs alternate, so that other load on the machine affects all of them. Seconds cover training
only, not the start, the warm-up, or the measurement of accuracy. TensorFlow is installed into
``.venv-peers``.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from _measure import Spread, circumstances, percent
from _peers import MissingPeerError, python_of, run_script

from inkread.datasets.mnist import HELD_OUT, LEARNED, load_mnist
from inkread.errors import InkreadError
from inkread.evaluation.reports.markdown import table
from inkread.training import RECIPES, Recipe
from inkread.training.digits import evaluate, fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkread.datasets.glyphs import LabelledGlyphs

OURS: Final = {"fast": 1, "brisk": 3, "brisk, 8 epochs": 8}
"""The recipes by name, with their epochs."""
KERAS: Final = "Keras script on TensorFlow"
TORCH: Final = "recipe of PyTorch's MNIST example"
GOALS: Final = (0.99, 0.995)
"""Held-out accuracies."""
SEEDS, MOST = 3, 150.0


@dataclasses.dataclass(frozen=True)
class Run:
    """A training run: seconds so far and held-out accuracy after each epoch; accuracy on the test images."""

    history: list[tuple[float, float]]
    test: float

    def seconds_to(self, goal: float) -> float | None:
        """Returns the seconds of training until the first epoch that ended at the goal, if any did."""
        return next((seconds for seconds, accuracy in self.history if accuracy >= goal), None)


def main() -> None:
    """Prints the ratios, and a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure the seconds until 99 % and 99.5 %.")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="number of runs each")
    parser.add_argument("--most", type=float, default=MOST, help="seconds after which a peer's run ends")
    options = parser.parse_args()
    command = f"python benchmarks/fast.py --seeds {options.seeds} --most {options.most:g}"
    print(figures(command, seeds=options.seeds, most=options.most))


def figures(command: str, *, seeds: int = SEEDS, most: float = MOST) -> str:
    """Measures, and returns circumstances, ratios, and a table."""
    data = mnist()
    few = data | {"learned": data["learned"].subset(slice(0, 2_000))}
    ours("fast", 0, few)  # warm-up: loads libraries, allocates memory
    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        trainings = contestants(data, saved(data, Path(folder) / "data.npz"), most)
        for seed in range(seeds):
            for name, training in trainings.items():
                runs.setdefault(name, []).append(training(seed))
                print(name, runs[name][-1], file=sys.stderr)
    return "\n".join(
        [circumstances(command), ratios(runs, most), table(HEADING, [row(*each) for each in runs.items()])]
    )


def mnist() -> dict[str, LabelledGlyphs]:
    """Returns MNIST in three sets."""
    train = load_mnist("train")
    return {
        "learned": train.subset(LEARNED),
        "held_out": train.subset(HELD_OUT),
        "test": load_mnist("test"),
    }


def contestants(data: dict[str, LabelledGlyphs], file: Path, most: float) -> dict[str, Callable[[int], Run]]:
    """Returns a function from a seed to a run for each recipe and each peer that is there."""

    def script(python: str, name: str) -> Run:
        found = run_script(python, name, "reach", str(file), ",".join(map(str, GOALS)), str(most))
        return Run([(seconds, accuracy) for seconds, accuracy in found["history"]], found["test"])

    found: dict[str, Callable[[int], Run]] = {
        name: lambda seed, name=name: ours(name, seed, data)  # type: ignore[misc]
        for name in OURS
    }
    try:
        keras = python_of("keras")
        found[KERAS] = lambda _seed: script(keras, "_keras_script.py")
    except MissingPeerError as error:
        print(f"not measured: {error}", file=sys.stderr)
    found[TORCH] = lambda _seed: script(sys.executable, "_torch_script.py")
    return found


def ours(name: str, seed: int, data: dict[str, LabelledGlyphs]) -> Run:
    """Trains with a recipe of inkread."""
    recipe = RECIPES[name.partition(",")[0]]
    if not isinstance(recipe, Recipe):
        raise TypeError(name)
    recipe = dataclasses.replace(recipe, seed=seed, epochs=OURS[name])
    with tempfile.TemporaryDirectory() as folder:
        run = fit(recipe, data["learned"], data["held_out"], out=f"{folder}/run")
    seconds = np.cumsum([epoch.seconds for epoch in run.history]).tolist()
    accuracies = [epoch.validation_accuracy for epoch in run.history]
    return Run(list(zip(seconds, accuracies, strict=True)), evaluate(run.network, data["test"])[1])


def saved(data: dict[str, LabelledGlyphs], file: Path) -> Path:
    """Saves the data so that another environment can read them."""
    images = {f"{name}_images": glyphs.images for name, glyphs in data.items()}
    arrays: dict[str, Any] = images | {f"{name}_labels": glyphs.labels for name, glyphs in data.items()}
    np.savez(file, **arrays)
    return file


def ratios(runs: dict[str, list[Run]], most: float) -> str:
    """Compares each peer with the fastest recipe that reaches a goal in all runs."""
    lines = []
    for goal in GOALS:
        times = {name: [run.seconds_to(goal) for run in each] for name, each in runs.items()}
        reached = {
            name: statistics.median(filter(None, found)) for name, found in times.items() if all(found)
        }
        best = min((name for name in OURS if name in reached), key=lambda name: reached[name], default=None)
        if best is None:
            lines.append(
                f"- {percent(goal, 1)} of the held-out digits: no recipe of inkread reached it in every run"
            )
            continue
        for peer in (name for name in runs if name not in OURS):
            times_as = (
                f"{reached[peer] / reached[best]:.1f} times as fast as"
                if peer in reached
                else (f"{reached[best]:.1f} s, not reached in every run within {most:g} s by")
            )
            lines.append(f"- {percent(goal, 1)} of the held-out digits: `{best}` {times_as} the {peer}")
    return "\n".join(lines) + "\n"


HEADING: Final = [
    "",
    *(f"seconds to {percent(goal, 1)}" for goal in GOALS),
    "seconds",
    "epochs",
    "MNIST test",
]


def row(name: str, runs: list[Run]) -> list[str]:
    """Formats the medians of the runs, and how many of them reached each goal."""
    cells = []
    for goal in GOALS:
        times = [seconds for run in runs if (seconds := run.seconds_to(goal))]
        count = f", {len(times)} of {len(runs)} runs" if len(times) < len(runs) else ""
        cells.append(Spread(tuple(times)).shown() + count if times else "not reached")
    return [
        name,
        *cells,
        Spread(tuple(run.history[-1][0] for run in runs)).shown(),
        f"{statistics.median(len(run.history) for run in runs):g}",
        percent(statistics.mean(run.test for run in runs), 2),
    ]


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
