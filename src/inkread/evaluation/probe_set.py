"""Labeled digits for finding an external model's input convention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.mnist import LEARNED, load_mnist
from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.errors import DatasetNotFoundError

if TYPE_CHECKING:
    from inkread.datasets.download import Progress
    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath

PROBES = 500
"""Number of probing digits of each kind: an accuracy of 98 % on both has a standard error of 0.4 %."""


def probing_digits(data_dir: AnyPath | None = None, progress: Progress | None = None) -> LabelledGlyphs:
    """Returns MNIST training images from before the held-out ones, and synthetic digits.

    Without MNIST, it returns synthetic digits only. Most models have memorized MNIST's digits, and only
    others show how they handle new ones.
    """
    drawn = synthetic_digits(PROBES)
    try:
        mnist = load_mnist("train", data_dir=data_dir, progress=progress)
    except DatasetNotFoundError:
        return drawn
    known = mnist.subset(LEARNED).subset(slice(-PROBES, None))
    return replace(
        drawn,
        images=np.concatenate([known.images, drawn.images]),
        labels=np.concatenate([known.labels, drawn.labels]),
        name=f"{mnist.name} and {drawn.name}",
    )
