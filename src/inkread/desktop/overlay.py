"""Draws boxes and labels over a picture, legible on light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygame

from inkread.desktop.theme import LEGIBLE, font, width_of, write
from inkread.desktop.widgets import rounded
from inkread.results.annotate import BLACK, UNSURE, WHITE, colour_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkread.results import Digit

PAD = 3
"""Distance between a digit's ink and its box in pixels, at scale 1."""
LINE = 2
TAG_TO_DIGIT, SMALLEST_TAG, LARGEST_TAG = 0.45, 17.0, 34.0
"""Type size of a label relative to the digit's height, and its limits in pixels, at scale 1."""


def draw_digits(
    surface: pygame.Surface, digits: Iterable[Digit], area: pygame.Rect, zoom: float, scale: float
) -> None:
    """Draws a box around each digit and a label above, in the color of its probability.

    Args:
        surface: the surface to draw on.
        digits: the digits, with boxes in pixels of the picture.
        area: the picture's area on the surface; nothing is drawn outside.
        zoom: pixels of the surface per pixel of the picture.
        scale: the scale of lines and type.
    """
    before = surface.get_clip()
    surface.set_clip(area)
    boxes = [(digit, _box(digit, area, zoom, scale)) for digit in digits]
    for digit, box in boxes:
        _frame(surface, box, colour_of(digit.probability), max(1, round(LINE * scale)))
    for digit, box in boxes:  # after all boxes, so that none crosses a label
        _tag(surface, digit, box, area, scale)
    surface.set_clip(before)


def _box(digit: Digit, area: pygame.Rect, zoom: float, scale: float) -> pygame.Rect:
    x0, y0, x1, y1 = (side * zoom for side in digit.box)
    box = pygame.Rect(round(area.left + x0), round(area.top + y0), round(x1 - x0), round(y1 - y0))
    return box.inflate(2 * round(PAD * scale), 2 * round(PAD * scale))


def _frame(surface: pygame.Surface, box: pygame.Rect, colour: tuple[int, int, int], line: int) -> None:
    """Draws a colored frame between two white ones."""
    radius = 2 * line
    pygame.draw.rect(surface, WHITE, box.inflate(2 * line, 2 * line), 3 * line, radius)
    pygame.draw.rect(surface, colour, box.inflate(line, line), line + line // 2, radius)


def _tag(surface: pygame.Surface, digit: Digit, box: pygame.Rect, area: pygame.Rect, scale: float) -> None:
    """Draws the label on a filled tag above the box, or below it if there is no room."""
    colour = colour_of(digit.probability)
    size = max(LEGIBLE, min(LARGEST_TAG * scale, max(SMALLEST_TAG * scale, TAG_TO_DIGIT * box.height)))
    line = max(1, round(LINE * scale))
    tag = pygame.Rect(
        0, 0, width_of(digit.label, size) + round(0.5 * size), round(1.3 * font(size).get_height())
    )
    tag.midbottom = box.centerx, box.top - line
    if tag.top < area.top:
        tag.midtop = box.centerx, box.bottom + line
    rounded(surface, tag.inflate(2, 2), WHITE, 2 * line + 1)
    rounded(surface, tag, colour, 2 * line)
    write(surface, digit.label, tag.center, size, BLACK if colour == UNSURE else WHITE, anchor="center")
