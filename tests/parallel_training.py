"""Trainings of small networks that ``torchrun`` can start in several processes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.system.ranks import rank
from inkread.training.digits import Epoch, fit
from inkread.training.recipe import Augmentation, Recipe

if TYPE_CHECKING:
    from inkread.training.run import Run

BASE = Recipe(
    network="mlp",
    epochs=2,
    batch_size=32,
    dropout=0.0,
    averaging=0.9,
    augmentation=Augmentation(rotation=3, shift=0.5, elastic=0.3),
    threads=1,
    precision="float32",
)
CONVOLUTIONS = ({"type": "conv", "filters": 4, "size": 3, "batch_norm": True}, {"type": "pool"})
RECIPES = {
    "mlp": BASE,
    "batch norm": replace(BASE, network="own", layers=CONVOLUTIONS),
    "class weights": replace(BASE, class_weight="balanced", label_smoothing=0.1),
}
"""97 glyphs make batches that two processes cannot share equally, and a last one that only one gets."""


def train(name: str, out: Path, *, resume: bool = False) -> Run[Recipe, Epoch]:
    """Trains with a recipe above."""
    random = np.random.default_rng(0)
    labels = np.minimum(random.geometric(0.3, 97), 10).astype(np.uint8) - 1
    images = random.integers(0, 50, (97, 28, 28)).astype(np.uint8)
    images[np.arange(97), 2 * labels + 4] = 200
    glyphs = LabelledGlyphs("bars", images, labels, "0" * 64, "CC0-1.0", "drawn by the test")
    return fit(RECIPES[name], glyphs, glyphs.subset(slice(0, 40)), out=out, resume=resume)


def figures(run: Run[Recipe, Epoch]) -> list[dict[str, float]]:
    """The figures of each epoch, without its time."""
    return [asdict(replace(epoch, seconds=0.0)) for epoch in run.history]


if __name__ == "__main__":
    name, folder = sys.argv[1], Path(sys.argv[2])
    rows = figures(train(name, folder))
    (folder / f"{rank()}.json").write_text(json.dumps(rows))
