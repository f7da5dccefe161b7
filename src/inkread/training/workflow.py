"""From a recipe to a finished run: data, training, export."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.datasets.glyphs import GLYPH_SIDE, join
from inkread.datasets.registry import MNIST, NAMES
from inkread.models import load_model
from inkread.models.card import CHARACTER_CLASSES, DIGIT_CLASSES
from inkread.pipeline.glyph import GEOMETRY
from inkread.system.locks import working_in
from inkread.system.ranks import rank
from inkread.training.checkpoint import refuse
from inkread.training.detector_fit import DetectorEpoch
from inkread.training.detector_run import train_detector
from inkread.training.digits import Epoch, fit
from inkread.training.export import export
from inkread.training.fine_tuning import FineTuned, tune
from inkread.training.mixture import load_own, mix
from inkread.training.progress import Progress
from inkread.training.run import Run, Trained, load_run
from inkread.training.text_fit import TextEpoch
from inkread.training.text_run import train_text

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
    "TextEpoch",
    "Trained",
    "fine_tune",
    "load_run",
    "train",
    "train_detector",
    "train_text",
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
    """Trains on the named data and on the recipe's material, and saves the run; no test file is used.

    Of several processes, see ``training.distributed``, only the first saves and reports progress.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume.
        data: collections and folders to learn from, see ``inkread.training.mixture``.
        data_dir: the folder of the collections; default: where the loaders look.
        store: the store of the corrections, if they are among the data; default: that of ``inkread serve``.
        resume: continues the interrupted run in ``out``.
        progress: notified after every step and epoch.
        geometry: how a digit becomes a glyph, for the card.
        command: the command that reproduces the run, for the card.

    Raises:
        TrainingError: ``out`` holds another run, the loss diverges, or the exported model disagrees.
        OutputError: ``out`` cannot be written to, or another process works in it.
        OptionError: a name is neither a collection nor a folder, or does not suit the recipe.
        DatasetError: some data are not available, or do not fit together.
    """
    out, is_first = Path(out), rank() == 0
    with working_in(out) if is_first else nullcontext():
        if is_first:
            refuse(out, resume=resume)
        progress = progress if progress and is_first else Progress()
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
        if mixture.held_out[0].classes not in (DIGIT_CLASSES, CHARACTER_CLASSES) and set(data) & set(NAMES):
            geometry = {"side": GLYPH_SIDE}  # these are taken as they are published
        if is_first:
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
    """Trains a model further with your own pictures, saves the run, and reports whether it helped.

    Args:
        settings: every setting.
        start: the model to start from: a bundled one's name, or the folder of a run.
        data: folders of labelled pictures, ``"corrections"``, or collections by name.
        out: the run's folder: new.
        data_dir: the folder of the collections; default: where the loaders look.
        store: the store of the corrections, if they are among the data; default: that of ``inkread serve``.
        progress: notified of pictures, of those that were left out, and after every step.
        command: the command that reproduces the run, for the card.

    Raises:
        ModelError: there is no such model, or it has layers that inkread does not write.
        TrainingError: ``out`` holds another run, or there are too few pictures, or of classes that the model
            does not know.
        OutputError: ``out`` cannot be written to, or another process works in it.
        DatasetError: some data are not available.
    """
    out = Path(out)
    with working_in(out):
        refuse(out, resume=False)
        progress = progress or Progress()
        model = load_model(start)
        own = join([load_own(name, progress=progress, data_dir=data_dir, store=store) for name in data])
        return tune(
            settings, model, own, out=out, data_dir=data_dir, on_batch=progress.on_batch, command=command
        )
