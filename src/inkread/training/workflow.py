"""From a recipe to a finished run: data, training, export.

The data are collections by name, your own folders, or several together.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.datasets.folders import load_folder_glyphs
from inkread.datasets.glyph_corpus import load_glyph_corpus
from inkread.datasets.glyphs import GLYPH_SIDE, SHARE_HELD_OUT, absent_classes, join, split_by_class
from inkread.datasets.registry import CORRECTIONS, MNIST, NAMES, load_named
from inkread.errors import DatasetFormatError, OptionError, nearest
from inkread.models import load_model
from inkread.models.card import CHARACTER_CLASSES, DIGIT_CLASSES
from inkread.pipeline.glyph import GEOMETRY
from inkread.synthetic.characters import as_characters, load_character_corpus
from inkread.system.locks import working_in
from inkread.system.ranks import rank
from inkread.training.checkpoint import refuse
from inkread.training.digits import fit
from inkread.training.export import export
from inkread.training.fine_tuning import tune
from inkread.training.progress import Progress

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath
    from inkread.training.digits import Epoch
    from inkread.training.fine_tuning import FineTuned
    from inkread.training.recipe import FineTuneConfig, Recipe
    from inkread.training.run import Run


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

    Of several processes, see ``training.hardware``, only the first saves and reports progress.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume.
        data: collections and folders to learn from, see ``mix``.
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
        on_batch = progress.on_batch
        return tune(settings, model, own, out=out, data_dir=data_dir, on_batch=on_batch, command=command)


@dataclass(frozen=True)
class Mixture:
    """Sets of glyphs with the same classes.

    Attributes:
        learned: the sets to learn from.
        passes: how often each of these is seen in an epoch.
        held_out: the sets that measure each epoch, never learned from; none is empty.
    """

    learned: tuple[LabelledGlyphs, ...]
    passes: tuple[int, ...]
    held_out: tuple[LabelledGlyphs, ...]

    def seen(self) -> LabelledGlyphs:
        """Returns everything that an epoch sees, as one set."""
        each = zip(self.learned, self.passes, strict=True)
        return join([glyphs for glyphs, times in each for _ in range(times)])

    def described(self) -> list[dict[str, Any]]:
        """Returns the entries for the model card."""
        learned = [glyphs.describe("train") for glyphs in self.learned]
        return learned + [glyphs.describe("validation") for glyphs in self.held_out]


def mix(
    recipe: Recipe,
    names: Sequence[str],
    *,
    progress: Progress,
    data_dir: AnyPath | None = None,
    store: str | None = None,
) -> Mixture:
    """Loads the named data, and holds some of it out.

    It holds out MNIST's last ``recipe.validation`` glyphs; as many of another collection, but at most a
    sixth; a sixth of each class of a folder, drawn by the recipe's seed; and no corrections, because they are
    few. An epoch sees the named data ``mnist_passes`` times, and the recipe's other material once.

    Args:
        recipe: its material may add more data.
        names: collections, see ``inkread.datasets.registry``, and paths of folders, see
            ``inkread.datasets.folders``. Corrections alone are learned with MNIST; corrections of a class
            that nothing else has are left out.
        progress: notified of downloads, of pictures, and of what was left out.
        data_dir: the folder of the collections; default: where the loaders look.
        store: the store of the corrections; default: that of ``inkread serve``.

    Raises:
        OptionError: a name is neither a collection nor a folder, or does not suit the recipe's material.
        DatasetError: some data are not available, the classes differ, or a class has no glyph.
    """
    names = _checked(names, recipe)
    named = [name for name in names if name != CORRECTIONS]
    parts = [_parts(name, recipe, progress, data_dir) for name in named]
    learned, held_out = [part for part, _ in parts], [part for _, part in parts]
    passes = [recipe.mnist_passes] * len(learned)
    if recipe.material != "mnist":
        load = load_glyph_corpus if recipe.material == "writing" else load_character_corpus
        written, written_held_out = load(learned[0], data_dir=data_dir, seed=recipe.seed)
        if recipe.material == "characters":
            learned, held_out = ([as_characters(part) for part in parts] for parts in (learned, held_out))
        learned, held_out = learned + written, held_out + written_held_out
        passes += [1] * len(written)
    if CORRECTIONS in names:
        corrected = load_named(CORRECTIONS, "train", store=store)
        learned.append(corrected.subset(corrected.labels <= max(glyphs.labels.max() for glyphs in learned)))
        passes.append(recipe.mnist_passes)
    _check_classes(names, learned, progress)
    held_out = [glyphs for glyphs in held_out if len(glyphs)]
    if not held_out:
        remedy = "give two of some class, or more"
        raise DatasetFormatError(" + ".join(names), "has too few glyphs to hold any out", remedy)
    return Mixture(tuple(learned), tuple(passes), tuple(held_out))


def _check_classes(names: Sequence[str], learned: Sequence[LabelledGlyphs], progress: Progress) -> None:
    """Raises a ``DatasetFormatError`` if a class has no glyph; notes which classes only other data have."""
    named = [name for name in names if name != CORRECTIONS]
    if absent := absent_classes(learned):
        remedy = "add pictures of each, or learn from a collection that has it too, as with --data mnist"
        raise DatasetFormatError(" + ".join(names), f"has no glyph of {', '.join(absent)}", remedy)
    for name, glyphs in zip(named, learned, strict=False):
        if name not in NAMES and (absent := absent_classes([glyphs])):
            missing = ", ".join(absent)
            progress.on_note(f"{name} has no picture of {missing}: learned from the other data alone")


def load_own(
    name: str, *, progress: Progress, data_dir: AnyPath | None = None, store: str | None = None
) -> LabelledGlyphs:
    """Loads all glyphs of your own folder, of the corrections, or of a collection's training files.

    Raises:
        OptionError: the name is neither a collection nor a folder.
        DatasetError: the data are not available.
    """
    check_name(name)
    if name in NAMES:
        return load_named(name, "train", data_dir=data_dir, store=store, progress=progress.on_download)
    loaded = load_folder_glyphs(name, on_picture=progress.on_picture)
    if loaded.skipped:
        progress.on_note(f"{name}: {loaded.summary()}")
    return loaded.glyphs


def check_name(name: str) -> None:
    """Checks that a name is a collection or a folder.

    Raises:
        OptionError: it is neither; the message has the nearest collection.
    """
    if name not in NAMES and not Path(name).is_dir():
        remedy = f"{nearest(name, NAMES)}; or give a folder of labelled pictures"
        raise OptionError(f"--data {name}", "is neither a collection nor a folder", remedy)


def _checked(names: Sequence[str], recipe: Recipe) -> list[str]:
    """Returns each name once, MNIST first, because the recipe's other material is made from it."""
    for name in names:
        check_name(name)
    named = [MNIST, CORRECTIONS] if set(names) == {CORRECTIONS} else list(dict.fromkeys(names))
    if recipe.material != "mnist" and MNIST not in named:
        problem = f'does not go with the material "{recipe.material}", which is made with MNIST'
        raise OptionError(f"--data {named[0]}", problem, "add --data mnist, or --material mnist")
    return sorted(named, key=lambda name: name != MNIST)


def _parts(
    name: str, recipe: Recipe, progress: Progress, data_dir: AnyPath | None
) -> tuple[LabelledGlyphs, LabelledGlyphs]:
    """Loads the glyphs to learn from, and those held out."""
    glyphs = load_own(name, progress=progress, data_dir=data_dir)
    if name not in NAMES:
        return split_by_class(glyphs, seed=recipe.seed)
    share = max(1, round(SHARE_HELD_OUT * len(glyphs)))
    count = recipe.validation if name == MNIST else min(recipe.validation, share)
    return glyphs.subset(slice(None, -count)), glyphs.subset(slice(-count, None))
