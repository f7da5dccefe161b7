"""The training data beyond MNIST: other writers, other pens, and everything that is not a digit.

Every glyph goes through ``inkread.pipeline.glyph``, as in reading. The validation data comes from other
people (UNIPEN's contributors) or other glyphs than the training data.
"""

from __future__ import annotations

import hashlib
import string
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets import hard_negatives
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, LabelledGlyphs, SymbolGlyphs, classes_of
from inkread.datasets.pen_strokes import HELD_OUT_CONTRIBUTORS, PenCharacters, load_unipen
from inkread.datasets.printed_letters import draw_letter
from inkread.datasets.stroke_font import ALPHABET, WriterStyle, write_digit
from inkread.datasets.stroke_rendering import draw_strokes
from inkread.datasets.symbols import load_bhmsds, load_quickdraw
from inkread.pipeline.glyph import normalize_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

DOUBTFUL = 0.15
"""A UNIPEN digit is left out if a smaller share of its neighbors has the same label."""

RENDERINGS = 3
"""Renderings of each UNIPEN digit, each with a different pen, size, and distortion."""

LETTERS = 0.55
"""Share of UNIPEN's letters that is rendered, once each: all of them would outnumber the digits."""

HEIGHTS = (20, 110)
PENS = (0.03, 0.2)
"""Size of a rendering in pixels, and pen width as a share of it."""

BROADEST = {"1": 0.38, "7": 0.26}
"""Maximum pen width for digits without a loop, which no pen can fill."""

ROUGH_SHARE = 0.2
"""Share of renderings that are small black-and-white bitmaps with frayed edges.

Faxes, forms, and paint programs produce such bitmaps.
"""
ROUGH_HEIGHTS, ROUGH_BLUR, ROUGH_NOISE = (20, 44), (0.4, 0.9), (0.1, 0.28)
"""Size of those bitmaps in pixels; blur of their edges in pixels, and noise relative to full ink (both as
standard deviations)."""
FINEST_ROUGH, MOST_NOISE = 2.2, 0.45
"""Minimum pen width of a bitmap, in pixels; and the maximum noise.

At this noise, blank paper never becomes ink, and the middle of a stroke never becomes paper.
"""

HANDS = 30_000
"""Digits from the hand-made alphabet, each in a different writer style."""
RARE_SHARE = 0.5
"""Share of these writer styles that may use any of the alphabet's shapes, not just the common ones."""

PARTS_PER_DIGIT = 0.25
"""Number of pairs, and of fragments, made per MNIST digit."""

MOST_INK = 0.45
"""Mean brightness, 0..1, above which a glyph is not writing: MNIST's inkiest training digit has 0.40."""

PRINTED, BARS = 12_000, "fjJrt"
"""Printed letters, and those whose broad forms may be a 1 with a flag or a foot."""

MARKS = 6_000
TEXTURES = 3_000
SHARE_HELD_OUT = 0.05
AMBIGUOUS_SYMBOLS = ("slash", "z")
"""Symbols that a person may read as 1 and 2."""


def load_glyph_corpus(
    mnist: LabelledGlyphs, *, data_dir: AnyPath | None = None, seed: int = 0
) -> tuple[list[LabelledGlyphs], list[LabelledGlyphs]]:
    """Returns all training data besides MNIST, and its held-out part.

    Pairs and fragments are made of ``mnist``, the digits that are trained on.

    Raises:
        DatasetError: a collection is not available.
    """
    rng = np.random.default_rng(seed)
    characters = load_unipen(data_dir=data_dir)
    held_out = np.isin(characters.contributors, HELD_OUT_CONTRIBUTORS)
    train = [_drawn(characters.subset(~held_out), RENDERINGS, rng)]
    validation = [_drawn(characters.subset(held_out), 1, rng)]
    aspects = aspects_of(mnist)
    collections = [
        from_sheets(load_bhmsds(data_dir=data_dir), aspects, rng).labelled(),
        scribbles(data_dir),
        not_digits(mnist, rng),
        hand_made(HANDS, rng),
        printed(PRINTED, rng),
    ]
    for glyphs in collections:
        chosen = rng.random(len(glyphs)) < SHARE_HELD_OUT
        train.append(glyphs.subset(~chosen))
        validation.append(glyphs.subset(chosen))
    return train, validation


