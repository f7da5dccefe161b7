"""Trainings that are killed, each in a process of its own: ``python killed_training.py FOLDER NUMBER...``

The n-th training is killed before its n-th file operation, and then continued as its user would. Prints a
JSON line for each: the signal that ended it, what was in its folder, and the weights' hash when it has
finished. The first line is that of a training that was not killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from faults import end_at

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.models import CARD_FILE
from inkread.training import Recipe, load_run, train, workflow
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.run import WEIGHTS_FILE

RECIPE = Recipe(network="linear", epochs=2, validation=100, threads=1, precision="float32")


def stripes(count: int = 300) -> LabelledGlyphs:
    """Glyphs with a stripe whose place is their class."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, count).astype(np.uint8)
    images = random.integers(0, 50, (count, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label, 4:24] = 220
    return LabelledGlyphs("stripes", images, labels, "0" * 64, "CC0-1.0", "drawn by the test")


def in_child(act: Any) -> int:
    """Does something in a forked process; returns the signal that ended it, or 0 if it succeeded."""
    child = os.fork()
    if not child:
        act()
        sys.stdout.flush()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert not os.waitstatus_to_exitcode(status) > 0
    return os.WTERMSIG(status)


def begin(out: Path, number: int) -> None:
    """Trains; is killed before the n-th file operation."""
    end_at(out, number)
    train(RECIPE, out=out)


def go_on(out: Path) -> None:
    """Continues a training as its user would: with a card it is finished, with a checkpoint it is resumed."""
    if not (out / CARD_FILE).exists():
        train(RECIPE, out=out, resume=(out / CHECKPOINT_FILE).exists())


def main(folder: Path, numbers: list[int]) -> None:
    """Prints what happened to each training."""
    glyphs = stripes()
    workflow.load_named = lambda *_, **__: glyphs  # in the place of every collection
    for number in [0, *numbers]:
        out = folder / str(number)
        ended_by = in_child(lambda out=out, number=number: begin(out, number))
        left = sorted(path.name for path in out.iterdir()) if out.exists() else []
        in_child(lambda out=out: go_on(out))
        load_run(out)
        found = {path.name for path in out.iterdir()}
        weights = hashlib.sha256((out / WEIGHTS_FILE).read_bytes()).hexdigest()
        unfinished = sorted(name for name in found if name.endswith(".part"))
        line = {"signal": ended_by, "left": left, "weights": weights, "unfinished": unfinished}
        print(json.dumps(line), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]])
