"""From a recipe to a finished run: data, training, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.datasets.glyphs import GLYPH_SIDE, join
from inkread.datasets.registry import MNIST
from inkread.models import load_model
from inkread.models.card import DIGIT_CLASSES
from inkread.pipeline.glyph import GEOMETRY
from inkread.system.locks import working_in
from inkread.training.checkpoint import refuse
from inkread.training.detector_fit import DetectorEpoch
from inkread.training.detector_run import train_detector
from inkread.training.digits import Epoch, fit
from inkread.training.export import export
from inkread.training.fine_tuning import FineTuned, tune
from inkread.training.mixture import load_own, mix
from inkread.training.progress import NullProgress, Progress
from inkread.training.run import Run, Trained, load_run

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from inkread.system.files import AnyPath
    from inkread.training.recipe import FineTuneConfig, Recipe

__all__ = [
    "DetectorEpoch",
    "Epoch",
    "FineTuned",
    "Progress",
    "Run",
    "Trained",
    "fine_tune",
    "load_run",
    "train",
    "train_detector",
]


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
        progress = progress or NullProgress()
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


def fine_tune(
    settings: FineTuneConfig,
    *,
    start: str | os.PathLike[str],
    data: Sequence[str],
    out: AnyPath,
    data_dir: AnyPath | None = None,
    store: str | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> FineTuned:
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
        progress = progress or NullProgress()
        model = load_model(start)
        own = join([load_own(name, progress=progress, data_dir=data_dir, store=store) for name in data])
        return tune(
            settings, model, own, out=out, data_dir=data_dir, on_batch=progress.on_batch, command=command
        )
