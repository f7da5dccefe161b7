"""The training data of the character classifier: digits and letters by many writers, pens, and fonts.

Every glyph goes through ``inkread.pipeline.glyph``, as in reading. The classes are ``CHARACTER_CLASSES``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets import hard_negatives
from inkread.datasets.glyph_corpus import (
    DOUBTFUL,
    HANDS,
    MARKS,
    SHARE_HELD_OUT,
    TEXTURES,
    aspects_of,
    frayed_edges,
    from_sheets,
    hand_made,
    rendered,
    scribbles,
)
from inkread.datasets.glyphs import LabelledGlyphs, SymbolGlyphs
from inkread.datasets.pen_strokes import HELD_OUT_CONTRIBUTORS, HELD_OUT_SOURCE, load_pendigits, load_unipen
from inkread.datasets.printed_letters import draw_letter
from inkread.datasets.symbols import load_bhmsds
from inkread.models.card import CHARACTER_CLASSES, NOT_A_DIGIT
from inkread.pipeline.glyph import normalize_all
from inkread.synthetic.sources import CREDITS, FONTS, digest_of_files
from inkread.synthetic.vectors import Layer, font_glyph, hand_fonts, has_lower_case, transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.pen_strokes import PenCharacters
    from inkread.synthetic.vectors import VectorGlyph
    from inkread.system.files import AnyPath

CHARACTERS = CHARACTER_CLASSES[:-1]
RENDERINGS = {np.char.isdigit: 2, np.char.isupper: 2, np.char.islower: 1}
"""Renderings of each UNIPEN character; it has twice as many lower-case letters as capitals."""
UJI_RENDERINGS = 3
PRINTED = 300
"""Printed glyphs of each character."""
PER_FONT = 6
"""Renderings of each character of each handwriting font."""
FONT_HEIGHTS = (16, 90)
"""Height of a font's digits in pixels."""
SLANT, STRETCH, TURN = 0.12, 0.12, 0.07
"""Standard deviations of shear, the logarithm of width / height, and rotation (radians) of fonts."""
ROUGH_SHARE = 0.2
"""Share of a font's glyphs that are black-and-white bitmaps with frayed edges."""
LIKE_T = "plus"
"""A symbol that may also be a t: it is not taught as "not a single character"."""
PAIRS = 8_000
"""Pairs of MNIST digits, as examples of what is not a single character."""


def load_character_corpus(
    mnist: LabelledGlyphs, *, data_dir: AnyPath | None = None, seed: int = 0
) -> tuple[list[LabelledGlyphs], list[LabelledGlyphs]]:
    """Returns all training data besides MNIST, and its held-out part.

    The held-out part has other writers (UNIPEN's contributors, Pendigits' test writers) or other glyphs.

    Args:
        mnist: the MNIST training digits that are trained on; pairs are made from them.
        data_dir: where the collections are; ``INKREAD_DATA`` by default.
        seed: seed of every random choice.

    Raises:
        DatasetError: a collection is not available.
    """
    rng = np.random.default_rng(seed)
    unipen, pendigits = load_unipen(data_dir=data_dir), load_pendigits(data_dir=data_dir)
    unipen_held_out = np.isin(unipen.contributors, HELD_OUT_CONTRIBUTORS)
    pendigits_held_out = pendigits.contributors == HELD_OUT_SOURCE

    def labelled(characters: PenCharacters, chosen: NDArray[np.intp]) -> LabelledGlyphs:
        return rendered(characters, chosen, rng).labelled(CHARACTER_CLASSES)

    learned = [
        labelled(unipen, _repeated(unipen, ~unipen_held_out)),
        labelled(pendigits, _repeated(pendigits, ~pendigits_held_out)),
    ]
    held_out = [
        labelled(unipen, np.flatnonzero(unipen_held_out & (unipen.agreement >= DOUBTFUL))),
        labelled(pendigits, np.flatnonzero(pendigits_held_out)),
    ]
    sheets = load_bhmsds(data_dir=data_dir)
    sheets = sheets.subset(sheets.symbols != LIKE_T)
    for glyphs in (
        from_sheets(sheets, aspects_of(mnist), rng).labelled(CHARACTER_CLASSES),
        as_characters(scribbles(data_dir)),
        as_characters(hand_made(HANDS, rng)),
        _in_fonts(data_dir, rng).labelled(CHARACTER_CLASSES),
        _in_print(rng).labelled(CHARACTER_CLASSES),
        _not_characters(mnist, rng),
    ):
        chosen = rng.random(len(glyphs)) < SHARE_HELD_OUT
        learned.append(glyphs.subset(~chosen))
        held_out.append(glyphs.subset(chosen))
    return learned, held_out


