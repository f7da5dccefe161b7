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
"""The last of MNIST's training images, which no recipe trains on; MNIST's test files are not used here."""

CALIBRATION = 500
"""Digits that determine the range of each 8-bit activation; beyond a few hundred, it hardly changes."""

OWN = 1_000
"""Number of synthetic digits used when MNIST is unavailable."""

OWN_HAND = "synthetic digits"
"""The name of the synthetic digits."""

HEIGHT, PEN = 60, 6.0
"""Height and pen width of synthetic digits, in pixels: MNIST's usual stroke is a tenth of the height."""


@dataclass(frozen=True, slots=True)
class ParityData:
    """Digits for comparison, and others for calibration.

    Attributes:
        held_out: labeled digits for comparison.
        calibration: uint8, N×28×28.
    """

    held_out: LabelledGlyphs
    calibration: NDArray[np.uint8]


def load_parity_data(data_dir: AnyPath | None = None) -> ParityData:
    """Loads MNIST's held-out training images if they are on this machine, else makes synthetic digits.

    Raises:
        DatasetFormatError: a local copy is not MNIST.
    """
    try:
        mnist = load_mnist("train", data_dir=data_dir, download=False)
    except DatasetNotFoundError:
        return ParityData(own_digits(OWN, seed=0), own_digits(CALIBRATION, seed=1).images)
    return ParityData(mnist.subset(slice(-HELD_OUT, None)), mnist.images[:CALIBRATION])


def own_digits(count: int, *, seed: int) -> LabelledGlyphs:
    """Draws digits from the hand-made alphabet, each in its own writer style; deterministic for a seed."""
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
