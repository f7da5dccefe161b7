"""Small sets of glyphs that a network learns in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets.glyphs import LabelledGlyphs


def bar_glyphs(count, *, seed=0, classes=10, name="bars"):
    """Bars whose angle is their class, 18 degrees apart, on a noisy ground."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count).astype(np.uint8)
    angles = np.pi * labels[:, None, None] / classes
    rows, columns = np.mgrid[-13.5:14, -13.5:14]
    distance = np.abs(rows * np.cos(angles) - columns * np.sin(angles))
    ink = (distance < 2) & (np.hypot(rows, columns) < 10)
    images = (ink * 200 + random.integers(0, 50, ink.shape)).astype(np.uint8)
    return LabelledGlyphs(name, images, labels, f"{seed:064x}", "CC0-1.0", "drawn by the test")


@pytest.fixture(scope="session")
def draw():
    """The function that draws them, for a test that needs other ones."""
    return bar_glyphs


@pytest.fixture(scope="session")
def glyphs():
    """600 glyphs to learn from."""
    return bar_glyphs(600)


@pytest.fixture(scope="session")
def held_out():
    """200 other glyphs."""
    return bar_glyphs(200, seed=1)
