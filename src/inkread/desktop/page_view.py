"""The free canvas for several digits, anywhere and at any size, read as a picture of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pygame
from pygame import Rect, Surface

from inkread.desktop import theme, widgets
from inkread.desktop.canvas import FULL, Brush
from inkread.desktop.canvas_view import NO_DIGIT, CanvasView, painted
from inkread.results import UNNAMED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.picture import Picture
    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader
    from inkread.reader import Reader
    from inkread.results import Digit, Reading

MOST_BARS = 10
"""Maximum number of digits with bars; if there are more, only doubtful ones have bars."""

BOX_MARGIN, BOX_LINE = 5, 3
"""Distance between ink and box, and width of the box's line, in pixels of the canvas."""

TAG_TO_SHEET = 1.5
"""Scale of the boxes' tags if the canvas is shown at its original size."""

MOST_ENLARGED = 8
"""How many times a small picture may be enlarged."""

MOST_LINES = 4
"""Maximum number of rows shown in large type."""

LINE_HEIGHT = 1.1
"""Line height of a row of digits, relative to its type size."""

MEASURED = 100
"""The type size for measuring widths."""


class PageView(CanvasView["Reading"]):
    """The view for several digits."""

    name = "Free sheet"
    invitation = "Write as much as you like, or drop a picture here"
    size = (880, 660)
    brush = Brush(radius=7.0, softness=1.5)
    eraser = Brush(radius=22.0, softness=1.5)

    def __init__(self, *, min_probability: float) -> None:
        super().__init__(min_probability=min_probability)
        self._painted: tuple[tuple[int, tuple[int, int], theme.Colour], Surface] | None = None

    def read(self, reader: Reader | TextReader | SymbolReader, ink: NDArray[np.uint8]) -> Reading:
        """Reads the ink as a page."""
        return reader.read(FULL - ink, min_probability=self.min_probability)

    def text(self, reading: Reading) -> str:
        """Returns the rows, separated by slashes."""
        return "/".join(line.text for line in reading.lines)

    def copied(self, reading: Reading) -> str:
        """Returns the rows, one per line."""
        return reading.text

    def open(self, picture: Picture) -> None:
        """Puts a picture on the sheet in shades of grey, as large as possible; undo removes it."""
        grey = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        height, width = grey.shape
        factor = min(self.size[0] / width, self.size[1] / height, MOST_ENLARGED)
        size = max(1, int(width * factor)), max(1, int(height * factor))
        grey = np.asarray(
            cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
        )
        ink = np.zeros(self.size[::-1], np.uint8)
        left, top = (self.size[0] - size[0]) // 2, (self.size[1] - size[1]) // 2
        ink[top : top + size[1], left : left + size[0]] = FULL - grey
        self.canvas.put(ink)
        self.answer = None

    def draw(self, surface: Surface) -> None:
        """Draws the ink, and boxes around the digits that were read."""
        surface.blit(self._image(), self.rect)
        pygame.draw.rect(surface, theme.LINE_STRONG, self.rect.inflate(2, 2), 1)
        if self.answer is not None and not self.canvas.is_empty:
            clip = surface.get_clip()
            surface.set_clip(self.rect)
            for digit in _parts(self.answer.reading):
                self._draw_box(surface, digit)
            surface.set_clip(clip)

    def draw_reading(self, surface: Surface, rect: Rect, reading: Reading, scale: float) -> None:
        """Draws the text in large type, and each digit's confidence."""
        above, below = widgets.halves(rect, scale, share=0.4)
        digits = _parts(reading)
        if not digits:
            widgets.headline(surface, above, NO_DIGIT, "Nothing found", ink=theme.LINE_STRONG, scale=scale)
            return
        self._draw_text(surface, above, reading, scale)
        if len(digits) > MOST_BARS:
            digits = tuple(sorted(digits, key=lambda digit: digit.probability)[:MOST_BARS])
        rows = [(digit.label, digit.probability, theme.percent(digit.probability)) for digit in digits]
        doubtful = {row for row, digit in enumerate(digits) if digit.label == UNNAMED}
        colour = theme.LINE_STRONG if self.is_outdated else theme.ACCENT
        widgets.bars(surface, below, rows, scale, doubtful=doubtful, colour=colour)

    def _image(self) -> Surface:
        """Returns the ink at its displayed size; recomputed only if either has changed."""
        key = self.canvas.changes, self.rect.size, theme.PEN
        if self._painted is None or self._painted[0] != key:
            self._painted = key, pygame.transform.smoothscale(painted(self.canvas.ink), self.rect.size)
        return self._painted[1]

    def _draw_box(self, surface: Surface, digit: Digit) -> None:
        colour = (
            theme.LINE_STRONG if self.is_outdated else theme.DOUBT if digit.label == UNNAMED else theme.ACCENT
        )
        factor = self.rect.width / self.size[0]
        x0, y0, x1, y1 = digit.box
        corner = self.rect.left + (x0 - BOX_MARGIN) * factor, self.rect.top + (y0 - BOX_MARGIN) * factor
        box = Rect(corner, ((x1 - x0 + 2 * BOX_MARGIN) * factor, (y1 - y0 + 2 * BOX_MARGIN) * factor))
        pygame.draw.rect(surface, colour, box, max(1, round(BOX_LINE * factor)))
        widgets.tag(surface, digit.label, box, colour, TAG_TO_SHEET * factor, within=self.rect)

    def _draw_text(self, surface: Surface, rect: Rect, reading: Reading, scale: float) -> None:
        """Draws the rows as large as possible, and below them the confidence in words."""
        at, least = rect.midbottom, theme.BODY * scale
        words, width = _confidence(reading), rect.width
        below = theme.write(surface, words, at, least, theme.FAINT, anchor="midbottom", width=width)
        lines = [line.text for line in reading.lines[:MOST_LINES]]
        pitch = (below.top - rect.top) / len(lines)
        widest = max(theme.width_of(line, MEASURED) for line in lines) / MEASURED
        size = max(least, min(theme.HUGE * scale, width / widest, pitch / LINE_HEIGHT))
        ink = theme.LINE_STRONG if self.is_outdated else theme.INK
        for row, line in enumerate(lines):
            middle = rect.centerx, rect.top + (row + 0.5) * pitch
            theme.write(surface, line, middle, size, ink, anchor="center", width=width)


def _parts(reading: Reading) -> tuple[Digit, ...]:
    """Returns the digits, or the words of lines of text."""
    return tuple(part for line in reading.lines for part in line.parts)


def _confidence(reading: Reading) -> str:
    parts = _parts(reading)
    least, number = theme.percent(min(part.probability for part in parts)), len(parts)
    if any(line.words for line in reading.lines):
        name = "words"
    elif all(digit.label.isdigit() or digit.label == UNNAMED for digit in reading.digits):
        name = "digits"
    else:
        name = "characters"
    return least if number == 1 else f"{number} {name}, each at least {least}"
