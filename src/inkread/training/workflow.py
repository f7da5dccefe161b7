"""From a recipe to a finished run: data, training, export."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.mnist import load_mnist
from inkread.datasets.row_stock import RowStock
from inkread.datasets.rows import load_material
from inkread.datasets.writing import load_writing
from inkread.glyph import GEOMETRY
from inkread.training.checkpoint import Epoch, refuse
from inkread.training.export import export
from inkread.training.fit import fit
from inkread.training.row_export import export_rows
from inkread.training.row_fit import RowEpoch, fit_rows
from inkread.training.run import Run, Trained, load_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inkread.datasets.rows import Material
    from inkread.training.recipe import Recipe, RowRecipe

__all__ = ["Epoch", "Progress", "RowEpoch", "Run", "Trained", "load_run", "train", "train_rows"]

STOCK = "rows"
"""The folder of the synthetic rows, within that of the run; in it, one for each seed."""


class Progress(Protocol):
    """Whoever wants to know how far the training is."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Bytes of a file of MNIST, if it must be downloaded."""

    def on_batch(self, done: int, total: int) -> None:
        """Steps done in this epoch, and how many it has."""

    def on_epoch(self, epoch: Epoch | RowEpoch) -> None:
        """The figures of an epoch that has just ended."""


class Silence:
    """The progress of nobody watching."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Nothing."""

    def on_batch(self, done: int, total: int) -> None:
        """Nothing."""

    def on_epoch(self, epoch: Epoch | RowEpoch) -> None:
        """Nothing."""


def train(
    recipe: Recipe,
    *,
    out: Path,
    data_dir: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    more: LabelledGlyphs | None = None,
    geometry: dict[str, Any] = GEOMETRY,
    command: str = "",
) -> Run[Recipe, Epoch]:
    """Trains on the recipe's material and saves the run; no test file is touched.

    Args:
        recipe: every setting; its ``validation`` last training images of MNIST are held out.
        out: the run's folder: new, or that of an interrupted run to resume.
        data_dir: where the data lie; otherwise where the loaders look by themselves.
        resume: continues the interrupted run in ``out``.
        progress: told after every step and epoch.
        more: glyphs to learn from besides, such as a person's corrections; of classes that the material has, and seen as
            often as MNIST's.
        geometry: how a glyph is made, for the card.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ``out`` holds another run, the loss diverges, or the exported model disagrees.
        OutputError: if ``out`` cannot be written to.
        DatasetError: if MNIST cannot be had.
    """
    refuse(out, resume=resume)
    progress = progress or Silence()
    mnist = load_mnist("train", data_dir=data_dir, progress=progress.on_download)
    learned = [mnist.subset(slice(None, -recipe.validation))]
    held_out = [mnist.subset(slice(-recipe.validation, None))]
    if recipe.material == "writing":
        written, written_held_out = load_writing(learned[0], data_dir=data_dir, seed=recipe.seed)
        learned, held_out = learned + written, held_out + written_held_out
    passes = [learned[0]] * recipe.mnist_passes + learned[1:]
    if more is not None:
        known = more.labels <= max(glyphs.labels.max() for glyphs in learned)
        learned.append(more.subset(known))
        passes += [learned[-1]] * recipe.mnist_passes
    run = fit(
        recipe,
        join(passes),
        join(held_out),
        out=out,
        resume=resume,
        on_epoch=progress.on_epoch,
        on_batch=progress.on_batch,
    )
    data = [glyphs.describe("train") for glyphs in learned]
    data += [glyphs.describe("validation") for glyphs in held_out]
    export(run, held_out, data=data, geometry=geometry, command=command)
    return run


def train_rows(
    recipe: RowRecipe,
    *,
    out: Path,
    data_dir: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> Run[RowRecipe, RowEpoch]:
    """Trains a reader of whole rows on synthetic ones, which are made meanwhile, and saves the run.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume. The rows are kept in it until the end.
        data_dir: where the material lies; otherwise where the loaders look by themselves.
        resume: continues the interrupted run in ``out``.
        progress: told after every step and epoch.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ``out`` holds another run, the loss diverges, or the exported model disagrees.
        OutputError: if ``out`` cannot be written to.
        DatasetError: if the material cannot be had.
    """
    refuse(out, resume=resume)
    progress = progress or Silence()
    load_mnist("train", data_dir=data_dir, progress=progress.on_download)
    material = {held_out: load_material(data_dir=data_dir, held_out=held_out) for held_out in (False, True)}
    data = [entry for held_out, one in material.items() for entry in _described(one, held_out=held_out)]
    stock = RowStock(out / STOCK / str(recipe.seed), recipe.seed, data_dir)
    held_out_rows = stock.held_out()
    run = fit_rows(
        recipe,
        stock.blocks(recipe.epochs, processes=max(1, (os.cpu_count() or 1) - 1)),
        held_out_rows,
        out=out,
        resume=resume,
        data={f"{entry['name']} ({entry['split']})": entry["sha256"] for entry in data},
        on_epoch=progress.on_epoch,
        on_batch=progress.on_batch,
    )
    export_rows(run, held_out_rows, data=data, command=command)
    shutil.rmtree(out / STOCK, ignore_errors=True)
    return run


def _described(material: Material, *, held_out: bool) -> list[dict[str, Any]]:
    """The card's entries of what rows are written with."""
    split = "validation" if held_out else "train"
    return [part.describe(split) for part in (material.images, material.characters, material.operators)]


def join(sets: Sequence[LabelledGlyphs]) -> LabelledGlyphs:
    """Several sets as one, in the order given; its hash is that of their hashes."""
    if len(sets) == 1:
        return sets[0]
    return LabelledGlyphs(
        name=" + ".join(glyphs.name for glyphs in sets),
        images=np.concatenate([glyphs.images for glyphs in sets]),
        labels=np.concatenate([glyphs.labels for glyphs in sets]),
        sha256=hashlib.sha256("".join(glyphs.sha256 for glyphs in sets).encode()).hexdigest(),
        licence="; ".join(sorted({glyphs.licence for glyphs in sets})),
        attribution="; ".join(glyphs.attribution for glyphs in sets),
    )