def _drawn(characters: PenCharacters, renderings: int, rng: np.random.Generator) -> LabelledGlyphs:
    """Renders UNIPEN's digits several times, and its letters, except look-alikes, as "not a digit"."""
    classes = classes_of(characters.labels)
    is_digit = classes < NOT_A_DIGIT_CLASS
    usable = np.where(
        is_digit, characters.agreement >= DOUBTFUL, ~np.isin(characters.labels, [*hard_negatives.LOOK_ALIKES])
    )
    repeats = np.where(is_digit, renderings, rng.random(len(characters)) < LETTERS) * usable
    return rendered(characters, np.repeat(np.arange(len(characters)), repeats), rng).labelled()


def rendered(characters: PenCharacters, order: NDArray[np.integer], rng: np.random.Generator) -> SymbolGlyphs:
    """Renders the characters at the indices ``order``, each with a pen of its own."""
    symbols = characters.labels[order]
    inks = [
        by_any_pen(characters.strokes(int(index)), str(symbol), rng)
        for index, symbol in zip(order, symbols, strict=True)
    ]
    return SymbolGlyphs(
        name=characters.name,
        images=normalize_all(inks),
        symbols=symbols,
        sha256=characters.sha256,
        licence=characters.licence,
        attribution=characters.attribution,
    )


def hand_made(count: int, rng: np.random.Generator) -> LabelledGlyphs:
    """Renders digits from the hand-made alphabet, which has shapes that few of the collections' writers use.

    The more shapes a digit has, the more often it is rendered.
    """
    digits = np.repeat(np.arange(10), [len(ALPHABET[str(digit)]) for digit in range(10)])
    labels = digits[np.arange(count) % len(digits)]
    inks = []
    for label in labels:
        style = WriterStyle.random(rng, rare=rng.random() < RARE_SHARE)
        strokes = [stroke[:, :2] for stroke in write_digit(str(label), style, rng)]
        inks.append(by_any_pen(strokes, str(label), rng))
    return LabelledGlyphs(
        name="Hand-made alphabet",
        images=normalize_all(inks),
        labels=labels.astype(np.uint8),
        sha256=_fingerprint(),
        licence="MIT",
        attribution="inkread",
    )


def printed(count: int, rng: np.random.Generator) -> LabelledGlyphs:
    """Renders printed Latin letters, except look-alikes, as "not a digit".

    The hash covers the letters' names.
    """
    letters = sorted(set(string.ascii_letters) - set(hard_negatives.LOOK_ALIKES) - set(BARS))
    inks = [draw_letter(str(letter), rng) for letter in rng.choice(letters, count)]
    return LabelledGlyphs(
        name="Letters in print",
        images=normalize_all(inks),
        labels=np.full(count, NOT_A_DIGIT_CLASS, np.uint8),
        sha256=hashlib.sha256("".join(letters).encode()).hexdigest(),
        licence="MIT",
        attribution="inkread",
    )


def _fingerprint() -> str:
    strokes = (stroke for digit in sorted(ALPHABET) for shape in ALPHABET[digit] for stroke in shape)
    return hashlib.sha256(b"".join(stroke.tobytes() for stroke in strokes)).hexdigest()


