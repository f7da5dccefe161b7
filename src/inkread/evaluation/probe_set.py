"""Labeled digits for finding an external model's input convention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.mnist import load_mnist
from inkread.datasets.stroke_font import WriterStyle, write_digit
from inkread.datasets.stroke_rendering import draw_strokes
from inkread.errors import DatasetNotFoundError
from inkread.pipeline.glyph import normalize_all

if TYPE_CHECKING:
    from inkread.datasets.download import Progress
    from inkread.system.files import AnyPath

PROBES = 500
"""Number of probing digits of each kind: an accuracy of 98 % on both has a standard error of 0.4 %."""

HELD_OUT = 5_000
"""MNIST's last training images, which our recipes hold out; probing never uses what is measured on."""

HEIGHT, PEN = 60, 6.0
"""Height and pen width of our written digits, in pixels before they are reduced."""


def probing_digits(data_dir: AnyPath | None = None, progress: Progress | None = None) -> LabelledGlyphs:
    """Returns MNIST training images from before the held-out ones, and synthetic digits.

    Without MNIST, it returns synthetic digits only. Most models have memorized MNIST's digits, and only
    others show how they handle new ones.
    """
    written = written_digits(PROBES)
    try:
        mnist = load_mnist("train", data_dir=data_dir, progress=progress)
    except DatasetNotFoundError:
        return written
    return replace(
        written,
        images=np.concatenate([mnist.images[-HELD_OUT - PROBES : -HELD_OUT], written.images]),
        labels=np.concatenate([mnist.labels[-HELD_OUT - PROBES : -HELD_OUT], written.labels]),
        name=f"{mnist.name} and {written.name}",
    )


def written_digits(count: int, *, seed: int = 0) -> LabelledGlyphs:
    """Draws digits from our alphabet, each in a different writer style, cycling through the ten digits.

    The same seed draws the same digits.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    lines = [
        [stroke[:, :2] for stroke in write_digit(str(digit), WriterStyle.random(rng), rng)]
        for digit in labels
    ]
    inks = [draw_strokes(strokes, height=HEIGHT, pen_width=PEN) for strokes in lines]
    return LabelledGlyphs(
        "written digits", normalize_all(inks), labels.astype(np.uint8), "", "MIT", "The inkread authors"
    )
