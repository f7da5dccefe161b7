"""What one draws on in the window: a canvas in its place, how it is read, and how the answer is shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import numpy as np
import pygame

from inkread.desktop import theme
from inkread.desktop.canvas import FULL, Brush, Canvas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.desktop.canvas import Point
    from inkread.reader import Reader

NO_DIGIT = "–"

SHADES = np.rint(np.linspace(theme.SHEET, theme.PEN, FULL + 1)).astype(np.uint8)
"""256×3: the colour of ink by its strength."""


R = TypeVar("R")
"""What a kind of view is read as."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What a canvas was read as, and when.

    Attributes:
        reading: what it was read as.
        changes: of the canvas when it was read.
        seconds: that the reading took.
    """

    reading: R
    changes: int
    seconds: float


class CanvasView(ABC, Generic[R]):
    """A canvas that lies somewhere in the window.

    Args:
        min_probability: 0..1; a digit that is less probable is shown as "?".

    Attributes:
        canvas: what is drawn.
        answer: the newest reading; ``None`` before the first.
        rect: where it lies in the window, in pixels.
        is_followed: it is read while it is drawn on.
    """

    name: ClassVar[str]
    invitation: ClassVar[str]
    size: ClassVar[tuple[int, int]]
    brush: ClassVar[Brush]
    eraser: ClassVar[Brush]

    def __init__(self, *, min_probability: float) -> None:
        self.canvas = Canvas(self.size, self.brush, self.eraser)
        self.answer: Answer[R] | None = None
        self.rect = pygame.Rect((0, 0), self.size)
        self.is_followed = False
        self.min_probability = min_probability

    @property
    def is_stale(self) -> bool:
        """Whether the canvas has changed since it was read."""
        return self.answer is None or self.answer.changes != self.canvas.changes

    @property
    def is_outdated(self) -> bool:
        """Whether the answer is stale, and no newer one comes by itself."""
        return self.is_stale and not self.is_followed

    def lay(self, area: pygame.Rect) -> None:
        """Takes its place: at the upper left of the area, as large as it can be."""
        factor = min(area.width / self.size[0], area.height / self.size[1])
        self.rect = pygame.Rect(area.topleft, self.extent(factor))

    def extent(self, factor: float) -> tuple[int, int]:
        """Width and height in the window where the canvas is enlarged by this factor."""
        return max(1, int(self.size[0] * factor)), max(1, int(self.size[1] * factor))

    def point(self, position: tuple[int, int]) -> Point:
        """A position in the window, in pixels of the canvas."""
        x, y = position[0] + 0.5 - self.rect.left, position[1] + 0.5 - self.rect.top
        return x * self.size[0] / self.rect.width, y * self.size[1] / self.rect.height

    def clear(self) -> None:
        """Takes all ink away, and with it what was read; the ink can be taken back."""
        self.canvas.clear()
        self.answer = None

    def renew(self) -> None:
        """Begins with an empty canvas, which nothing is known of."""
        self.canvas.restart()
        self.answer = None

    @property
    def picture(self) -> NDArray[np.uint8]:
        """H×W uint8: dark ink on white, as it is saved, and read from a file."""
        return FULL - self.canvas.ink

    @abstractmethod
    def read(self, reader: Reader, ink: NDArray[np.uint8]) -> R:
        """Reads the ink of a canvas; may be called in any thread."""

    @abstractmethod
    def text(self, reading: R) -> str:
        """What was read, on one line; "" if it is no digit."""

    @abstractmethod
    def draw(self, surface: pygame.Surface) -> None:
        """Draws the canvas in its place."""

    @abstractmethod
    def draw_reading(self, surface: pygame.Surface, rect: pygame.Rect, reading: R, scale: float) -> None:
        """Draws the reading in a place beside the canvas."""


def painted(ink: NDArray[np.uint8]) -> pygame.Surface:
    """H×W ink as a surface of its size."""
    height, width = ink.shape
    return pygame.image.frombuffer(SHADES[ink].tobytes(), (width, height), "RGB")
