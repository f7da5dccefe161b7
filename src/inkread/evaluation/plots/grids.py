"""Plots of many glyphs: samples, what augmentation makes of them, and how they were read.

Glyphs are N×28×28, uint8 or floating in 0..1, ink bright; labels are numbers of ``classes``, which are their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import OptionError
from inkread.evaluation.plots import image_grid, style
from inkread.evaluation.plots.network import require_torch
from inkread.models.card import DIGIT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.evaluation.plots.style import Plot
    from inkread.training import Augmentation

PER_CLASS = 15
PREVIEWED, VARIANTS = 6, 12
SHOWN_COLUMNS = 10
MOST_SHOWN = 40

LONGEST_NAME = 5
"""Letters of a class in a caption, of which two stand under a glyph."""


def samples(
    images: NDArray[Any],
    labels: NDArray[np.integer],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    columns: int = PER_CLASS,
    seed: int = 0,
) -> Plot:
    """Glyphs of every class that there is, a row each, chosen at random.

    Raises:
        OptionError: there is no glyph.
    """
    _require(images)
    rng = np.random.default_rng(seed)
    present = np.unique(labels)
    rows = []
    for label in present:
        found = rng.permutation(np.flatnonzero(labels == label))[:columns]
        rows.append([image_grid.Tile(image_grid.paper(images[i])) for i in found])
    title = f"{len(images):,} glyphs, a row for each class"
    return image_grid.plot(rows, columns, title, names=[name_of(label, classes) for label in present])


def augmentation(
    images: NDArray[Any],
    strengths: Augmentation,
    *,
    glyphs: int = PREVIEWED,
    variants: int = VARIANTS,
    seed: int = 0,
) -> Plot:
    """The first glyphs as they are, and beside each of them what a training may see in its place.

    Args:
        images: of which the first ones are shown.
        strengths: those of a recipe.
        glyphs: how many rows.
        variants: how many of each.
        seed: of the changes.

    Raises:
        OptionError: there is no glyph.
        MissingExtraError: PyTorch is not installed.
    """
    _require(images)
    torch = require_torch()
    from inkread.training.augment import augment

    originals = np.stack([image_grid.as_ink(image) for image in images[:glyphs]])
    repeated = torch.from_numpy(originals.repeat(variants, axis=0))
    changed = augment(repeated, strengths, torch.Generator().manual_seed(seed)).numpy()
    rows = [
        [
            image_grid.Tile(image_grid.paper(original), frame=style.INK),
            *(image_grid.Tile(image_grid.paper(glyph)) for glyph in changed[i * variants :][:variants]),
        ]
        for i, original in enumerate(originals)
    ]
    changed_by = [name for name, value in strengths.to_dict().items() if value and name != "elastic_sigma"]
    title = f"As it is, and changed by {', '.join(changed_by) or 'nothing'}"
    return image_grid.plot(rows, variants + 1, title)


def predictions(
    images: NDArray[Any],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    count: int = MOST_SHOWN,
    seed: int = 0,
) -> Plot:
    """Glyphs chosen at random, each with its label and what it was read as, how surely.

    Args:
        images: N glyphs.
        labels: N classes.
        probabilities: N×classes, rows summing to 1.
        classes: their names.
        count: how many are shown.
        seed: of the choice.

    Raises:
        OptionError: there is no glyph.
    """
    _require(images)
    chosen = np.random.default_rng(seed).permutation(len(images))[:count]
    wrong = int((probabilities[chosen].argmax(axis=1) != labels[chosen]).sum())
    title = f"{len(chosen)} glyphs: label → reading, and its probability; {wrong or 'none'} wrong"
    return _read(images, labels, probabilities, chosen, title=title, classes=classes)


def errors(
    images: NDArray[Any],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    count: int = MOST_SHOWN,
) -> Plot:
    """The misread glyphs, the surest first: what a network does not know that it does not know.

    The arguments are those of ``predictions``.

    Raises:
        OptionError: there is no glyph.
    """
    _require(images)
    ranked = most_confident_errors(labels, probabilities)
    title = f"{len(ranked):,} of {len(images):,} glyphs misread"
    if len(ranked):
        shown = f"the surest {count}" if len(ranked) > count else "the surest first"
        title += f", {shown}: label → reading, and its probability"
    return _read(images, labels, probabilities, ranked[:count], title=title, classes=classes)


def most_confident_errors(
    labels: NDArray[np.integer], probabilities: NDArray[np.floating]
) -> NDArray[np.int64]:
    """The indices of what was misread, by falling probability of the wrong class."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]


def name_of(label: int | np.integer, classes: Sequence[str] = DIGIT_CLASSES) -> str:
    """A class as a person calls it."""
    return classes[int(label)] or "none"


def _read(
    images: NDArray[Any],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    chosen: NDArray[np.int64],
    *,
    title: str,
    classes: Sequence[str],
) -> Plot:
    shown = []
    for i in chosen:
        caption, wrong = caption_of(labels[i], probabilities[i], classes)
        shown.append(image_grid.Tile(image_grid.paper(images[i]), caption, wrong=wrong))
    return image_grid.plot(image_grid.in_rows(shown, SHOWN_COLUMNS), SHOWN_COLUMNS, title)


def caption_of(
    label: int | np.integer, probabilities: NDArray[np.floating], classes: Sequence[str] = DIGIT_CLASSES
) -> tuple[str, bool]:
    """A glyph's class, what it is read as, and how surely; and whether that is wrong. Long names are cut."""
    read = int(probabilities.argmax())
    is_one, taken_for = (name_of(each, classes)[:LONGEST_NAME] for each in (label, read))
    return f"{is_one} → {taken_for}  {certainty(probabilities[read])}", read != label


def certainty(probability: float | np.floating) -> str:
    """A probability in whole percent, never rounded up to certainty."""
    return f"{int(100 * float(probability))}%"


def _require(images: NDArray[Any]) -> None:
    if not len(images):
        raise OptionError("glyphs", "there are none", "give at least one")
