"""Writers: UNIPEN's and Pendigits' pen strokes, MNIST's bitmaps, our own alphabet, and handwriting fonts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.mnist import HELD_OUT, LEARNED, load_mnist
from inkread.datasets.pen_strokes import (
    HELD_OUT_CONTRIBUTORS,
    HELD_OUT_SOURCE,
    load_all_pen_words,
    load_pendigits,
    load_unipen,
)
from inkread.datasets.strips import CROSSED_OUT, load_copiste, load_dhsd_pack
from inkread.datasets.stroke_font import WriterStyle, write_digit
from inkread.datasets.symbols import load_bhmsds, load_quickdraw
from inkread.synthetic.real import RealNumber, load_real
from inkread.synthetic.row_text import MARK_WOBBLE, MARKS
from inkread.synthetic.vectors import VectorGlyph, font_glyph, hand_fonts, normalised, print_fonts, traced

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.corrections import CorrectedPage
    from inkread.datasets.pen_strokes import PenCharacters

ONE_IN = 20
"""In collections without writers (fonts, operators, scribbles, lines), one in this many is held out."""
MIN_AGREEMENT = 0.3
"""Minimum agreement of UNIPEN's digits with their neighbors; the others may be mislabeled."""

KINDS = {"unipen": 0.34, "pendigits": 0.14, "alphabet": 0.2, "mnist": 0.17, "bhmsds": 0.04, "font": 0.11}
"""Share of writers from each source."""
MIXED_SHARE = 0.2
"""Share of writers whose digits come from different sources, so that no combination of shapes is unknown."""
REPEAT_SHARE = 0.3
"""Probability that a writer repeats the very same glyph."""
RARE_SHARE = 0.45
"""Share of alphabet writers who may use its rarer shapes."""

DESCENDING, LOWER, LETTER_HEIGHT = frozenset("gjpqy"), frozenset("acemnorsuvwxz"), 0.65
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class People:
    """The writers of one collection: which of each writer's samples show which character."""

    characters: PenCharacters
    by_writer: list[dict[str, NDArray[np.intp]]]
    by_character: dict[str, NDArray[np.intp]]

    @classmethod
    def of(cls, characters: PenCharacters, keep: NDArray[np.bool_]) -> People:
        """Groups the kept samples by writer; only people with at least five different digits are writers."""
        by_writer: dict[int, dict[str, list[int]]] = {}
        by_character: dict[str, list[int]] = {}
        for index in np.flatnonzero(keep):
            writer, label = int(characters.writers[index]), str(characters.labels[index])
            by_writer.setdefault(writer, {}).setdefault(label, []).append(int(index))
            by_character.setdefault(label, []).append(int(index))
        people = [
            {label: np.array(found) for label, found in own.items()}
            for own in by_writer.values()
            if sum(label.isdigit() for label in own) >= 5
        ]
        return cls(characters, people, {label: np.array(found) for label, found in by_character.items()})

    def pick(self, writer: int, character: str, rng: np.random.Generator) -> list[NDArray[np.float32]]:
        """Returns a character as this writer wrote it, or else as anyone did."""
        own = self.by_writer[writer].get(character)
        found = own if own is not None else self.by_character[character]
        return self.characters.strokes(int(rng.choice(found)))


@dataclass(frozen=True, slots=True)
class Stock:
    """All material for writing scenes; fonts are file names.

    Attributes:
        images: MNIST's digits by class, uint8 N×28×28 each.
        symbols: BHMSDS's bitmaps by symbol, uint8 N×28×28, bright ink.
        scribbles: Quick, Draw!'s bitmaps, uint8 N×28×28.
        words: UNIPEN's words.
        word_index: those without digits, held out or not.
        lines: real handwritten lines without digits, uint8 48×W, dark on light.
        corrected: pages that people corrected.
    """

    unipen: People
    pendigits: People
    images: tuple[NDArray[np.uint8], ...]
    symbols: dict[str, NDArray[np.uint8]]
    scribbles: NDArray[np.uint8]
    words: PenCharacters
    word_index: NDArray[np.intp]
    hand_fonts: tuple[str, ...]
    print_fonts: tuple[str, ...]
    lines: tuple[NDArray[np.uint8], ...] = ()
    numbers: tuple[RealNumber, ...] = ()
    corrected: tuple[CorrectedPage, ...] = ()


