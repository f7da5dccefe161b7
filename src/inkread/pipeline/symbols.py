"""Reads the one character or symbol of a picture, with any classifier of glyphs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.errors import OptionError
from inkread.models.card import NOT_A_DIGIT
from inkread.picture import PictureLimits, load_picture
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.glyph import normalize
from inkread.pipeline.glyphs import cut_ink
from inkread.pipeline.ink import ink_of
from inkread.pipeline.source_reader import SourceReader
from inkread.pipeline.turning import as_given
from inkread.results import Digit, Line, Reading, require_probability

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from inkread.picture import Picture, Source
    from inkread.pipeline.text_lines import TextLine
    from inkread.results import Box

    Opinion = Callable[[NDArray[np.float32], Sequence[str]], NDArray[np.float64]]
    """Returns the probabilities of some labels, given that the ink, float32 h×w in 0..1, is one of them."""

ALTERNATIVES = 3
"""Alternatives of a symbol."""
TURNED, SLANTED, SCALED = 6.0, 0.12, 1.1
"""How a glyph is seen again: turned (degrees), slanted (share of its height), and resized along an axis."""
LEAST_SHARE = 1e-9
"""Added to probabilities before their logarithm."""


@dataclass(frozen=True, slots=True)
class TextTrace:
    """Every stage of a reading of text, to show what the reader saw.

    Attributes:
        picture: RGB, by its own account upright.
        turns: counterclockwise quarter turns that made the page upright; the other stages are of the turned
            page.
        grey: uint8 H×W.
        found: the lines, or for one symbol none.
        texts: what was read in each.
        glyphs: the 28×28 glyph of one symbol, or none.
        reading: the result.
    """

    picture: Picture
    turns: int
    grey: NDArray[np.uint8]
    found: tuple[TextLine, ...]
    texts: tuple[str, ...]
    glyphs: tuple[NDArray[np.uint8], ...]
    reading: Reading


class SymbolReader(SourceReader[TextTrace]):
    """Reads pictures of one symbol each, with a model of your own classes.

    Args:
        model: the folder of a training run.
        limits: maximum bytes and pixels per picture.
        threads: intra-op threads per call of the model; 0 means one per core.

    Raises:
        ModelError: the model cannot be loaded.
    """

    def __init__(
        self, model: str | os.PathLike[str], *, limits: PictureLimits | None = None, threads: int = 0
    ) -> None:
        self.classifier = Classifier(model, threads=threads)
        self.limits = limits or PictureLimits()
        self._model, self._threads = model, threads

    def __reduce__(self) -> tuple[partial[SymbolReader], tuple[()]]:
        """Pickles the arguments; unpickling loads the model again."""
        return partial(type(self), self._model, limits=self.limits, threads=self._threads), ()

    @property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256, hexadecimal, of the network."""
        return (self.classifier.sha256,)

    def trace(
        self, source: Source, *, single: bool = False, page: int = 1, min_probability: float = 0.0
    ) -> TextTrace:
        """Reads the picture's symbol, and keeps every stage.

        Raises:
            OptionError: the picture is to be read as a page.
        """
        if not single:
            remedy = "add --single, or in Python use read_digit"
            raise OptionError(f"model {self._model}", "reads one symbol per picture", remedy)
        require_probability(min_probability)
        picture = load_picture(source, limits=self.limits, page=page)
        return read_symbol(picture, self.classifier, self.classifier.labels, min_probability=min_probability)


def read_symbol(
    picture: Picture,
    classifier: Classifier,
    wanted: Collection[str],
    *,
    second: Opinion | None = None,
    min_probability: float = 0.0,
) -> TextTrace:
    """Classifies all ink of a picture as one of the wanted labels, or rejects it.

    Args:
        picture: what to read.
        classifier: knows the labels, and what is none of them.
        wanted: those of its labels that are possible.
        second: a second opinion about which letter it is, upper or lower case; only if it is not rejected.
        min_probability: in 0..1; less probable labels are ``"?"``.
    """
    grey = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    box = ink_of(grey).box
    glyphs: tuple[NDArray[np.uint8], ...] = ()
    lines: tuple[Line, ...] = ()
    if box is not None:
        ink = cut_ink(grey, box)
        glyph = normalize(ink)
        glyphs = (glyph,)
        labels = [label for label in classifier.classes if label != NOT_A_DIGIT and label in wanted]
        shares = _shares(classifier, glyph, labels) if glyph.any() else None
        if shares is not None:
            if second:
                shares = shares.sum() * _agreed(shares / shares.sum(), second(ink, labels), labels)
            order = np.argsort(-shares, kind="stable")[: ALTERNATIVES + 1].tolist()
            ranked = [(labels[index], float(shares[index])) for index in order]
            digit = Digit(*ranked[0], in_source(box.tolist(), picture), tuple(ranked[1:]))
            lines = (Line((digit,)),)
    reading = Reading(picture.source, picture.width, picture.height, lines)
    return TextTrace(picture, 0, grey, (), (), glyphs, reading.with_min_probability(min_probability))


def _shares(
    classifier: Classifier, glyph: NDArray[np.uint8], labels: Sequence[str]
) -> NDArray[np.float64] | None:
    """Returns the probabilities of some labels, given that a glyph is one of them or none, or rejects it."""
    logs = np.log(classifier.probabilities(_views(glyph)) + LEAST_SHARE)
    mean = dict(zip(classifier.classes, np.exp(logs.mean(axis=0)).tolist(), strict=True))
    shares = np.array([mean[label] for label in labels])
    none = mean.get(NOT_A_DIGIT, 0.0)
    wanted = float(shares.sum())  # look-alikes share their probability
    return None if none > classifier.rejection_threshold * wanted else shares / (wanted + none)


def _agreed(
    own: NDArray[np.float64], other: NDArray[np.float64], labels: Sequence[str]
) -> NDArray[np.float64]:
    """Returns the mean of two opinions on which letter it is; its case is as probable as in the first one."""
    _, letter = np.unique([label.lower() for label in labels], return_inverse=True)
    first, second = (np.bincount(letter, shares) for shares in (own, other))
    return own / first[letter] * ((first + second) / 2)[letter]


def _views(glyph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns the glyph and eight slightly changed ones, 9×28×28: the classifier's mean opinion errs less."""
    angle = np.deg2rad(TURNED)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1.0, SLANTED], [0.0, 1.0]])
    wider, taller = np.diag([SCALED, 1.0]), np.diag([1.0, SCALED])
    middle = (np.array(glyph.shape[::-1]) - 1) / 2
    views = [glyph]
    for change in (turn, slant, wider, taller):
        for linear in (change, np.linalg.inv(change)):
            matrix = np.column_stack([linear, middle - linear @ middle])
            views.append(np.asarray(cv2.warpAffine(glyph, matrix, glyph.shape[::-1]), np.uint8))
    return np.stack(views)


def in_source(box: Sequence[float], picture: Picture, turns: int = 0) -> Box:
    """Converts a box on the picture, after quarter turns, to whole pixels of the source, at least one."""
    scale_x, scale_y = picture.scale
    height, width = picture.pixels.shape[:2]
    left, top, right, bottom = box
    x0, y0, x1, y1 = as_given((left, top, right, bottom), (height, width), turns)
    start_x, start_y = max(0, int(x0 * scale_x)), max(0, int(y0 * scale_y))
    end_x, end_y = min(picture.width, int(x1 * scale_x) + 1), min(picture.height, int(y1 * scale_y) + 1)
    return start_x, start_y, max(start_x + 1, end_x), max(start_y + 1, end_y)
