"""Teaching: one lesson after the other, and the drawings join a folder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pygame

from inkread.desktop import look
from inkread.desktop.look import Button
from inkread.pipeline.classifier import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.desktop.desk import Desk
    from inkread.desktop.lessons import Lessons


class Teaching:
    """The activity of the window in which a person is asked for digits.

    Args:
        desk: with the board that is drawn on.
        lessons: say what to draw, and keep it.
    """

    def __init__(self, desk: Desk, lessons: Lessons) -> None:
        self.lessons = lessons
        self._desk = desk
        enter = (pygame.K_RETURN, pygame.K_KP_ENTER)
        self._back = Button("Take back", self._take_back, (pygame.K_b,), "B")
        self._buttons = (
            Button("Next", self._keep, enter, "Enter", primary=True),
            Button("Skip", self._skip, (pygame.K_k,), "K"),
            self._back,
        )

    @property
    def title(self) -> str:
        """The folder is part of it."""
        return f"inkread draw – {self.lessons.folder}"

    @property
    def head(self) -> tuple[str, str]:
        """How many drawings the folder has."""
        return "Teach", f"{sum(self.lessons.counts)} in {self.lessons.folder.name}"

    @property
    def buttons(self) -> Sequence[Button]:
        """Next, skip, and take back where there is anything to take back."""
        self._back.enabled = self.lessons.number_kept > 0
        return self._buttons

    def tick(self) -> bool:
        """Nothing changes by itself."""
        return False

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        """The digit that is asked for, and how many drawings there are of each."""
        wanted, counts = self.lessons.wanted, self.lessons.counts
        above, below = look.halves(rect, scale, share=0.46)
        look.headline(surface, above, str(wanted), f"Draw a {wanted}", ink=look.ACCENT, scale=scale)
        rows = [(DIGITS[digit], count / max(1, *counts), str(count)) for digit, count in enumerate(counts)]
        look.bars(surface, below, rows, scale, best=wanted)

    def close(self) -> None:
        """Says where the drawings are."""
        kept, folder = self.lessons.number_kept, self.lessons.folder
        if kept:
            learn = f"inkread train --start bundled --data {shlex.quote(str(folder))} --out my-model"
            self._desk.say(f"{kept} new in {folder}. Learn from them: {learn}")

    def _keep(self) -> None:
        wanted = self.lessons.wanted
        if self._desk.board.sheet.is_empty:
            self._desk.say(f"Draw a {wanted} first.")
            return
        with self._desk.telling():
            path = self.lessons.keep(self._desk.board.picture)
            self._desk.say(f"Kept the {wanted} as {path.name}")
            self._desk.board.renew()

    def _skip(self) -> None:
        self.lessons.skip()
        self._desk.note = None

    def _take_back(self) -> None:
        with self._desk.telling():
            path = self.lessons.take_back()
            if path is not None:
                self._desk.say(f"Removed {path.name}. Draw the {self.lessons.wanted} again.")
