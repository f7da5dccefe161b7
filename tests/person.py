"""A user of the drawing window: mouse, keyboard, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import handwriting
import pygame

if TYPE_CHECKING:
    from inkread.desktop.drawing import Drawing

PATIENCE = 300.0
"""Seconds after which an expected event counts as failed."""

Script = Iterator[object]


class Person:
    """Draws and presses keys in an open window; every ``yield`` lets the window continue."""

    def __init__(self, scene: Drawing) -> None:
        self.scene = scene
        self.window: pygame.Window | None = None

    @property
    def view(self):
        return self.scene.context.view

    def draw(self, digit: int, box=(0.2, 0.1, 0.6, 0.8), *, erase: bool = False) -> Script:
        """Draws a digit stroke by stroke, in a box x, y, width, height relative to the view."""
        x, y, width, height = box
        area = self.view.rect
        place = (
            area.x + x * area.width,
            area.y + y * area.height,
            width * area.width,
            height * area.height,
        )
        for stroke in handwriting.strokes_in(digit, place):
            yield from self.drag(stroke, erase=erase)

    def drag(self, stroke, *, erase: bool = False) -> Script:
        """Moves the mouse along positions in the window with a button pressed."""
        button = pygame.BUTTON_RIGHT if erase else pygame.BUTTON_LEFT
        post(pygame.MOUSEBUTTONDOWN, pos=stroke[0], button=button)
        for position in stroke[1:]:
            post(pygame.MOUSEMOTION, pos=position, rel=(0, 0), buttons=(not erase, 0, erase))
        post(pygame.MOUSEBUTTONUP, pos=stroke[-1], button=button)
        yield

    def press(self, key: int, mod: int = 0) -> Script:
        post(pygame.KEYDOWN, key=key, mod=mod, unicode="")
        yield

    def click(self, label: str) -> Script:
        """Clicks the button with this label."""
        (button,) = (button for button in self.scene.buttons if button.label == label)
        yield from self.drag([button.rect.center, button.rect.center])

    def until(self, condition: Callable[[], object]) -> Script:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            yield

    def read(self) -> Script:
        """Requests a reading and waits for it."""
        yield from self.press(pygame.K_RETURN)
        yield from self.until(lambda: not self.view.is_stale)


def post(kind: int, **values: object) -> None:
    assert pygame.event.post(pygame.event.Event(kind, **values))


class Visit:
    """A scene with a simulated user; it ends with the user's script."""

    def __init__(self, scene: Drawing, person: Person, script: Script) -> None:
        self.scene, self.person, self.script = scene, person, script
        self.done = False
        self.frames: list[tuple[int, int]] = []

    @property
    def title(self) -> str:
        return self.scene.title

    def handle(self, event) -> None:
        self.person.window = getattr(event, "window", None) or self.person.window
        self.scene.handle(event)

    def tick(self) -> bool:
        changed = self.scene.tick()
        if next(self.script, self) is self:
            self.done = True
        self.done = self.done or self.scene.done
        return changed

    def draw(self, surface) -> None:
        self.scene.draw(surface)
        self.frames.append(surface.get_size())
