"""Reads drawings, at the press of a button or while you draw.

A background thread reads the newest drawing, so that the brush never waits for it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pygame

from inkread.desktop import theme
from inkread.desktop.canvas_view import Answer
from inkread.desktop.latest_only_worker import LatestOnlyWorker
from inkread.desktop.numbered_files import save_numbered
from inkread.desktop.widgets import Button

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from inkread.desktop.app_context import AppContext
    from inkread.desktop.canvas_view import CanvasView
    from inkread.reader import Reader

TITLE = "inkread draw"
STEM = "drawing"
LINE_HEIGHT = 1.5


class _Question(NamedTuple):
    """A drawing to read, with a copy of its ink because the canvas may change."""

    view: CanvasView[Any]
    ink: NDArray[np.uint8]
    changes: int


class _Answered(NamedTuple):
    view: CanvasView[Any]
    answer: Answer[Any]


class Recognition:
    """The window's activity that reads and saves drawings.

    Args:
        context: the context with the view to read.
        reader: reads the view.
        model: the displayed name of the model.
        save_to: the folder for saved drawings.
        live: start with reading while you draw.
    """

    def __init__(self, context: AppContext, reader: Reader, *, model: str, save_to: Path, live: bool) -> None:
        self._context, self._reader, self._model, self._save_to = context, reader, model, save_to
        enter = (pygame.K_RETURN, pygame.K_KP_ENTER)
        self._live = Button("Live", self._switch_live, (pygame.K_l,), "L", on=live)
        self.buttons: Sequence[Button] = (
            Button("Classify", self._classify, enter, "Enter", primary=True),
            self._live,
            Button("Save", self._save, (pygame.K_s,), "S"),
        )
        self._asked: tuple[CanvasView[Any], int] | None = (
            None  # the view that is being read, and its ``changes``
        )
        self._readings: LatestOnlyWorker[_Question, _Answered] = LatestOnlyWorker(self._read)

    @property
    def title(self) -> str:
        """The window's title; begins with the text, for users who see only the title."""
        view = self._context.view
        if view.answer is None or view.is_stale:
            return TITLE
        return f"{view.text(view.answer.reading) or 'no digit'} – {TITLE}"

    @property
    def head(self) -> tuple[str, str]:
        """The captions: the model, and the duration of the reading."""
        view = self._context.view
        if view.answer is None or view.canvas.is_empty:
            return "Reading", self._model
        what = "Before your last change" if view.is_outdated else "Reading"
        return what, f"{self._model} · {view.answer.seconds * 1000:.0f} ms"

    def tick(self) -> bool:
        """Takes the newest result, and requests the next one if drawings are read while you draw."""
        view = self._context.view
        view.is_followed = self._live.on
        if self._live.on and not view.canvas.is_empty and self._asked != (view, view.canvas.changes):
            self._ask()
        taken = self._readings.take()
        if taken is None:
            return False
        taken.view.answer = taken.answer
        return True

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        """Draws the reading, or an invitation to draw."""
        view = self._context.view
        if view.canvas.is_empty or view.answer is None:
            self._draw_invitation(surface, rect, scale)
        else:
            view.draw_reading(surface, rect, view.answer.reading, scale)

    def close(self) -> None:
        """Stops the thread."""
        self._readings.close()

    def _read(self, question: _Question) -> _Answered:
        """Reads a drawing; runs in the background thread."""
        start = time.perf_counter()
        reading = question.view.read(self._reader, question.ink)
        return _Answered(question.view, Answer(reading, question.changes, time.perf_counter() - start))

    def _classify(self) -> None:
        view = self._context.view
        if view.canvas.is_empty:
            self._context.say(f"There is nothing to read yet. {view.invitation}.")
        else:
            self._ask()

    def _ask(self) -> None:
        view = self._context.view
        self._asked = view, view.canvas.changes
        self._readings.give(_Question(view, view.canvas.ink.copy(), view.canvas.changes))

    def _switch_live(self) -> None:
        self._live.on = not self._live.on
        self._context.say("Drawings are read while you draw." if self._live.on else "Press Enter to read.")

    def _save(self) -> None:
        view = self._context.view
        if view.canvas.is_empty:
            self._context.say(f"There is nothing to save yet. {view.invitation}.")
            return
        with self._context.telling():
            self._context.say(f"Saved as {save_numbered(view.picture, self._save_to, STEM)}")

    def _draw_invitation(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        how = "It is read while you draw." if self._live.on else "Then press Enter, or turn on Live."
        size = theme.BODY * scale
        sentences = (f"{self._context.view.invitation}.", how)
        lines = [line for sentence in sentences for line in theme.wrapped(sentence, size, rect.width)]
        for row, line in enumerate(lines):
            at = rect.centerx, rect.centery + (row - (len(lines) - 1) / 2) * LINE_HEIGHT * size
            theme.write(surface, line, at, size, theme.FAINT, anchor="center")
