"""A canvas in the window: its place, how it is read, and how the reading is shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
import pygame
from pygame import Rect, Surface

from inkread.desktop import theme
from inkread.desktop.canvas import FULL, Brush, Canvas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.desktop.canvas import Point

NO_DIGIT = "–"

PENS = {"thin": 0.55, "medium": 1.0, "thick": 1.8}
"""Widths of the pen by name, relative to the view's brush."""

R = TypeVar("R")
"""The reading of a kind of view."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """The reading of a canvas, the value of ``Canvas.changes`` when it was read, and how long that took."""

    reading: R
    changes: int
    seconds: float


class CanvasView(ABC, Generic[R]):
    """A canvas in the window.

    Args:
        min_probability: 0..1; less probable digits are shown as "?".

    Attributes:
        answer: the newest reading; ``None`` before the first.
        rect: its area in the window, in pixels.
        is_followed: whether it is read while you draw.
    """

    name: ClassVar[str]
    invitation: ClassVar[str]
    size: ClassVar[tuple[int, int]]
    brush: ClassVar[Brush]
    eraser: ClassVar[Brush]

    def __init__(self, *, min_probability: float) -> None:
        self.canvas = Canvas(self.size, self.brush, self.eraser)
        self.answer: Answer[R] | None = None
        self.rect = Rect((0, 0), self.size)
        self.is_followed = False
        self.min_probability = min_probability

    @property
    def is_stale(self) -> bool:
        """Whether the canvas has changed since it was read."""
        return self.answer is None or self.answer.changes != self.canvas.changes

    @property
    def is_outdated(self) -> bool:
        """Whether the reading is stale and is not updated automatically."""
        return self.is_stale and not self.is_followed

    def lay(self, area: Rect) -> None:
        """Places the canvas in the upper left of the area, as large as possible."""
        factor = min(area.width / self.size[0], area.height / self.size[1])
        self.rect = Rect(area.topleft, self.extent(factor))

    def extent(self, factor: float) -> tuple[int, int]:
        """Returns the width and height in the window if the canvas is enlarged by this factor."""
        return max(1, int(self.size[0] * factor)), max(1, int(self.size[1] * factor))

    def point(self, position: tuple[int, int]) -> Point:
        """Converts a position in the window to pixels of the canvas."""
        x, y = position[0] + 0.5 - self.rect.left, position[1] + 0.5 - self.rect.top
        return x * self.size[0] / self.rect.width, y * self.size[1] / self.rect.height

    def clear(self) -> None:
        """Removes all ink and the reading; the ink can be restored by undo."""
        self.canvas.clear()
        self.answer = None

    def use_pen(self, name: str) -> None:
        """Draws the next strokes with the pen of this name, see ``PENS``."""
        self.canvas.brush = replace(self.brush, radius=self.brush.radius * PENS[name])

    def renew(self) -> None:
        """Starts over with an empty canvas, without history or reading."""
        self.canvas.restart()
        self.answer = None

    @property
    def picture(self) -> NDArray[np.uint8]:
        """H×W uint8, dark ink on white: the picture as saved to files and read from them."""
        return FULL - self.canvas.ink

    @abstractmethod
    def read(self, reader: Any, ink: NDArray[np.uint8]) -> R:
        """Reads the ink of a canvas with a reader of its kind; can be called from any thread."""

    @abstractmethod
    def text(self, reading: R) -> str:
        """Returns the text of a reading on one line; "" for no digit."""

    def copied(self, reading: R) -> str:
        """Returns the text of a reading for the clipboard."""
        return self.text(reading)

    @abstractmethod
    def draw(self, surface: Surface) -> None:
        """Draws the canvas."""

    @abstractmethod
    def draw_reading(self, surface: Surface, rect: Rect, reading: R, scale: float) -> None:
        """Draws the reading next to the canvas."""


@lru_cache(maxsize=2)
def _shades(sheet: theme.Colour, pen: theme.Colour) -> NDArray[np.uint8]:
    """Returns the color of ink by its strength: 256×3."""
    return np.rint(np.linspace(sheet, pen, FULL + 1)).astype(np.uint8)


def painted(ink: NDArray[np.uint8]) -> Surface:
    """Converts H×W ink to a surface of the same size."""
    height, width = ink.shape
    return pygame.image.frombuffer(_shades(theme.SHEET, theme.PEN)[ink].tobytes(), (width, height), "RGB")
