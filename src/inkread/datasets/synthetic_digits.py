"""Digits drawn from our stroke alphabet, for when real ones are unavailable or already known to a model."""

from __future__ import annotations

import hashlib

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.stroke_font import WriterStyle, write_digit
from inkread.datasets.stroke_rendering import draw_strokes
from inkread.pipeline.glyph import normalize_all

SYNTHETIC = "synthetic digits"

HEIGHT, PEN = 60, 6.0
"""Height and pen width in pixels before they are reduced: MNIST's usual stroke is a tenth of the height."""


def synthetic_digits(count: int, *, seed: int = 0) -> LabelledGlyphs:
    """Draws digits, each in a different writer style, cycling through the ten; deterministic for a seed."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    written = [write_digit(str(label), WriterStyle.random(rng), rng) for label in labels]
    inks = [
        draw_strokes([stroke[:, :2] for stroke in strokes], height=HEIGHT, pen_width=PEN)
        for strokes in written
    ]
    images = normalize_all(inks)
    sha256 = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return LabelledGlyphs(SYNTHETIC, images, labels, sha256, "MIT", "drawn by inkread")
