"""Small sets of glyphs and rows that a network learns in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.row_stock import RowBlock


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


def bar_rows(count, *, seed=0):
    """Rows of up to three digits: 0 is a level bar, 5 an upright one."""
    random = np.random.default_rng(seed)
    inks, texts, boxes = [], [], []
    for _ in range(count):
        text = "".join(random.choice(["0", "5"], random.integers(0, 4)))
        left, right = random.integers(3, 10, 2)
        ink = np.zeros((40, left + 22 * len(text) + right), np.uint8)
        for x, digit in zip(range(left, ink.shape[1], 22), text, strict=False):
            x0, y0, x1, y1 = (x, 18, x + 16, 22) if digit == "0" else (x + 6, 10, x + 10, 30)
            ink[y0:y1, x0:x1] = 255
            boxes.append((x0, y0, x1, y1))
        inks.append(ink)
        texts.append(text)
    return RowBlock(
        ink=np.concatenate(inks, axis=1),
        ends=np.cumsum([ink.shape[1] for ink in inks]),
        texts=np.array(texts),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        box_ends=np.cumsum([len(text) for text in texts]),
    )


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


@pytest.fixture(scope="session")
def draw_rows():
    """The function that draws rows."""
    return bar_rows
