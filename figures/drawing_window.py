"""Draws digits in the window of ``inkread draw``: ``python figures/drawing_window.py [FOLDER]``.

Writes ``draw.png``.
"""

from __future__ import annotations

import time
from typing import Any

import pygame
from _place import picture_of, save, strokes

from inkread.desktop.drawing import SIZE, Drawing, DrawingSettings
from inkread.desktop.recognition import Recognition
from inkread.reader import Reader

DIGITS = "427"
HEIGHT = 0.5
"""The digits' height as a fraction of the sheet's."""
PATIENCE = 120.0


class Untimed(Recognition):
    """A recognition whose caption does not show the time."""

    @property
    def head(self) -> tuple[str, str]:
        """The captions: what is shown, and the model."""
        what, by = super().head
        return what, by.partition(" · ")[0]


class Figure(Drawing):
    """The drawing window, with a caption that does not show the time."""

    def untime(self) -> None:
        """Leaves the time out."""
        self._recognition.__class__ = Untimed


def main() -> None:
    """Writes the picture."""
    pygame.font.init()
    scene = Figure(Reader(), DrawingSettings(free=True))
    scene.untime()
    surface = pygame.Surface(SIZE)
    try:
        scene.draw(surface)
        view = scene.context.view
        for stroke in strokes(DIGITS, (*view.rect.topleft, *view.rect.size), HEIGHT):
            first, *others = [(round(x), round(y)) for x, y in stroke]
            send(scene, pygame.MOUSEBUTTONDOWN, pos=first, button=pygame.BUTTON_LEFT)
            for point in others:
                send(scene, pygame.MOUSEMOTION, pos=point, rel=(0, 0), buttons=(1, 0, 0))
            send(scene, pygame.MOUSEBUTTONUP, pos=(others or [first])[-1], button=pygame.BUTTON_LEFT)
        send(scene, pygame.KEYDOWN, key=pygame.K_RETURN, mod=0, unicode="")
        until = time.monotonic() + PATIENCE
        while view.is_stale and time.monotonic() < until:
            scene.tick()
            time.sleep(0.01)
        scene.draw(surface)
        if not scene.title.startswith(DIGITS):
            raise SystemExit(f"draw.png: was read as {scene.title!r}, not as {DIGITS}")
        save(picture_of(surface), "draw.png")
    finally:
        scene.close()


def send(scene: Drawing, kind: int, **values: Any) -> None:
    """Sends an event to the window."""
    scene.handle(pygame.event.Event(kind, **values))


if __name__ == "__main__":
    main()
