"""Digits for comparisons."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.export.parity import ParityData


@pytest.fixture(scope="session")
def digits():
    """A few synthetic digits."""
    return ParityData(synthetic_digits(60, seed=3), synthetic_digits(20, seed=4).images)


@pytest.fixture(scope="session")
def glyphs(digits):
    """The same digits as model input."""
    return digits.held_out.images.astype(np.float32) / np.float32(255)
