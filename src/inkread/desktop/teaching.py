"""Teaching: asks for a folder, then for one digit after another, and adds the drawings to the folder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pygame
from pygame import Rect, Surface

from inkread.desktop import theme, widgets
from inkread.desktop.widgets import ENTER, Button
from inkread.pipeline.classifier import DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from inkread.desktop.app_context import AppContext
    from inkread.desktop.labelling import LabelledDrawings

LINE_HEIGHT = 1.5


class AskFolder:
    """The window's activity before lessons: asks where to save them, before any folder is made.

    Args:
        folder: the proposed folder, and then the chosen one.
        begin: begins the lessons in it.
        cancel: goes back to reading.
    """

    title = "inkread draw – teach"
    head = ("Teach", "where?")

    def __init__(self, folder: Path, begin: Callable[[], object], cancel: Callable[[], object]) -> None:
        self.folder = folder
        self.buttons: Sequence[Button] = (
            Button("Begin", begin, ENTER, "Enter", primary=True),
            Button("Cancel", cancel, (pygame.K_ESCAPE,), "Esc"),
        )

    def tick(self) -> bool:
        """Returns false: nothing changes by itself."""
        return False

    def draw(self, surface: Surface, rect: Rect, scale: float) -> None:
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


class Teaching:
    """The window's activity that asks the user to draw digits.

    Args:
        context: the context with the current view.
        lessons: requests digits and stores the drawings.
    """

    def __init__(self, context: AppContext, lessons: LabelledDrawings) -> None:
        self.lessons = lessons
        self._context = context
        self._back = Button("Take back", self._take_back, (pygame.K_b,), "B")
        self._buttons = (
            Button("Next", self._keep, ENTER, "Enter", primary=True),
            Button("Skip", self._skip, (pygame.K_k,), "K"),
            self._back,
        )

    @property
    def title(self) -> str:
        """The window's title, which contains the folder."""
        return f"inkread draw – {self.lessons.folder}"

    @property
    def head(self) -> tuple[str, str]:
        """The captions: the activity, and the number of drawings in the folder."""
        return "Teach", f"{sum(self.lessons.counts)} in {self.lessons.folder.name}"

    @property
    def buttons(self) -> Sequence[Button]:
        """The buttons next, skip, and take back; the last is enabled if there is a drawing to remove."""
        self._back.enabled = self.lessons.number_kept > 0
        return self._buttons

    def tick(self) -> bool:
        """Returns false: nothing changes by itself."""
        return False

    def draw(self, surface: Surface, rect: Rect, scale: float) -> None:
        """Draws the requested digit, and the number of drawings of each digit."""
        wanted, counts = self.lessons.wanted, self.lessons.counts
        above, below = widgets.halves(rect, scale, share=0.46)
        widgets.headline(surface, above, str(wanted), f"Draw a {wanted}", ink=theme.ACCENT, scale=scale)
        rows = [(DIGITS[digit], count / max(1, *counts), str(count)) for digit, count in enumerate(counts)]
        widgets.bars(surface, below, rows, scale, best=wanted)

    def close(self) -> None:
        """Shows the drawings' folder and how to train on them."""
        kept, folder = self.lessons.number_kept, self.lessons.folder
        if kept:
            learn = f"inkread train --init-from bundled --data {shlex.quote(str(folder))} --out my-model"
            self._context.say(f"{kept} new in {folder}. To train on them: {learn}")

    def _keep(self) -> None:
        wanted = self.lessons.wanted
        if self._context.view.canvas.is_empty:
            self._context.say(f"Draw a {wanted} first.")
            return
        with self._context.telling():
            path = self.lessons.keep(self._context.view.picture)
            self._context.say(f"Saved the {wanted} as {path.name}")
            self._context.view.renew()

    def _skip(self) -> None:
        self.lessons.skip()
        self._context.note = None

    def _take_back(self) -> None:
        with self._context.telling():
            path = self.lessons.take_back()
            if path is not None:
                self._context.say(f"Removed {path.name}. Draw the {self.lessons.wanted} again.")
