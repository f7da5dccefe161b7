"""A hand-made alphabet in place of the collections, and mirrors on this machine."""

import numpy as np
import pytest
from mirrors import Mirrors

from inkread.datasets.glyphs import LabelledGlyphs, SymbolGlyphs
from inkread.datasets.handwriting import Hand, write_digit
from inkread.datasets.pen import draw_strokes
from inkread.datasets.row_text import SAFE_LETTERS, WORDS
from inkread.datasets.scribe import Material
from inkread.datasets.unipen import PenCharacters


def _pictures(rng: np.random.Generator) -> LabelledGlyphs:
    images = np.zeros((30, 28, 28), np.uint8)
    for index, image in enumerate(images):
        strokes = [stroke[:, :2] for stroke in write_digit(str(index % 10), Hand.random(rng), rng)]
        ink = draw_strokes(strokes, height=20, pen_width=2.5)[:, :26]
        image[4:24, 1 : 1 + ink.shape[1]] = np.round(ink * 255)
    return LabelledGlyphs("pictures", images, np.arange(30, dtype=np.uint8) % 10, "", "", "")


def _characters(rng: np.random.Generator) -> PenCharacters:
    labels = [*"0123456789", *sorted({*SAFE_LETTERS, *"".join(WORDS)})]
    strokes = [
        [stroke[:, :2] for stroke in write_digit(label if label.isdigit() else "4", Hand.random(rng), rng)]
        for label in labels
    ]
    lengths = [len(stroke) for character in strokes for stroke in character]
    ends = np.cumsum([len(character) for character in strokes]).astype(np.int32)
    return PenCharacters(
        labels=np.array(labels),
        contributors=np.full(len(labels), "somebody"),
        writers=np.zeros(len(labels), np.int32),
        agreement=np.ones(len(labels), np.float32),
        points=np.round(np.concatenate([s for c in strokes for s in c]) * 1000).astype(np.int16),
        stroke_starts=np.cumsum([0, *lengths]).astype(np.int32),
        first_strokes=np.append(0, ends[:-1]).astype(np.int32),
        end_strokes=ends,
        sha256="",
    )


@pytest.fixture(scope="session")
def material() -> Material:
    """What rows are written with."""
    rng = np.random.default_rng(0)
    signs = np.zeros((3, 28, 28), np.uint8)
    signs[:, 8:20, 2:26] = 255
    operators = SymbolGlyphs("signs", signs, np.array(["plus", "minus", "x"]), "", "", "")
    return Material.of(_pictures(rng), _characters(rng), operators)


@pytest.fixture
def mirrors(monkeypatch):
    """A server of files."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Mirrors()
    yield server
    server.close()
