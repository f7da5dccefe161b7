"""The widgets of windows: panels, bars, buttons, and tags, drawn in the theme."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import pygame
from pygame import Rect, Surface

from inkread.desktop import theme
from inkread.desktop.theme import BODY, FINENESS, GAP, SMALL, Colour, percent, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


ENTER = (pygame.K_RETURN, pygame.K_KP_ENTER)
"""The keys of a window's main button."""

LABEL_SHARE = 0.4
"""Most of a bar's width that its label may take."""


def rounded(surface: Surface, rect: Rect, colour: Colour, radius: float) -> None:
    """Draws a filled rectangle with smooth round corners."""
    surface.blit(_rounded(rect.size, round(FINENESS * radius), colour), rect)


@lru_cache(maxsize=256)
def _rounded(size: tuple[int, int], radius: int, colour: Colour) -> Surface:
    large = Surface((FINENESS * size[0], FINENESS * size[1]), pygame.SRCALPHA)
    large.fill((*colour, 0))  # black would show through at the corners
    pygame.draw.rect(large, colour, large.get_rect(), border_radius=radius)
    return pygame.transform.smoothscale(large, size)


def icon(side: int) -> Surface:
    """Draws inkread's icon: a white 7 on a blue square."""
    surface = Surface((side, side), pygame.SRCALPHA)
    rounded(surface, surface.get_rect(), theme.ACCENT, side / 5)
    theme.write(surface, "7", surface.get_rect().center, 0.8 * side, theme.ON_ACCENT, anchor="center")
    return surface


def panel(surface: Surface, rect: Rect, radius: float, fill: Colour, line: Colour) -> None:
    """Draws a filled rectangle with round corners and a thin outline."""
    rounded(surface, rect, line, radius)
    rounded(surface, rect.inflate(-2, -2), fill, radius - 1)


def bar(surface: Surface, rect: Rect, share: float, colour: Colour | None = None) -> None:
    """Draws a horizontal bar, filled from the left by a share in 0..1."""
    colour = colour or theme.ACCENT
    rounded(surface, rect, theme.FILL, rect.height / 2)
    filled = round(rect.width * min(1.0, max(0.0, share)))
    if filled >= rect.height:  # a shorter bar would be a dot and look larger than it is
        rounded(surface, Rect(rect.topleft, (filled, rect.height)), colour, rect.height / 2)
    elif filled > 0:
        surface.fill(colour, Rect(rect.left + 1, rect.top + 1, max(1, filled - 1), rect.height - 2))


