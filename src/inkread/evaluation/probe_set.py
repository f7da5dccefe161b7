"""Labelled digits to find out with how somebody else's model wants its glyphs."""

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
"""Digits of each kind to probe with: an accuracy of 98 % of both then has a standard error of 0.4 %."""

HELD_OUT = 5_000
"""Training images of MNIST, the last ones, that our recipes hold out; what is measured on them is not probed with."""

HEIGHT, PEN = 60, 6.0
"""Of our own written digits, in pixels before they are reduced."""


def probing_digits(data_dir: AnyPath | None = None, progress: Progress | None = None) -> LabelledGlyphs:
    """Training images of MNIST, those before the held-out ones, and digits by our own hand; where MNIST is not to be had, these alone.

    Most models have learned MNIST's by heart, and only others show how they take what is new.
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
    """Digits of our own alphabet, each by a hand of its own, the ten in turn; the same for the same seed."""
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
