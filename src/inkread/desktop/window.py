"""The window: a thin shell that passes events to a scene and shows its frames.

A scene does not depend on windows: it receives events and draws on a surface, so tests can run it without a
screen.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pygame

from inkread.desktop import widgets
from inkread.errors import DisplayError

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMES_A_SECOND = 60

SMALLEST = (360, 300)
"""Minimum width and height of a window in pixels."""

SHARE_OF_SCREEN = 0.9
"""Maximum share of the screen's width and height for a new window; its frame and the system's bars need
room."""

ICON = 64
"""Side of the window's icon in pixels."""

UNSEEN = ("offscreen", "dummy")
"""SDL's drivers without output; SDL falls back to the first one if it finds no display."""
REMEDY = "run it on a desktop, or set DISPLAY (over ssh: ssh -X)"


class Scene(Protocol):
    """The content and behavior of a window."""

    @property
    def title(self) -> str:
        """The window's title; may change."""

    @property
    def done(self) -> bool:
        """Whether the window should close."""

    def handle(self, event: pygame.event.Event) -> None:
        """Handles a mouse, keyboard, or window event; positions are in pixels of the last frame drawn."""

    def tick(self) -> bool:
        """Updates the scene over time; returns whether there is something new to draw."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draws a frame that fills a surface of any size."""


def show(scene: Scene, *, size: tuple[int, int], frames_a_second: int = FRAMES_A_SECOND) -> None:
    """Shows the scene in a resizable window until it is done; always closes the window at the end.

    A frame is drawn after each event and if ``Scene.tick`` returns true, so that an idle window uses almost
    no CPU. On smaller screens, the window is smaller than ``size``, its width and height in pixels.

    Raises:
        DisplayError: there is no display to show a window on.
    """
    with _display() as screen:
        width, height = (
            min(want, int(have * SHARE_OF_SCREEN)) for want, have in zip(size, screen, strict=True)
        )
        window = pygame.Window(scene.title, (width, height), resizable=True, hidden=True)
        try:
            # The screen may be smaller than the smallest window; X11 hides a window while this is set.
            window.minimum_size = min(width, SMALLEST[0]), min(height, SMALLEST[1])
            window.set_icon(widgets.icon(ICON))
            window.show()
            _run(scene, window, frames_a_second)
        finally:
            window.destroy()


def _run(scene: Scene, window: pygame.Window, frames_a_second: int) -> None:
    clock = pygame.time.Clock()
    stale = True
    while not scene.done:
        if stale:
            if window.title != scene.title:
                window.title = scene.title
            scene.draw(window.get_surface())
            window.flip()
        clock.tick(frames_a_second)
        events = pygame.event.get()
        for event in events:
            scene.handle(event)
        stale = scene.tick() or bool(events)


@contextmanager
def _display() -> Iterator[tuple[int, int]]:
    """Opens the display, yields the screen's size, and closes the display."""
    wanted = os.environ.get("SDL_VIDEODRIVER", "")
    if sys.platform == "linux" and not (
        wanted or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise DisplayError("display", "is missing (neither DISPLAY nor WAYLAND_DISPLAY is set)", REMEDY)
    try:
        pygame.display.init()
    except pygame.error as error:
        raise DisplayError("display", f"cannot be opened ({error})", REMEDY) from error
    try:
        driver = pygame.display.get_driver()
        if driver in UNSEEN and driver not in wanted:
            raise DisplayError(os.environ.get("DISPLAY") or "display", "does not respond", REMEDY)
        yield pygame.display.get_desktop_sizes()[0]
    finally:
        pygame.display.quit()