@dataclass(slots=True)
class Button:
    """A button with keyboard shortcuts.

    Attributes:
        keys: key constants of pygame, such as ``pygame.K_s``, with or without modifiers.
        hint: the key's name, shown next to the label.
        primary: whether this is the window's main button.
        on: whether the option that it toggles is on.
        rect: its place, set by the window's layout.
    """

    label: str
    act: Callable[[], object]
    keys: Sequence[int] = ()
    hint: str = ""
    primary: bool = False
    on: bool = False
    enabled: bool = True
    rect: Rect = field(default_factory=lambda: Rect(0, 0, 0, 0))
    _hover: bool = field(default=False, init=False)
    _pressed: bool = field(default=False, init=False)

    def natural_width(self, scale: float) -> int:
        """Returns the width in pixels for its label and hint."""
        label, hint = width_of(self.label, BODY * scale), width_of(self.hint, SMALL * scale)
        return round(label + bool(self.hint) * (hint + GAP / 2 * scale) + 1.5 * GAP * scale)

    def handle(self, event: pygame.event.Event) -> bool:
        """Handles mouse and keyboard; returns whether the event was for this button.

        The button acts when the left mouse button is pressed and released over it.
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

    def draw(self, surface: Surface, scale: float = 1.0) -> None:
        """Draws the button in its rectangle; omits the hint if there is no room."""
        fill, line, ink = self._colours()
        panel(surface, self.rect, theme.RADIUS_SMALL * scale, fill=fill, line=line)
        pad, size = GAP / 2 * scale, BODY * scale
        middle = self.rect.centery
        label_width = width_of(self.label, size)
        hint_width = width_of(self.hint, SMALL * scale)
        free = self.rect.width - 2 * pad
        if not self.hint or label_width + pad + hint_width > free:
            theme.write(surface, self.label, self.rect.center, size, ink, anchor="center", width=free)
            return
        start = self.rect.centerx - (label_width + pad + hint_width) / 2
        theme.write(surface, self.label, (start, middle), size, ink, anchor="midleft")
        faint = ink if self.primary or not self.enabled else theme.FAINT
        theme.write(
            surface, self.hint, (start + label_width + pad, middle), SMALL * scale, faint, anchor="midleft"
        )

    def _act(self) -> None:
        if self.enabled:
            self.act()

    def _colours(self) -> tuple[Colour, Colour, Colour]:
        """Returns the colors of its face, outline, and text."""
        if not self.enabled:
            return theme.FILL, theme.FILL, theme.LINE_STRONG
        if self.primary:
            face = theme.ACCENT_STRONG if self._hover or self._pressed else theme.ACCENT
            return face, face, theme.ON_ACCENT
        if self.on:
            return theme.ACCENT_SOFT, theme.ACCENT, theme.ACCENT_STRONG
        return (theme.FILL if self._hover or self._pressed else theme.CARD), theme.LINE_STRONG, theme.INK


def flow(buttons: Sequence[Button], area: Rect, scale: float) -> int:
    """Places the buttons from left to right, in as many rows as needed; returns their bottom."""
    gap, height = round(GAP / 2 * scale), round(theme.BUTTON_HEIGHT * scale)
    x, y = area.topleft
    for button in buttons:
        width = button.natural_width(scale)
        if x > area.left and x + width > area.right:
            x, y = area.left, y + height + gap
        button.rect = Rect(x, y, width, height)
        x += width + gap
    return y + height


def halves(rect: Rect, scale: float, *, share: float) -> tuple[Rect, Rect]:
    """Splits a rectangle, with ``share`` for the first part: side by side if wide, else stacked."""
    gap = round(GAP * scale)
    if rect.width > rect.height:
        first = Rect(rect.topleft, (round((rect.width - gap) * share), rect.height))
        return first, Rect(first.right + gap, rect.top, rect.right - first.right - gap, rect.height)
    first = Rect(rect.topleft, (rect.width, round((rect.height - gap) * share)))
    return first, Rect(rect.left, first.bottom + gap, rect.width, rect.bottom - first.bottom - gap)


def headline(surface: Surface, rect: Rect, label: str, verdict: str, *, ink: Colour, scale: float) -> None:
    """Draws a large character and a line of text below it."""
    at, size = rect.midbottom, theme.LARGE * scale
    below = theme.write(surface, verdict, at, size, theme.FAINT, anchor="midbottom", width=rect.width)
    size = min(theme.HUGE * scale, below.top - rect.top)
    theme.write(surface, label, (rect.centerx, (rect.top + below.top) / 2), size, ink, anchor="center")


def bars(
    surface: Surface,
    rect: Rect,
    rows: Sequence[tuple[str, float, str]],
    scale: float,
    *,
    best: int | None = None,
    doubtful: Collection[int] = (),
    colour: Colour | None = None,
) -> None:
    """Draws rows with a label, a bar for a share in 0..1, and a text; ten rows fit the rectangle.

    The ``best`` row is highlighted, ``doubtful`` ones in another color; ``colour`` is that of the other bars.
    """
    pitch = min(rect.height / max(10, len(rows)), 2 * BODY * scale)
    size = min(SMALL * scale, pitch)
    longest = max((width_of(label, size) for label, *_ in rows), default=0)
    label_width = min(max(longest, width_of("0", size)), LABEL_SHARE * rect.width) + GAP / 2 * scale
    text_width = width_of(percent(1), size) + GAP / 2 * scale
    thickness = max(3, round(pitch * 0.36))
    for row, (label, share, text) in enumerate(rows):
        y = rect.top + (row + 0.5) * pitch
        stands_out = row == best or row in doubtful
        ink = theme.DOUBT if row in doubtful else theme.INK if stands_out else theme.FAINT
        filled = (
            theme.DOUBT if row in doubtful else theme.ACCENT if row == best else colour or theme.LINE_STRONG
        )
        theme.write(
            surface, label, (rect.left, y), size, ink, anchor="midleft", width=label_width - GAP / 2 * scale
        )
        track = Rect(rect.left + label_width, 0, rect.width - label_width - text_width, thickness)
        track.centery = round(y)
        bar(surface, track, share, filled)
        theme.write(surface, text, (rect.right, y), size, ink, anchor="midright")


def tag(surface: Surface, label: str, box: Rect, colour: Colour, scale: float, *, within: Rect) -> None:
    """Draws a label on a filled background at the upper left corner of a box, always ``within`` an area."""
    height = round(1.1 * BODY * scale)
    ground = Rect(box.left, 0, max(height, width_of(label, BODY * scale) + height // 2), height)
    ground.bottom = box.top + 1
    rounded(surface, ground.clamp(within), colour, 4 * scale)
    theme.write(surface, label, ground.clamp(within).center, BODY * scale, theme.ON_ACCENT, anchor="center")
