"""Seconds to a good network: ``python benchmarks/fast.py [--seeds 3] [--keras]``.

Trains the recipes ``fast`` and ``brisk``, with the data in memory, and tells the seconds of training and the accuracy on MNIST's test
images, for each seed. With ``--keras``, a script of the usual kind is timed beside it, for one epoch.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.datasets.mnist import load_mnist
from inkread.errors import InkreadError
from inkread.evaluation.markdown import table
from inkread.training import RECIPES, Recipe
from inkread.training.fit import evaluate, fit

if TYPE_CHECKING:
    from inkread.datasets.glyphs import LabelledGlyphs

NAMES = ("fast", "brisk")


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure the seconds to a good network.")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each recipe")
    parser.add_argument("--keras", action="store_true", help="time a Keras script of the usual kind beside")
    options = parser.parse_args()
    train, test = load_mnist("train"), load_mnist("test")
    learned, held_out = train.subset(slice(None, -5_000)), train.subset(slice(-5_000, None))
    trained_once(
        "fast", 0, learned.subset(slice(0, 2_000)), held_out, test
    )  # libraries load, memory is claimed
    rows = []
    for name in NAMES:
        runs = [trained_once(name, seed, learned, held_out, test) for seed in range(options.seeds)]
        seconds, accuracies = zip(*runs, strict=True)
        spread = ", ".join(f"{accuracy:.2%}" for accuracy in accuracies)
        rows.append([name, f"{statistics.median(seconds):.1f}", f"{statistics.mean(accuracies):.2%}", spread])
    if options.keras:
        seconds_of_keras, accuracy = keras_script(learned, test)
        rows.append(["Keras, one epoch", f"{seconds_of_keras:.1f}", f"{accuracy:.2%}", ""])
    sys.stdout.write(table(["recipe", "seconds, median", "MNIST test, mean", "each seed"], rows))


def trained_once(
    name: str, seed: int, learned: LabelledGlyphs, held_out: LabelledGlyphs, test: LabelledGlyphs
) -> tuple[float, float]:
    """Seconds of training, and accuracy on the test images."""
    recipe = RECIPES[name]
    if not isinstance(recipe, Recipe):
        raise TypeError(name)
    with tempfile.TemporaryDirectory() as folder:
        run = fit(dataclasses.replace(recipe, seed=seed), learned, held_out, out=Path(folder) / "run")
    return sum(epoch.seconds for epoch in run.history), evaluate(run.network, test)[1]


def keras_script(learned: LabelledGlyphs, test: LabelledGlyphs) -> tuple[float, float]:
    """The network of every second tutorial: seconds of one epoch, and accuracy."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(learned.images[..., None] / 255, learned.labels, batch_size=128, epochs=1, verbose=0)
    seconds = time.perf_counter() - start
    _, accuracy = model.evaluate(test.images[..., None] / 255, test.labels, verbose=0)
    return seconds, float(accuracy)


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
