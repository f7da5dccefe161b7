"""Looks up collections of glyphs by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.datasets.corrections import load_corrections
from inkread.datasets.low_resolution import load_digits
from inkread.datasets.mnist import load_mnist
from inkread.datasets.published import PUBLISHED, load_published
from inkread.errors import OptionError, nearest

if TYPE_CHECKING:
    from inkread.datasets.download import Progress
    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.datasets.mnist import Split
    from inkread.system.files import AnyPath

MNIST, DIGITS, CORRECTIONS = "mnist", "digits", "corrections"
NAMES = (MNIST, *PUBLISHED, DIGITS, CORRECTIONS)
TITLES = {"MNIST": MNIST, "scikit-learn digits": DIGITS} | {
    each.title: name for name, each in PUBLISHED.items()
}
"""Names of the collections with test images, by the title in their glyphs and model cards."""


def load_named(
    name: str,
    split: Split,
    *,
    data_dir: AnyPath | None = None,
    store: str | None = None,
    progress: Progress | None = None,
) -> LabelledGlyphs:
    """Loads a split of one of the collections ``NAMES``; corrections are the same for both splits.

    A ``data_dir`` is searched first. By default, corrections are from the store that ``inkread serve`` uses.

    Raises:
        OptionError: the name is unknown; the message suggests the closest one.
        DatasetError: the collection is not available.
        StoreError: the store of corrections cannot be used.
        MissingExtraError: a required package is not installed.
    """
    if name in PUBLISHED:
        return load_published(PUBLISHED[name], split, data_dir=data_dir, progress=progress)
    match name:
        case "mnist":
            return load_mnist(split, data_dir=data_dir, progress=progress)
        case "digits":
            return load_digits(split)
        case "corrections":
            return load_corrections(store)
    raise OptionError(f"--data {name}", "is not a collection", nearest(name, NAMES))
