"""Plots of many glyphs: samples, augmentations, and readings.

Glyphs are N×28×28, uint8 or float in 0..1, bright ink; labels are N indices into ``classes``, the class
names; probabilities are N×classes with rows summing to 1. Without glyphs, a plot raises an ``OptionError``.
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
"""Maximum letters of a class name in a caption; two names fit under a glyph."""


def samples(
    images: NDArray[Any],
    labels: NDArray[np.integer],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    columns: int = PER_CLASS,
    seed: int = 0,
) -> Plot:
    """Plots random glyphs of every class that occurs, one row per class."""
    _require(images)
    rng = np.random.default_rng(seed)
    present = np.unique(labels)
    rows = []
    for label in present:
        found = rng.permutation(np.flatnonzero(labels == label))[:columns]
        rows.append([image_grid.Tile(image_grid.paper(images[i])) for i in found])
    title = f"{len(images):,} glyphs, one row per class"
    return image_grid.plot(rows, columns, title, names=[name_of(label, classes) for label in present])


def augmentation(
    images: NDArray[Any],
    strengths: Augmentation,
    *,
    glyphs: int = PREVIEWED,
    variants: int = VARIANTS,
    seed: int = 0,
) -> Plot:
    """Plots the first glyphs unchanged, with augmented versions of each beside it.

    Raises:
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
    title = f"Unchanged, and augmented by {', '.join(changed_by) or 'nothing'}"
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
    """Plots random glyphs, each with its label, its reading, and the probability."""
    _require(images)
    chosen = np.random.default_rng(seed).permutation(len(images))[:count]
    wrong = int((probabilities[chosen].argmax(axis=1) != labels[chosen]).sum())
    title = f"{len(chosen)} glyphs: label → reading, and its probability; {wrong or 'none'} wrong"
    shown = [read_tile(images[i], labels[i], probabilities[i], classes) for i in chosen]
    return image_grid.plot(image_grid.in_rows(shown, SHOWN_COLUMNS), SHOWN_COLUMNS, title)


def errors(
    images: NDArray[Any],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    count: int = MOST_SHOWN,
) -> Plot:
    """Plots the misread glyphs, most confident first: the network's unknown unknowns."""
    _require(images)
    ranked = most_confident_errors(labels, probabilities)
    title = f"{len(ranked):,} of {len(images):,} glyphs misread"
    if len(ranked):
        which = f"the {count} most confident" if len(ranked) > count else "most confident first"
        title += f", {which}: label → reading, and its probability"
    shown = [read_tile(images[i], labels[i], probabilities[i], classes) for i in ranked[:count]]
    return image_grid.plot(image_grid.in_rows(shown, SHOWN_COLUMNS), SHOWN_COLUMNS, title)


def most_confident_errors(
    labels: NDArray[np.integer], probabilities: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Returns the indices of the misread glyphs, by falling probability of the wrong class."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]


def name_of(label: int | np.integer, classes: Sequence[str] = DIGIT_CLASSES) -> str:
    """Returns a class name for people."""
    return classes[int(label)] or "none"


def read_tile(
    image: NDArray[Any],
    label: int | np.integer,
    probabilities: NDArray[np.floating],
    classes: Sequence[str] = DIGIT_CLASSES,
) -> image_grid.Tile:
    """Returns a glyph above its label and its reading with the probability; long names are cut."""
    read = int(probabilities.argmax())
    is_one, taken_for = (name_of(each, classes)[:LONGEST_NAME] for each in (label, read))
    caption = f"{is_one} → {taken_for}  {certainty(probabilities[read])}"
    return image_grid.Tile(image_grid.paper(image), caption, wrong=bool(read != label))


def certainty(probability: float | np.floating) -> str:
    """Formats a probability in whole percent, never rounded up to certainty."""
    return f"{int(100 * float(probability))}%"


def _require(images: NDArray[Any]) -> None:
    if not len(images):
        raise OptionError("glyphs", "there are none", "pass at least one")
