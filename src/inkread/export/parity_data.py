"""Real digits, on which an exported model is compared with its source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.mnist import load_mnist
from inkread.datasets.stroke_font import WriterStyle, write_digit
from inkread.datasets.stroke_rendering import draw_strokes
from inkread.errors import DatasetNotFoundError
from inkread.pipeline.glyph import normalize_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

HELD_OUT = 5_000
"""The last of MNIST's training images, which no recipe of ours learns from; its test files are not for this."""

CALIBRATION = 500
"""Digits from which the range of each activation is taken, for 8 bits; beyond a few hundred it hardly changes."""

OWN = 1_000
"""Digits of our own hand, where MNIST is not to be had."""

OWN_HAND = "our own hand"
"""The name of the latter."""

HEIGHT, PEN = 60, 6.0
"""Of our own digits, in pixels: a tenth of the height is MNIST's usual stroke."""


@dataclass(frozen=True, slots=True)
class ParityData:
    """Digits to compare on, and others to calibrate by.

    Attributes:
        held_out: with their labels.
        calibration: uint8, N×28×28.
    """

    held_out: LabelledGlyphs
    calibration: NDArray[np.uint8]


def load_parity_data(data_dir: AnyPath | None = None) -> ParityData:
    """The held-out training images of MNIST if they are on this machine; digits of our own hand otherwise.

    Raises:
        DatasetFormatError: a local copy is not MNIST.
    """
    try:
        mnist = load_mnist("train", data_dir=data_dir, download=False)
    except DatasetNotFoundError:
        return ParityData(own_digits(OWN, seed=0), own_digits(CALIBRATION, seed=1).images)
    return ParityData(mnist.subset(slice(-HELD_OUT, None)), mnist.images[:CALIBRATION])


def own_digits(count: int, *, seed: int) -> LabelledGlyphs:
    """Digits of the hand-made alphabet, each by another hand; the same seed draws the same."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    written = [write_digit(str(label), WriterStyle.random(rng), rng) for label in labels]
    inks = [
        draw_strokes([stroke[:, :2] for stroke in strokes], height=HEIGHT, pen_width=PEN)
        for strokes in written
    ]
    images = normalize_all(inks)
    sha256 = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return LabelledGlyphs(OWN_HAND, images, labels, sha256, "MIT", "drawn by inkread")
