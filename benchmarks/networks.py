"""Trains every network with its own recipe.

``python benchmarks/networks.py [NAME ...] [--epochs 3 | --full] [--seeds 1] [--write FILE]``

Each network trains on MNIST's training files without the held-out ones, and is scored on the test images
once: parameters, seconds of training, and accuracy with mean and standard deviation over the seeds. The full
recipes of all networks take hours on two cores; without ``--full`` they are cut short, and the table says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
from pathlib import Path

from inkread.datasets.mnist import load_mnist
from inkread.errors import InkreadError, nearest
from inkread.evaluation.reports.markdown import fill, table
from inkread.training import RECIPES, Recipe
from inkread.training.digits import evaluate, fit
from inkread.training.recipe import NETWORKS


def main() -> None:
    """Prints the table in Markdown, and writes it into a document if one is given."""
    parser = argparse.ArgumentParser(description="Train every network and measure it.")
    parser.add_argument("names", nargs="*", default=list(NETWORKS), help=f"networks: {', '.join(NETWORKS)}")
    parser.add_argument("--epochs", type=int, default=3, help="epochs each, instead of the recipe's")
    parser.add_argument("--full", action="store_true", help="use the recipes' full number of epochs")
    parser.add_argument("--seeds", type=int, default=1, help="number of runs each")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the document to write the table into")
    options = parser.parse_args()
    for name in options.names:
        if name not in NETWORKS:
            sys.exit(f"error: {name}: is not a network; {nearest(name, NETWORKS)}")
    epochs = None if options.full else options.epochs
    rows = [measured(name, epochs, options.seeds) for name in options.names]
    found = table(["network", "parameters", "epochs", "seconds", "held out", "MNIST test"], rows)
    sys.stdout.write(found)
    if options.write:
        options.write.write_text(fill(options.write.read_text(encoding="utf-8"), found), encoding="utf-8")


def measured(name: str, epochs: int | None, seeds: int) -> list[str]:
    """Trains a network and returns a row of the table."""
    recipe = RECIPES[name]
    if not isinstance(recipe, Recipe):
        raise TypeError(name)
    recipe = dataclasses.replace(recipe, epochs=epochs or recipe.epochs)
    train, test = load_mnist("train"), load_mnist("test")
    learned, held_out = (
        train.subset(part) for part in (slice(None, -recipe.validation), slice(-recipe.validation, None))
    )
    seconds, watched, scores, parameters = [], [], [], 0
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = fit(dataclasses.replace(recipe, seed=seed), learned, held_out, out=Path(folder) / "run")
        seconds.append(sum(epoch.seconds for epoch in run.history))
        watched.append(run.history[-1].validation_accuracy)
        scores.append(evaluate(run.network, test)[1])
        parameters = sum(weight.numel() for weight in run.network.parameters())
    spread = f" ± {statistics.stdev(scores):.2%}" if seeds > 1 else ""
    return [
        name,
        f"{parameters:,}",
        str(recipe.epochs),
        f"{statistics.median(seconds):.0f}",
        f"{statistics.mean(watched):.2%}",
        f"{statistics.mean(scores):.2%}{spread}",
    ]


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