def by_any_pen(
    strokes: list[NDArray[np.float32]], character: str, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Renders a character at any size, with any pen that leaves it legible, smooth or as a rough bitmap."""
    rough = rng.random() < ROUGH_SHARE
    height = int(rng.integers(*(ROUGH_HEIGHTS if rough else HEIGHTS)))
    thinnest, broadest = PENS[0], BROADEST.get(character, PENS[1])
    pen = height * float(np.exp(rng.uniform(np.log(thinnest), np.log(broadest))))
    ink = draw_strokes(strokes, height=height, pen_width=max(FINEST_ROUGH if rough else 0.8, pen), rng=rng)
    return frayed_edges(ink, rng) if rough else ink


def frayed_edges(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Converts ink to black and white, with some pixels at the edges of strokes on the wrong side."""
    soft = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(*ROUGH_BLUR)))
    noise = rng.normal(0, float(rng.uniform(*ROUGH_NOISE)), ink.shape).clip(-MOST_NOISE, MOST_NOISE)
    frayed = (soft + noise > 0.5).astype(np.float32)
    return frayed if frayed.any() else ink


def from_sheets(
    sheets: SymbolGlyphs, aspects: list[NDArray[np.float64]], rng: np.random.Generator
) -> SymbolGlyphs:
    """Restores the width of BHMSDS's glyphs, which were stretched to a square.

    Each digit gets the aspect ratio of an MNIST digit of its class, see ``aspects_of``.
    """
    sheets = sheets.subset(~np.isin(sheets.symbols, AMBIGUOUS_SYMBOLS))
    inks = []
    for image, symbol in zip(sheets.images, sheets.symbols, strict=True):
        if symbol.isdigit():
            aspect = float(rng.choice(aspects[int(symbol)]))
        else:
            aspect = float(rng.uniform(2.5, 6.0) if symbol == "minus" else rng.uniform(0.7, 1.3))
        inks.append(_stretched(_black_and_white(image), aspect))
    glyphs = replace(sheets, images=normalize_all(inks))
    # A badly lit part of a sheet yields a black square, which is not a symbol at all.
    return glyphs.subset(glyphs.images.mean(axis=(1, 2)) < MOST_INK * 255)


def scribbles(data_dir: AnyPath | None) -> LabelledGlyphs:
    """Returns drawings of things, except rainbows, whose arc may be read as 0."""
    drawings = load_quickdraw(data_dir=data_dir)
    drawings = drawings.subset(drawings.symbols != "rainbow")
    inks = [image.astype(np.float32) / 255 for image in drawings.images]
    return replace(drawings, images=normalize_all(inks)).labelled()


def not_digits(mnist: LabelledGlyphs, rng: np.random.Generator, *, share: float = 1.0) -> LabelledGlyphs:
    """Makes pairs and fragments of MNIST digits, marks, and textures, all labeled "not a digit".

    Each digit appears in about half a fragment or pair; ``share`` is that of the usual marks and textures.
    """
    count = int(PARTS_PER_DIGIT * len(mnist))
    images = np.concatenate(
        [
            hard_negatives.pairs(mnist.images, count, rng),
            hard_negatives.fragments(mnist.images, count, rng),
            hard_negatives.marks(int(share * MARKS), rng),
            hard_negatives.textures(int(share * TEXTURES), rng),
        ]
    )
    images = images[images.any(axis=(1, 2))]
    return LabelledGlyphs(
        name="Made of MNIST",
        images=images,
        labels=np.full(len(images), NOT_A_DIGIT_CLASS, np.uint8),
        sha256=mnist.sha256,
        licence=mnist.licence,
        attribution=mnist.attribution,
    )


def aspects_of(mnist: LabelledGlyphs) -> list[NDArray[np.float64]]:
    """Returns the width divided by the height of each glyph, digit by digit."""
    solid = mnist.images > 64
    aspects = solid.any(axis=1).sum(axis=1) / np.maximum(solid.any(axis=2).sum(axis=1), 1)
    return [aspects[mnist.labels == digit] for digit in range(10)]


def _black_and_white(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    return np.clip(0.5 + (image.astype(np.float32) - level) / 64, 0, 1)


def _stretched(ink: NDArray[np.float32], aspect: float) -> NDArray[np.float32]:
    """Changes the ink's aspect ratio (width / height) from 1 to ``aspect``; the longer side is 56 pixels."""
    longer = 56
    size = (
        (longer, max(4, round(longer / aspect))) if aspect > 1 else (max(4, round(longer * aspect)), longer)
    )
    return cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
