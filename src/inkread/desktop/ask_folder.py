"""Asks where the drawings of lessons should go, before any folder is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygame

from inkread.desktop import theme
from inkread.desktop.widgets import Button

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LINE_HEIGHT = 1.5


class AskFolder:
    """The window's activity before lessons.

    Args:
        folder: the proposed folder.
        begin: begins the lessons in the chosen folder.
        cancel: goes back to reading.

    Attributes:
        folder: the chosen folder.
    """

    title = "inkread draw – teach"
    head = ("Teach", "where?")

    def __init__(self, folder: Path, begin: Callable[[], object], cancel: Callable[[], object]) -> None:
        self.folder = folder
        enter = (pygame.K_RETURN, pygame.K_KP_ENTER)
        self.buttons: Sequence[Button] = (
            Button("Begin", begin, enter, "Enter", primary=True),
            Button("Cancel", cancel, (pygame.K_ESCAPE,), "Esc"),
        )

    def tick(self) -> bool:
        """Returns false: nothing changes by itself."""
        return False

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        """Draws the question, and how to choose another folder."""
        size = theme.BODY * scale
        y = rect.top + size / 2
        for sentence, ink in (
            ("The drawings of your lessons will be saved in this folder:", theme.FAINT),
            (str(self.folder.absolute()).replace("/", "/ "), theme.INK),
            ("Press Enter to begin, or drop another folder here first.", theme.FAINT),
        ):
            for line in theme.wrapped(sentence, size, rect.width):
                theme.write(surface, line.replace("/ ", "/"), (rect.left, y), size, ink, width=rect.width)
                y += LINE_HEIGHT * size
            y += size / 2
