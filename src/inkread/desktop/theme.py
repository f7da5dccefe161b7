"""The theme of all windows: colors, sizes, and type, similar to the web page.

The colors are those of the page's ``tokens.css``: the light theme's, or the dark one's after ``use``. The
typeface is pygame's FreeSans Bold, so that windows look the same everywhere. Sizes are pixels in a window of
the initial size, times the current ``scale``.
"""

from __future__ import annotations

from functools import lru_cache

import pygame
from pygame import Rect, Surface

Colour = tuple[int, int, int]

PAPER: Colour = (248, 247, 243)
CARD: Colour = (255, 255, 255)
SHEET: Colour = (255, 254, 251)
INK: Colour = (28, 30, 36)
FAINT: Colour = (93, 97, 108)
LINE: Colour = (227, 225, 217)
LINE_STRONG: Colour = (139, 141, 147)
FILL: Colour = (239, 237, 230)
ACCENT: Colour = (11, 106, 168)
ACCENT_STRONG: Colour = (8, 86, 135)
ACCENT_SOFT: Colour = (226, 238, 247)
ON_ACCENT: Colour = (255, 255, 255)
DOUBT: Colour = (154, 75, 0)
DOUBT_SOFT: Colour = (253, 240, 223)
PEN: Colour = (22, 24, 29)
GRID_LINE: Colour = (230, 227, 218)

LIGHT: dict[str, Colour] = {
    name: value for name, value in list(globals().items()) if isinstance(value, tuple) and name.isupper()
}
DARK: dict[str, Colour] = {
    "PAPER": (20, 22, 26),
    "CARD": (28, 31, 37),
    "SHEET": (32, 36, 43),
    "INK": (236, 234, 228),
    "FAINT": (164, 168, 179),
    "LINE": (48, 52, 60),
    "LINE_STRONG": (123, 128, 139),
    "FILL": (40, 44, 52),
    "ACCENT": (99, 183, 238),
    "ACCENT_STRONG": (138, 203, 245),
    "ACCENT_SOFT": (28, 52, 71),
    "ON_ACCENT": (11, 26, 38),
    "DOUBT": (255, 176, 102),
    "DOUBT_SOFT": (58, 42, 23),
    "PEN": (244, 242, 236),
    "GRID_LINE": (49, 54, 63),
}
"""The colors of each theme by name; those in use are this module's constants."""

HUGE, LARGE, BODY, SMALL = 230, 26, 19, 16
"""Type sizes."""

LEGIBLE = 12
"""Minimum type size in any window."""

GAP, RADIUS, RADIUS_SMALL = 16, 12, 7
"""Gap between parts, and corner radii."""

BUTTON_HEIGHT = 40

FINENESS = 3
"""Oversampling factor of type and corners, for even spacing and smooth edges."""

ELLIPSIS = "…"

LEAST_SHOWN = 0.001
"""Smallest probability that is shown exactly; smaller ones, and those above 1 minus it, get < or >."""

SMALLEST_SCALE, LARGEST_SCALE = 0.5, 3.0


def use(*, dark: bool) -> None:
    """Changes the colors in use to those of the dark or the light theme."""
    globals().update(DARK if dark else LIGHT)


def is_dark() -> bool:
    """Returns whether the dark theme is in use."""
    return LIGHT["PAPER"] != PAPER


def scale_of(size: tuple[int, int], first: tuple[int, int]) -> float:
    """Returns the scale of a window of this size, relative to its ``first`` size."""
    return max(SMALLEST_SCALE, min(LARGEST_SCALE, size[0] / first[0], size[1] / first[1]))


def font(size: float) -> pygame.font.Font:
    """Returns the font at a size in pixels, at least ``LEGIBLE``."""
    if not pygame.font.get_init():  # fonts become invalid when the module quits
        pygame.font.init()
        _font.cache_clear()
    return _font(max(LEGIBLE, round(size)))


@lru_cache(maxsize=64)
def _font(size: int) -> pygame.font.Font:
    return pygame.font.Font(None, size)


def width_of(text: str, size: float) -> int:
    """Returns the width of a line of text in pixels."""
    return round(font(FINENESS * max(LEGIBLE, round(size))).size(text)[0] / FINENESS)


def write(
    surface: Surface,
    text: str,
    at: tuple[float, float],
    size: float,
    colour: Colour | None = None,
    *,
    anchor: str = "topleft",
    width: float | None = None,
) -> Rect:
    """Draws a line of text of a size in pixels, by default in ``INK``, and returns its rectangle.

    ``at`` is the position of the ``anchor``, as ``pygame.Rect`` names it: "midleft", "center" … Text that is
    wider than ``width`` pixels is cut and ends in an ellipsis.
    """
    shown = text if width is None else shortened(text, size, width)
    image = _line(shown, max(LEGIBLE, round(size)), colour or INK)
    place = image.get_rect(**{anchor: (round(at[0]), round(at[1]))})
    surface.blit(image, place)
    return place


@lru_cache(maxsize=256)
def _line(text: str, size: int, colour: Colour) -> Surface:
    large = font(FINENESS * size).render(text, True, colour)
    return pygame.transform.smoothscale(large, [max(1, round(side / FINENESS)) for side in large.get_size()])


def shortened(text: str, size: float, width: float) -> str:
    """Cuts the text to a maximum width, with an ellipsis at the end."""
    if width_of(text, size) <= width:
        return text
    kept = text
    while kept and width_of(kept + ELLIPSIS, size) > width:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Wraps the text between words to a maximum width; wider words get their own line."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def percent(probability: float) -> str:
    """Formats a probability: "98.7 %", "< 0.1 %", "> 99.9 %"."""
    if probability < LEAST_SHOWN:
        return f"< {LEAST_SHOWN * 100:.1f} %"
    if probability > 1 - LEAST_SHOWN:
        return f"> {(1 - LEAST_SHOWN) * 100:.1f} %"
    return f"{probability * 100:.1f} %"