@lru_cache(maxsize=2)
def load_stock(*, data_dir: Path | None = None, held_out: bool = False) -> Stock:
    """Loads all collections, or their held-out parts for validation.

    Args:
        data_dir: where the collections are; ``INKREAD_DATA`` by default.
        held_out: load the parts on which no network is trained (MNIST's last 5,000 training images; four
            collections of UNIPEN's characters and the words' eval split; Pendigits' test writers; every
            twentieth of the rest) instead of the rest.

    Raises:
        DatasetError: a collection is missing or damaged.
    """
    mnist = load_mnist("train", data_dir=data_dir).subset(HELD_OUT if held_out else LEARNED)
    symbols, scribbles = load_bhmsds(data_dir=data_dir), load_quickdraw(data_dir=data_dir)
    words, word_index = _words(data_dir, held_out=held_out)
    return Stock(
        unipen=_unipen(data_dir, held_out=held_out),
        pendigits=_pendigits(data_dir, held_out=held_out),
        images=tuple(mnist.images[mnist.labels == digit] for digit in range(10)),
        symbols={
            str(symbol): _part(symbols.images[symbols.symbols == symbol], held_out=held_out)
            for symbol in np.unique(symbols.symbols)
        },
        scribbles=_part(scribbles.images, held_out=held_out),
        words=words,
        word_index=word_index,
        hand_fonts=tuple(_part(np.array(hand_fonts(data_dir)), held_out=held_out).tolist()),
        print_fonts=tuple(print_fonts()),
        lines=tuple(_real_lines(data_dir, held_out=held_out)),
        numbers=load_real(data_dir, held_out=held_out),
    )


def _part(whole: NDArray[Any], *, held_out: bool) -> NDArray[Any]:
    """Returns every twentieth entry, or all others."""
    return whole[(np.arange(len(whole)) % ONE_IN == 0) == held_out]


def _unipen(data_dir: Path | None, *, held_out: bool) -> People:
    characters = load_unipen(data_dir=data_dir)
    doubtful = (characters.agreement < MIN_AGREEMENT) & np.char.isdigit(characters.labels)
    keep = (np.isin(characters.contributors, HELD_OUT_CONTRIBUTORS) == held_out) & ~doubtful
    return People.of(characters, keep)


def _pendigits(data_dir: Path | None, *, held_out: bool) -> People:
    characters = load_pendigits(data_dir=data_dir)
    keep = (characters.contributors == HELD_OUT_SOURCE) == held_out
    return People.of(characters, keep & np.char.isdigit(characters.labels))


def _words(data_dir: Path | None, *, held_out: bool) -> tuple[PenCharacters, NDArray[np.intp]]:
    words, is_held_out = load_all_pen_words(data_dir)
    has_digit = np.array([any(c.isdigit() for c in label) for label in words.labels])
    return words, np.flatnonzero((is_held_out == held_out) & ~has_digit)


def _real_lines(data_dir: Path | None, *, held_out: bool) -> list[NDArray[np.uint8]]:
    """Loads handwritten lines without digits from Copiste d'un jour and DHSD."""
    packs = load_copiste(data_dir), load_dhsd_pack(data_dir)
    return [
        pack.line(i)
        for pack in packs
        for i, (text, chosen) in enumerate(zip(pack.texts(), pack.part(held_out=held_out), strict=True))
        if chosen and not any(c.isdigit() or c in CROSSED_OUT for c in text)
    ]


