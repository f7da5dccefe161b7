"""From a recipe to a finished run: data, training, export."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.datasets.glyphs import GLYPH_SIDE, join
from inkread.datasets.mnist import load_mnist
from inkread.datasets.named import MNIST
from inkread.datasets.row_stock import RowStock
from inkread.datasets.rows import load_material
from inkread.glyph import GEOMETRY
from inkread.locks import working_in
from inkread.models import load_model
from inkread.models.card import DIGIT_CLASSES
from inkread.training.checkpoint import Epoch, refuse
from inkread.training.detector_fit import DetectorEpoch
from inkread.training.detector_run import train_detector
from inkread.training.export import export
from inkread.training.fit import fit
from inkread.training.mixture import load_own, mix
from inkread.training.progress import Progress, Silence
from inkread.training.row_export import export_rows
from inkread.training.row_fit import RowEpoch, fit_rows
from inkread.training.run import Run, Trained, load_run
from inkread.training.tuning import Tuned, tune

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.datasets.rows import Material
    from inkread.files import AnyPath
    from inkread.training.recipe import Recipe, RowRecipe, Tuning

__all__ = [
    "DetectorEpoch",
    "Epoch",
    "Progress",
    "RowEpoch",
    "Run",
    "Trained",
    "Tuned",
    "load_run",
    "train",
    "train_detector",
    "train_on",
    "train_rows",
]

STOCK = "rows"
"""The folder of the synthetic rows, within that of the run; in it, one for each seed."""


def train(
    recipe: Recipe,
    *,
    out: AnyPath,
    data: Sequence[str] = (MNIST,),
    data_dir: AnyPath | None = None,
    store: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    geometry: dict[str, Any] = GEOMETRY,
    command: str = "",
) -> Run[Recipe, Epoch]:
    """Trains on what is named and on the recipe's material, and saves the run; no test file is touched.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume.
        data: collections and folders to learn from, see ``inkread.training.mixture``.
        data_dir: where the collections lie; otherwise where the loaders look by themselves.
        store: where corrections are, if they are among the data and not where ``inkread serve`` keeps them.
        resume: continues the interrupted run in ``out``.
        progress: told after every step and epoch.
        geometry: how a glyph of a digit is made, for the card.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ``out`` holds another run, the loss diverges, or the exported model disagrees.
        OutputError: if ``out`` cannot be written to, or another process works in it.
        OptionError: if a name is neither a collection nor a folder, or does not go with the recipe.
        DatasetError: if some data cannot be had, or do not go together.
    """
    out = Path(out)
    with working_in(out):
        refuse(out, resume=resume)
        progress = progress or Silence()
        mixture = mix(recipe, data, progress=progress, data_dir=data_dir, store=store)
        run = fit(
            recipe,
            mixture.seen(),
            join(mixture.held_out),
            out=out,
            resume=resume,
            on_epoch=progress.on_epoch,
            on_batch=progress.on_batch,
        )
        if mixture.held_out[0].classes != DIGIT_CLASSES:
            geometry = {"side": GLYPH_SIDE}  # these are taken as they are published
        export(run, mixture.held_out, data=mixture.described(), geometry=geometry, command=command)
        return run


def train_on(
    settings: Tuning,
    *,
    start: str | os.PathLike[str],
    data: Sequence[str],
    out: AnyPath,
    data_dir: AnyPath | None = None,
    store: str | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> Tuned:
    """Trains a model on with pictures of one's own, saves the run, and tells whether it helped.

    Args:
        settings: every setting.
        start: the model that it goes on from: a bundled one's name, or the folder of a run.
        data: folders of labelled pictures, ``"corrections"``, or collections by name.
        out: the run's folder: new.
        data_dir: where the collections lie; otherwise where the loaders look by themselves.
        store: where corrections are, if they are among the data and not where ``inkread serve`` keeps them.
        progress: told of pictures, of those that were left out, and after every step.
        command: what reproduces the run, for the card.

    Raises:
        ModelError: there is no such model, or its layers are none of ours.
        TrainingError: if ``out`` holds another run, or there are too few pictures, or of classes that the model does not know.
        OutputError: if ``out`` cannot be written to, or another process works in it.
        DatasetError: if some data cannot be had.
    """
    out = Path(out)
    with working_in(out):
        refuse(out, resume=False)
        progress = progress or Silence()
        model = load_model(start)
        own = join([load_own(name, progress=progress, data_dir=data_dir, store=store) for name in data])
        return tune(
            settings, model, own, out=out, data_dir=data_dir, on_batch=progress.on_batch, command=command
        )


def train_rows(
    recipe: RowRecipe,
    *,
    out: AnyPath,
    data_dir: AnyPath | None = None,
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
        OutputError: if ``out`` cannot be written to, or another process works in it.
        DatasetError: if the material cannot be had.
    """
    out = Path(out)
    with working_in(out):
        refuse(out, resume=resume)
        progress = progress or Silence()
        load_mnist("train", data_dir=data_dir, progress=progress.on_download)
        material = {
            held_out: load_material(data_dir=data_dir, held_out=held_out) for held_out in (False, True)
        }
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
