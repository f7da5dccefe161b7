"""One look for all windows: colours, type, buttons and bars, in the manner of the web page.

Colours are those of the page's ``tokens.css``, by day. The type is pygame's own, FreeSans Bold, so that a window looks alike
everywhere. Sizes are pixels of a window of its first size, times the ``scale`` of the present one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import pygame

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

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

HUGE, LARGE, BODY, SMALL = 230, 26, 19, 16
"""Sizes of type."""

LEGIBLE = 12
"""No type is smaller, however small the window."""

GAP, RADIUS, RADIUS_SMALL = 16, 12, 7
"""Between parts, and of corners."""

BUTTON_HEIGHT = 40

FINENESS = 3
"""Type and corners are drawn this many times as large, and reduced: evenly spaced, and smooth."""

ELLIPSIS = "…"

LEAST_SHOWN = 0.001
"""A probability below this is written as less than it, and none of at most 1 less it as certain."""

SMALLEST_SCALE, LARGEST_SCALE = 0.5, 3.0


def scale_of(size: tuple[int, int], first: tuple[int, int]) -> float:
    """How much larger than in a window of its ``first`` size everything is drawn in one of this size."""
    return max(SMALLEST_SCALE, min(LARGEST_SCALE, size[0] / first[0], size[1] / first[1]))


def font(size: float) -> pygame.font.Font:
    """The type, at a size in pixels, at least ``LEGIBLE``."""
    if not pygame.font.get_init():  # fonts do not outlive the module
        pygame.font.init()
        _font.cache_clear()
    return _font(max(LEGIBLE, round(size)))


@lru_cache(maxsize=64)
def _font(size: int) -> pygame.font.Font:
    return pygame.font.Font(None, size)


def width_of(text: str, size: float) -> int:
    """Pixels that a line of text takes."""
    return round(font(FINENESS * max(LEGIBLE, round(size))).size(text)[0] / FINENESS)


def write(
    surface: pygame.Surface,
    text: str,
    at: tuple[float, float],
    size: float,
    colour: Colour = INK,
    *,
    anchor: str = "topleft",
    width: float | None = None,
) -> pygame.Rect:
    """Writes a line of text, and returns where it stands.

    Args:
        surface: to write on.
        text: one line.
        at: where its ``anchor`` comes to lie.
        size: of the type in pixels.
        colour: RGB.
        anchor: of the text's rectangle, by the name that it has in ``pygame.Rect``: "midleft", "center" …
        width: in pixels, at most: a longer text is cut, and ends in an ellipsis.
    """
    shown = text if width is None else shortened(text, size, width)
    image = _line(shown, max(LEGIBLE, round(size)), colour)
    place = image.get_rect(**{anchor: (round(at[0]), round(at[1]))})
    surface.blit(image, place)
    return place


@lru_cache(maxsize=256)
def _line(text: str, size: int, colour: Colour) -> pygame.Surface:
    large = font(FINENESS * size).render(text, True, colour)
    return pygame.transform.smoothscale(large, [max(1, round(side / FINENESS)) for side in large.get_size()])


def shortened(text: str, size: float, width: float) -> str:
    """The text if it is no wider than this, else its beginning with an ellipsis."""
    if width_of(text, size) <= width:
        return text
    kept = text
    while kept and width_of(kept + ELLIPSIS, size) > width:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines no wider than this, broken between words; a word that is wider stands alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def percent(probability: float) -> str:
    """A probability in words: "98.7 %", "< 0.1 %", "> 99.9 %"."""
    if probability < LEAST_SHOWN:
        return f"< {LEAST_SHOWN * 100:.1f} %"
    if probability > 1 - LEAST_SHOWN:
        return f"> {(1 - LEAST_SHOWN) * 100:.1f} %"
    return f"{probability * 100:.1f} %"


def rounded(surface: pygame.Surface, rect: pygame.Rect, colour: Colour, radius: float) -> None:
    """A filled rectangle with smooth round corners."""
    surface.blit(_rounded(rect.size, round(FINENESS * radius), colour), rect)


@lru_cache(maxsize=256)
def _rounded(size: tuple[int, int], radius: int, colour: Colour) -> pygame.Surface:
    large = pygame.Surface((FINENESS * size[0], FINENESS * size[1]), pygame.SRCALPHA)
    large.fill((*colour, 0))  # not black, which would show through at the corners
    pygame.draw.rect(large, colour, large.get_rect(), border_radius=radius)
    return pygame.transform.smoothscale(large, size)


def icon(side: int) -> pygame.Surface:
    """The mark of inkread: a 7 in white on a blue square."""
    surface = pygame.Surface((side, side), pygame.SRCALPHA)
    rounded(surface, surface.get_rect(), ACCENT, side / 5)
    write(surface, "7", surface.get_rect().center, 0.8 * side, ON_ACCENT, anchor="center")
    return surface


def panel(
    surface: pygame.Surface, rect: pygame.Rect, radius: float, *, fill: Colour = CARD, line: Colour = LINE
) -> None:
    """A filled rectangle with round corners and a thin line around."""
    rounded(surface, rect, line, radius)
    rounded(surface, rect.inflate(-2, -2), fill, radius - 1)


def bar(
    surface: pygame.Surface, rect: pygame.Rect, share: float, colour: Colour = ACCENT, *, track: Colour = FILL
) -> None:
    """A horizontal bar, filled from the left for a share in 0..1."""
    rounded(surface, rect, track, rect.height / 2)
    filled = round(rect.width * min(1.0, max(0.0, share)))
    if (
        filled >= rect.height
    ):  # a shorter one would be no bar but a dot, and hide that there is next to nothing
        rounded(surface, pygame.Rect(rect.topleft, (filled, rect.height)), colour, rect.height / 2)
    elif filled > 0:
        surface.fill(colour, pygame.Rect(rect.left + 1, rect.top + 1, max(1, filled - 1), rect.height - 2))


@dataclass(slots=True)
class Button:
    """A button for the mouse, with keys that do the same.

    Attributes:
        label: what is written on it.
        act: what it does.
        keys: constants of pygame, such as ``pygame.K_s``, with any modifiers or none.
        hint: the key as a person calls it, written beside the label.
        primary: it is the one that is mostly wanted.
        on: what it switches is switched on.
        enabled: it can be used now.
        rect: where it stands; whoever lays out the window sets it.
    """

    label: str
    act: Callable[[], object]
    keys: Sequence[int] = ()
    hint: str = ""
    primary: bool = False
    on: bool = False
    enabled: bool = True
    rect: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    _hover: bool = field(default=False, init=False)
    _pressed: bool = field(default=False, init=False)

    def natural_width(self, scale: float) -> int:
        """Pixels that it needs for its label and its hint."""
        label, hint = width_of(self.label, BODY * scale), width_of(self.hint, SMALL * scale)
        return round(label + bool(self.hint) * (hint + GAP / 2 * scale) + 1.5 * GAP * scale)

    def handle(self, event: pygame.event.Event) -> bool:
        """Reacts to mouse and keyboard; returns whether the event was meant for this button.

        It acts when the left button of the mouse is let go over it, where it was pressed before.
        """
        if event.type == pygame.KEYDOWN and event.key in self.keys:
            self._act()
            return True
        if event.type == pygame.MOUSEMOTION:
            self._hover = self.rect.collidepoint(event.pos)
        elif event.type == pygame.MOUSEBUTTONDOWN and self.rect.collidepoint(event.pos):
            self._pressed = event.button == pygame.BUTTON_LEFT
            return True
        elif event.type == pygame.MOUSEBUTTONUP and self._pressed and event.button == pygame.BUTTON_LEFT:
            self._pressed = False
            if self.rect.collidepoint(event.pos):
                self._act()
            return True
        return False

    def draw(self, surface: pygame.Surface, scale: float = 1.0) -> None:
        """Draws it in its rectangle; the hint is left out where there is no room for it."""
        fill, line, ink = self._colours()
        panel(surface, self.rect, RADIUS_SMALL * scale, fill=fill, line=line)
        pad, size = GAP / 2 * scale, BODY * scale
        middle = self.rect.centery
        label_width = width_of(self.label, size)
        hint_width = width_of(self.hint, SMALL * scale)
        free = self.rect.width - 2 * pad
        if not self.hint or label_width + pad + hint_width > free:
            write(surface, self.label, self.rect.center, size, ink, anchor="center", width=free)
            return
        start = self.rect.centerx - (label_width + pad + hint_width) / 2
        write(surface, self.label, (start, middle), size, ink, anchor="midleft")
        faint = ink if self.primary or not self.enabled else FAINT
        write(surface, self.hint, (start + label_width + pad, middle), SMALL * scale, faint, anchor="midleft")

    def _act(self) -> None:
        if self.enabled:
            self.act()

    def _colours(self) -> tuple[Colour, Colour, Colour]:
        """Of its face, its line and its text."""
        if not self.enabled:
            return FILL, FILL, LINE_STRONG
        if self.primary:
            face = ACCENT_STRONG if self._hover or self._pressed else ACCENT
            return face, face, ON_ACCENT
        if self.on:
            return ACCENT_SOFT, ACCENT, ACCENT_STRONG
        return (FILL if self._hover or self._pressed else CARD), LINE_STRONG, INK


def flow(buttons: Sequence[Button], area: pygame.Rect, scale: float) -> int:
    """Gives the buttons their places, from left to right in as many rows as they need; returns where they end below."""
    gap, height = round(GAP / 2 * scale), round(BUTTON_HEIGHT * scale)
    x, y = area.topleft
    for button in buttons:
        width = button.natural_width(scale)
        if x > area.left and x + width > area.right:
            x, y = area.left, y + height + gap
        button.rect = pygame.Rect(x, y, width, height)
        x += width + gap
    return y + height


def halves(rect: pygame.Rect, scale: float, *, share: float) -> tuple[pygame.Rect, pygame.Rect]:
    """A place in two, the first with this share: one above the other, or side by side where it is wide."""
    gap = round(GAP * scale)
    if rect.width > rect.height:
        first = pygame.Rect(rect.topleft, (round((rect.width - gap) * share), rect.height))
        return first, pygame.Rect(first.right + gap, rect.top, rect.right - first.right - gap, rect.height)
    first = pygame.Rect(rect.topleft, (rect.width, round((rect.height - gap) * share)))
    return first, pygame.Rect(rect.left, first.bottom + gap, rect.width, rect.bottom - first.bottom - gap)


def headline(
    surface: pygame.Surface, rect: pygame.Rect, label: str, verdict: str, *, ink: Colour, scale: float
) -> None:
    """One character in large, and a line of words below it."""
    below = write(
        surface, verdict, rect.midbottom, LARGE * scale, FAINT, anchor="midbottom", width=rect.width
    )
    size = min(HUGE * scale, below.top - rect.top)
    write(surface, label, (rect.centerx, (rect.top + below.top) / 2), size, ink, anchor="center")


def bars(
    surface: pygame.Surface,
    rect: pygame.Rect,
    rows: Sequence[tuple[str, float, str]],
    scale: float,
    *,
    best: int | None = None,
    doubtful: Collection[int] = (),
    colour: Colour = LINE_STRONG,
) -> None:
    """Rows of a label, a bar for a share in 0..1, and a text, as high as ten of them fit.

    Args:
        surface: to draw on.
        rect: where.
        rows: from top to bottom.
        scale: see ``scale_of``.
        best: the row that stands out.
        doubtful: the rows that stand out as doubtful.
        colour: of the other bars.
    """
    pitch = min(rect.height / max(10, len(rows)), 2 * BODY * scale)
    size = min(SMALL * scale, pitch)
    label_width = width_of("0", size) + GAP / 2 * scale
    text_width = width_of(percent(0), size) + GAP / 2 * scale
    thickness = max(3, round(pitch * 0.36))
    for row, (label, share, text) in enumerate(rows):
        y = rect.top + (row + 0.5) * pitch
        stands_out = row == best or row in doubtful
        ink = DOUBT if row in doubtful else INK if stands_out else FAINT
        filled = DOUBT if row in doubtful else ACCENT if row == best else colour
        write(surface, label, (rect.left, y), size, ink, anchor="midleft")
        track = pygame.Rect(rect.left + label_width, 0, rect.width - label_width - text_width, thickness)
        track.centery = round(y)
        bar(surface, track, share, filled)
        write(surface, text, (rect.right, y), size, ink, anchor="midright")


def tag(
    surface: pygame.Surface,
    label: str,
    box: pygame.Rect,
    colour: Colour,
    scale: float,
    *,
    within: pygame.Rect,
) -> None:
    """A label on a filled ground: on the upper left corner of a box, and always inside what it lies in."""
    height = round(1.1 * BODY * scale)
    ground = pygame.Rect(box.left, 0, max(height, width_of(label, BODY * scale) + height // 2), height)
    ground.bottom = box.top + 1
    rounded(surface, ground.clamp(within), colour, 4 * scale)
    write(surface, label, ground.clamp(within).center, BODY * scale, ON_ACCENT, anchor="center")