@dataclass(slots=True)
class Writer:
    """A writer, who often writes the same character in the same way, which ``known`` remembers.

    ``kinds`` are the sources of the ten digits, see ``KINDS``.
    """

    stock: Stock
    rng: np.random.Generator
    kinds: tuple[str, ...]
    unipen: int
    pendigits: int
    style: WriterStyle
    font: str
    threshold: int
    worn: int
    known: dict[str, VectorGlyph] = field(default_factory=dict)

    @classmethod
    def random(cls, stock: Stock, rng: np.random.Generator) -> Writer:
        """Returns a random writer."""
        mixed = rng.random() < MIXED_SHARE
        drawn = rng.choice(list(KINDS), 10 if mixed else 1, p=list(KINDS.values()))
        return cls(
            stock=stock,
            rng=rng,
            kinds=tuple(np.resize(drawn, 10).tolist()),
            unipen=int(rng.integers(len(stock.unipen.by_writer))),
            pendigits=int(rng.integers(len(stock.pendigits.by_writer))),
            style=WriterStyle.random(rng, rare=rng.random() < RARE_SHARE),
            font=str(rng.choice(stock.hand_fonts)),
            threshold=int(rng.integers(90, 190)),
            worn=int(rng.integers(0, 4)),
        )

    def glyph(self, character: str) -> VectorGlyph:
        """Returns a digit, a letter, or one of ``row_text.MARKS``."""
        if character in self.known and self.rng.random() < REPEAT_SHARE:
            return self.known[character]
        glyph = self._digit(character) if character.isdigit() else self._sign(character)
        self.known[character] = glyph
        return glyph

    def _digit(self, digit: str) -> VectorGlyph:
        kind, rng, stock = self.kinds[int(digit)], self.rng, self.stock
        if kind == "mnist":
            return self.from_bitmap(rng.choice(stock.images[int(digit)]))
        if kind == "bhmsds":
            glyph = self.from_bitmap(rng.choice(stock.symbols[digit]))
            # These were stretched to a square; restore a plausible aspect ratio.
            narrow = (0.25 if digit == "1" else 0.65) * float(np.exp(rng.normal(0, 0.2)))
            return VectorGlyph((), tuple(path * np.array([narrow, 1], np.float32) for path in glyph.outlines))
        if kind == "font" and (found := font_glyph(self.font, digit)):
            return normalised(found.strokes, found.outlines)
        if kind == "pendigits":
            return normalised(stock.pendigits.pick(self.pendigits, digit, rng))
        if kind == "alphabet":
            return normalised([path[:, :2] for path in write_digit(digit, self.style, rng)])
        return normalised(stock.unipen.pick(self.unipen, digit, rng))

    def from_bitmap(self, image: NDArray[np.uint8]) -> VectorGlyph:
        """Returns a bitmap's bright ink as this writer's pen leaves it, thicker or thinner."""
        outlines = traced(image, threshold=self.threshold, worn=self.worn)
        return normalised((), outlines or traced(image))

    def _sign(self, character: str) -> VectorGlyph:
        if character in MARKS:
            return self._mark(character)
        if self.kinds[0] == "font" and (found := font_glyph(self.font, character)):
            return found
        if character not in self.stock.unipen.by_character:
            return VectorGlyph()
        strokes = self.stock.unipen.pick(self.unipen, character, self.rng)
        height = LETTER_HEIGHT if character in LOWER else 1.0
        return normalised(strokes, height=height, foot=0.3 if character in DESCENDING else 0.0)

    def _mark(self, mark: str) -> VectorGlyph:
        strokes = []
        for stroke in MARKS[mark].split("|"):
            points = np.array([point.split(",") for point in stroke.split()], np.float32) / 100
            wobble = self.rng.normal(0, MARK_WOBBLE, points.shape) if mark != "." else 0
            strokes.append((points + wobble).astype(np.float32))
        middle = np.float32(np.concatenate(strokes)[:, 0].mean())
        return VectorGlyph(tuple(stroke - np.array([middle, 0], np.float32) for stroke in strokes))

    def word(self) -> VectorGlyph:
        """Returns a UNIPEN word, whose x-height is unknown: about 1.3 units high in total."""
        strokes = self.stock.words.strokes(int(self.rng.choice(self.stock.word_index)))
        return normalised(strokes, height=1.3, foot=0.25, widest=12.0, least=1.0)