def as_characters(digits: LabelledGlyphs) -> LabelledGlyphs:
    """Returns glyphs of digits with the classes of characters."""
    none = np.uint8(len(CHARACTERS))
    labels = np.where(digits.labels < digits.none_class, digits.labels, none).astype(np.uint8)
    return replace(digits, labels=labels, classes=CHARACTER_CLASSES)


def _repeated(characters: PenCharacters, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Returns the index of each chosen character as often as it is rendered."""
    times = sum(is_kind(characters.labels) * count for is_kind, count in RENDERINGS.items())
    times = np.where(characters.contributors == "uji1", UJI_RENDERINGS, times)
    return np.repeat(np.arange(len(characters)), times * chosen * (characters.agreement >= DOUBTFUL))


def _in_fonts(data_dir: AnyPath | None, rng: np.random.Generator) -> SymbolGlyphs:
    """Renders every character of every handwriting font several times."""
    inks, symbols = [], []
    files = hand_fonts(data_dir)
    for file in files:
        known = CHARACTERS if has_lower_case(file) else CHARACTERS[:36]
        for character in known * PER_FONT:
            if glyph := font_glyph(file, character):
                inks.append(_drawn(glyph, rng))
                symbols.append(character)
    images, sha256 = normalize_all(inks), digest_of_files(files)
    return SymbolGlyphs(FONTS, images, np.array(symbols), sha256, *CREDITS[FONTS])


def _drawn(glyph: VectorGlyph, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws a font's glyph slightly turned, slanted, and stretched, at any size."""
    height = float(np.exp(rng.uniform(*np.log(FONT_HEIGHTS))))
    angle, shear = rng.normal(0, TURN), rng.normal(0, SLANT)
    stretch = np.exp(rng.normal(0, STRETCH) / 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = height * turn @ np.array([[1, -shear], [0, 1]]) @ np.diag([stretch, 1 / stretch])
    corners = transform(glyph.points, np.column_stack([linear, np.zeros(2)]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    width, tall = (int(np.ceil(extent)) + 4 for extent in high - low)
    layer = Layer((tall, width))
    layer.glyph(glyph, np.column_stack([linear, 2 - low]), pen=1.0)
    ink = layer.coverage()
    return frayed_edges(ink, rng) if rng.random() < ROUGH_SHARE and height > 20 else ink


def _in_print(rng: np.random.Generator) -> SymbolGlyphs:
    symbols = np.repeat(np.array(CHARACTERS), PRINTED)
    images = normalize_all([draw_letter(str(symbol), rng) for symbol in symbols])
    return SymbolGlyphs("Characters in print", images, symbols, digest_of_files(()), "MIT", "inkread")


def _not_characters(mnist: LabelledGlyphs, rng: np.random.Generator) -> LabelledGlyphs:
    """Makes pairs of digits, marks, and textures; unlike for digits, no fragments: they may be letters."""
    pairs = hard_negatives.pairs(mnist.images, PAIRS, rng)
    marks = hard_negatives.marks(MARKS, rng, crosses=False)
    images = np.concatenate([pairs, marks, hard_negatives.textures(TEXTURES, rng)])
    images = images[images.any(axis=(1, 2))]
    origin = mnist.sha256, mnist.licence, mnist.attribution
    glyphs = SymbolGlyphs("Not characters", images, np.full(len(images), NOT_A_DIGIT), *origin)
    return glyphs.labelled(CHARACTER_CLASSES)
