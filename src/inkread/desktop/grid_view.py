"""The grid of 28×28 cells for one character at the classifiers' input size.

The ink of a digit is read directly, by ``glyph.normalize`` and the classifier. Of 1,000 digits drawn at any
size and place by writers not in the training data, 99.1 % are read correctly, in 0.8 ms each. Enlarged and
read as a picture, 98.7 % are read correctly, in 215 ms (``python benchmarks/grid_drawing.py --digits 1000``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pygame
from pygame import Rect, Surface

from inkread.desktop import theme, widgets
from inkread.desktop.canvas import FULL, Brush
from inkread.desktop.canvas_view import NO_DIGIT, CanvasView, painted
from inkread.pipeline import glyph
from inkread.pipeline.classifier import DIGITS
from inkread.reader import Reader
from inkread.results import UNNAMED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader

CELLS = 10
"""Pixels per cell in a saved picture, because 28×28 pixels are too small to see."""

LINES_FROM = 6
"""Minimum cell size in pixels for lines between cells; smaller cells would be mostly lines."""


@dataclass(frozen=True, slots=True)
class GridReading:
    """The reading of a drawing on the grid.

    Attributes:
        labels: the characters that it may be.
        shares: the probability of each.
        none: the probability that it is no character; all probabilities sum to at most 1.
    """

    labels: tuple[str, ...]
    shares: tuple[float, ...]
    none: float

    @property
    def ranked(self) -> list[int]:
        """Returns the indices of the characters, most probable first."""
        return sorted(range(len(self.labels)), key=lambda index: -self.shares[index])

    @property
    def best(self) -> str:
        """The most probable class: a character or ``NO_DIGIT``."""
        return self.labels[self.ranked[0]] if self.probability > self.none else NO_DIGIT

    @property
    def probability(self) -> float:
        """The probability of the best class."""
        return max((self.none, *self.shares))

    def label(self, min_probability: float) -> str:
        """Returns the character, ``NO_DIGIT``, or ``"?"`` if the best class is less probable than this."""
        return self.best if self.probability >= min_probability else UNNAMED

    def verdict(self, min_probability: float) -> str:
        """Describes the result in words."""
        what = "digit" if self.labels == tuple(DIGITS) else "letter"
        if self.probability < min_probability:
            first, *others = self.ranked
            is_doubtful = not others or self.none > self.shares[others[0]]
            second = f"no {what}" if is_doubtful else self.labels[others[0]]
            return f"{self.labels[first]} or {second}?"
        confidence = theme.percent(self.probability)
        return f"No {what}: {confidence}" if self.best == NO_DIGIT else confidence


class GridView(CanvasView[GridReading]):
    """The view of 28×28 cells."""

    name = "28 × 28"
    invitation = "Draw a digit or a letter in the cells"
    size = (glyph.SIDE, glyph.SIDE)
    brush = Brush(radius=1.2, softness=1.4)
    eraser = Brush(radius=2.4, softness=1.0)

    def extent(self, factor: float) -> tuple[int, int]:
        """Returns an extent with a whole number of pixels per cell."""
        return super().extent(max(1, int(factor)))

    @property
    def picture(self) -> NDArray[np.uint8]:
        """280×280 uint8: each cell as a square, dark ink on white."""
        return super().picture.repeat(CELLS, axis=0).repeat(CELLS, axis=1)

    def read(self, reader: Reader | TextReader | SymbolReader, ink: NDArray[np.uint8]) -> GridReading:
        """Reads 28×28 ink as one character."""
        if not isinstance(reader, Reader):
            return _read_letter(reader, ink)
        normal = glyph.normalize(ink.astype(np.float32) / np.float32(FULL))
        if not normal.any():
            return GridReading(tuple(DIGITS), (0.0,) * len(DIGITS), none=1.0)
        *digits, none = (float(share) for share in reader.probabilities(normal[None])[0])
        return GridReading(tuple(DIGITS), tuple(digits), none)

    def text(self, reading: GridReading) -> str:
        """Returns the character or "?"."""
        label = reading.label(self.min_probability)
        return "" if label == NO_DIGIT else label

    def draw(self, surface: Surface) -> None:
        """Draws the cells with lines between them."""
        surface.blit(pygame.transform.scale(painted(self.canvas.ink), self.rect.size), self.rect)
        cell = self.rect.width // self.size[0]
        if cell >= LINES_FROM:
            for line in range(1, self.size[0]):
                left, top, width, height = self.rect
                surface.fill(theme.GRID_LINE, (left + line * cell, top, 1, height))
                surface.fill(theme.GRID_LINE, (left, top + line * cell, width, 1))
        pygame.draw.rect(surface, theme.LINE_STRONG, self.rect.inflate(2, 2), 1)

    def draw_reading(self, surface: Surface, rect: Rect, reading: GridReading, scale: float) -> None:
        """Draws the character in large type, its probability, and a bar for each that it may be."""
        label = reading.label(self.min_probability)
        is_faint = self.is_outdated or label == NO_DIGIT
        ink = theme.LINE_STRONG if is_faint else theme.DOUBT if label == UNNAMED else theme.INK
        above, below = widgets.halves(rect, scale, share=0.46)
        widgets.headline(surface, above, label, reading.verdict(self.min_probability), ink=ink, scale=scale)
        rows = [
            (label, share, theme.percent(share))
            for label, share in zip(reading.labels, reading.shares, strict=True)
        ]
        best = None if is_faint or not rows else reading.ranked[0]
        doubtful = () if best is None or label != UNNAMED else (best,)
        widgets.bars(surface, below, rows, scale, best=best, doubtful=doubtful)


def _read_letter(reader: TextReader | SymbolReader, ink: NDArray[np.uint8]) -> GridReading:
    """Reads 28×28 ink as the picture of one character."""
    read = reader.read_digit(FULL - ink)
    if read is None:
        return GridReading((), (), none=1.0)
    shares = dict(((read.label, read.probability), *read.alternatives))
    shares.pop("", None)
    return GridReading(tuple(shares), tuple(shares.values()), max(0.0, 1 - sum(shares.values())))
