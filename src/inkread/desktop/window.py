"""The window: a thin shell that pumps events into a scene and shows its frames.

A scene knows nothing of windows: it is given events, and draws on a surface. A test drives it the same way without a screen.
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
"""Width and height in pixels below which no window shrinks."""

SHARE_OF_SCREEN = 0.9
"""A window is never opened wider or higher than this share of the screen, as its frame and the system's bars need room."""

ICON = 64
"""Pixels of a side of the window's icon."""

UNSEEN = ("offscreen", "dummy")
"""SDL's drivers that show nothing; it falls back on the first if it finds no display."""

REMEDY = "run it on a desktop, or name a display in DISPLAY (over ssh: ssh -X)"


class Scene(Protocol):
    """What a window shows and does."""

    @property
    def title(self) -> str:
        """Of the window; may change."""

    @property
    def done(self) -> bool:
        """True when the window should close."""

    def handle(self, event: pygame.event.Event) -> None:
        """Reacts to an event of the mouse, the keyboard or the window; positions are pixels of the last frame drawn."""

    def tick(self) -> bool:
        """Takes note that time has passed; returns whether there is something new to draw."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draws a frame that fills the surface, of whatever size."""


def show(
    scene: Scene,
    *,
    size: tuple[int, int],
    smallest: tuple[int, int] = SMALLEST,
    frames_a_second: int = FRAMES_A_SECOND,
) -> None:
    """Opens a resizable window on the scene, and returns when the scene is done; the window is closed in any case.

    A frame is drawn after an event, and where ``Scene.tick`` says so: a window in which nothing happens costs next to nothing.

    Args:
        scene: what is shown.
        size: width and height in pixels at first; less where the screen is smaller.
        smallest: below which the window cannot be made.
        frames_a_second: at most.

    Raises:
        DisplayError: there is no display to show a window on.
    """
    with _display() as screen:
        width, height = (
            min(want, int(have * SHARE_OF_SCREEN)) for want, have in zip(size, screen, strict=True)
        )
        window = pygame.Window(scene.title, (width, height), resizable=True, hidden=True)
        try:
            # The screen may be smaller still than the smallest window; X11 hides a window while this is set.
            window.minimum_size = min(width, smallest[0]), min(height, smallest[1])
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
    """Opens the display, yields the size of its screen, and closes it."""
    wanted = os.environ.get("SDL_VIDEODRIVER", "")
    if sys.platform == "linux" and not (
        wanted or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise DisplayError("display", "is not there (neither DISPLAY nor WAYLAND_DISPLAY is set)", REMEDY)
    try:
        pygame.display.init()
    except pygame.error as error:
        raise DisplayError("display", f"cannot be opened ({error})", REMEDY) from error
    try:
        driver = pygame.display.get_driver()
        if driver in UNSEEN and driver not in wanted:
            raise DisplayError(os.environ.get("DISPLAY") or "display", "does not answer", REMEDY)
        yield pygame.display.get_desktop_sizes()[0]
    finally:
        pygame.display.quit()
