"""Real digits, on which an exported model is compared with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.datasets.mnist import HELD_OUT, load_mnist
from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.errors import DatasetNotFoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.system.files import AnyPath

CALIBRATION = 500
"""Digits that determine the range of each 8-bit activation; beyond a few hundred, it hardly changes."""

OWN = 1_000
"""Number of synthetic digits used when MNIST is unavailable."""


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
        return ParityData(synthetic_digits(OWN), synthetic_digits(CALIBRATION, seed=1).images)
    return ParityData(mnist.subset(HELD_OUT), mnist.images[:CALIBRATION])
