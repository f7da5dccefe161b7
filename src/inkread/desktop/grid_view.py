"""The grid of 28×28 cells: one digit, in the classifier's own size.

A drawing on it is read as its ink stands, by ``glyph.normalize`` and the classifier. Of 1,000 digits that writers whom no network
learned from draw on it in any size and place, 99.1 % are read right, in 0.8 ms each; enlarged and read as a person's picture, 98.7 %,
in 215 ms (``python benchmarks/grid_drawing.py --digits 1000``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pygame

from inkread.desktop import theme, widgets
from inkread.desktop.canvas import FULL, Brush
from inkread.desktop.canvas_view import NO_DIGIT, CanvasView, painted
from inkread.pipeline import glyph
from inkread.pipeline.classifier import DIGITS
from inkread.results import UNNAMED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.reader import Reader

CELLS = 10
"""Pixels of a saved picture for each cell, as in 28×28 pixels nobody sees anything."""

LINES_FROM = 6
"""Pixels of a cell from which lines are drawn between cells; narrower ones would be all lines."""


@dataclass(frozen=True, slots=True)
class GridReading:
    """What a drawing on the grid is.

    Attributes:
        digits: the probabilities of 0 to 9.
        none: the probability that it is no digit; together they are 1.
    """

    digits: tuple[float, ...]
    none: float

    @property
    def ranked(self) -> list[int]:
        """The digits, the likeliest first."""
        return sorted(range(len(self.digits)), key=lambda digit: -self.digits[digit])

    @property
    def best(self) -> str:
        """The likeliest of the ten digits, and of none."""
        first = self.ranked[0]
        return NO_DIGIT if self.none > self.digits[first] else DIGITS[first]

    @property
    def probability(self) -> float:
        """Of the best."""
        return max(self.none, *self.digits)

    def label(self, min_probability: float) -> str:
        """The digit; ``NO_DIGIT``; or ``"?"`` where the best is less probable than this."""
        return self.best if self.probability >= min_probability else UNNAMED

    def verdict(self, min_probability: float) -> str:
        """The same in words."""
        first, second = (DIGITS[digit] for digit in self.ranked[:2])
        if self.probability < min_probability:
            return (
                f"{first}, or no digit?" if self.none > self.digits[int(second)] else f"{first} or {second}?"
            )
        confidence = theme.percent(self.probability)
        return f"No digit: {confidence}" if self.best == NO_DIGIT else confidence


class GridView(CanvasView[GridReading]):
    """The view of 28×28 cells."""

    name = "28 × 28"
    invitation = "Draw a digit in the cells"
    size = (glyph.SIDE, glyph.SIDE)
    brush = Brush(radius=1.2, softness=1.4)
    eraser = Brush(radius=2.4, softness=1.0)

    def extent(self, factor: float) -> tuple[int, int]:
        """A whole number of pixels for each cell."""
        return super().extent(max(1, int(factor)))

    @property
    def picture(self) -> NDArray[np.uint8]:
        """280×280 uint8: every cell as a square, dark ink on white."""
        return super().picture.repeat(CELLS, axis=0).repeat(CELLS, axis=1)

    def read(self, reader: Reader, ink: NDArray[np.uint8]) -> GridReading:
        """Reads 28×28 ink as one digit."""
        normal = glyph.normalize(ink.astype(np.float32) / np.float32(FULL))
        if not normal.any():
            return GridReading((0.0,) * len(DIGITS), none=1.0)
        *digits, none = (float(share) for share in reader.probabilities(normal[None])[0])
        return GridReading(tuple(digits), none)

    def text(self, reading: GridReading) -> str:
        """The digit, or "?"."""
        label = reading.label(self.min_probability)
        return "" if label == NO_DIGIT else label

    def draw(self, surface: pygame.Surface) -> None:
        """The cells, with lines between them."""
        surface.blit(pygame.transform.scale(painted(self.canvas.ink), self.rect.size), self.rect)
        cell = self.rect.width // self.size[0]
        if cell >= LINES_FROM:
            for line in range(1, self.size[0]):
                surface.fill(
                    theme.GRID_LINE, (self.rect.left + line * cell, self.rect.top, 1, self.rect.height)
                )
                surface.fill(
                    theme.GRID_LINE, (self.rect.left, self.rect.top + line * cell, self.rect.width, 1)
                )
        pygame.draw.rect(surface, theme.LINE_STRONG, self.rect.inflate(2, 2), 1)

    def draw_reading(
        self, surface: pygame.Surface, rect: pygame.Rect, reading: GridReading, scale: float
    ) -> None:
        """The digit in large, its probability, and ten bars."""
        label = reading.label(self.min_probability)
        is_faint = self.is_outdated or label == NO_DIGIT
        ink = theme.LINE_STRONG if is_faint else theme.DOUBT if label == UNNAMED else theme.INK
        above, below = widgets.halves(rect, scale, share=0.46)
        widgets.headline(surface, above, label, reading.verdict(self.min_probability), ink=ink, scale=scale)
        rows = [(DIGITS[digit], share, theme.percent(share)) for digit, share in enumerate(reading.digits)]
        best = None if is_faint else reading.ranked[0]
        doubtful = () if best is None or label != UNNAMED else (best,)
        widgets.bars(surface, below, rows, scale, best=best, doubtful=doubtful)
