"""Reads drawings, at the press of a button or while you draw.

A background thread reads the newest drawing, so that the brush never waits for it.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import pygame
from pygame import Rect, Surface

from inkread.desktop import theme
from inkread.desktop.app_context import copy_text
from inkread.desktop.canvas_view import Answer
from inkread.desktop.numbered_files import save_numbered
from inkread.desktop.widgets import ENTER, Button
from inkread.pipeline.text import ALPHABETS as TEXT_ALPHABETS
from inkread.pipeline.text import TextReader
from inkread.reader import DIGITS_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from inkread.desktop.app_context import AppContext
    from inkread.desktop.canvas_view import CanvasView
    from inkread.desktop.drawing import DrawingSettings
    from inkread.reader import Reader

TITLE = "inkread draw"
STEM = "drawing"
LINE_HEIGHT = 1.5

ALPHABETS = (DIGITS_ONLY, *TEXT_ALPHABETS)
"""What the free sheet can be read as; the grid always takes a digit."""

SOON = 0.2
"""Seconds after which a reading that is not done is announced; most are done before."""


Work = TypeVar("Work")
Result = TypeVar("Result")


class LatestOnlyWorker(Generic[Work, Result]):
    """A thread that processes one item at a time; a new item replaces the one waiting.

    Args:
        do: processes an item in the thread.
    """

    def __init__(self, do: Callable[[Work], Result]) -> None:
        self._do, self._thread = do, ThreadPoolExecutor(1, "newest")
        self._given: list[Future[Result]] = []

    def give(self, work: Work) -> None:
        """Schedules this item next, replacing any waiting item."""
        self._given = [each for each in self._given if not each.cancel()]
        self._given.append(self._thread.submit(self._do, work))

    def take(self) -> Result | None:
        """Returns the newest result not taken yet, or ``None``; raises the error if processing failed."""
        done = [each for each in self._given if each.done()]
        self._given = [each for each in self._given if each not in done]
        return done[-1].result() if done else None

    def close(self) -> None:
        """Stops the thread after the current item, and waits for it."""
        self._thread.shutdown(cancel_futures=True)


class _Question(NamedTuple):
    """A drawing to read, with a copy of its ink because the canvas may change."""

    view: CanvasView[Any]
    ink: NDArray[np.uint8]
    changes: int
    alphabet: str


class Recognition:
    """The window's activity that reads and saves drawings.

    Args:
        context: the context with the view to read.
        reader: reads digits.
        settings: the window's initial settings.
    """

    def __init__(self, context: AppContext, reader: Reader, settings: DrawingSettings) -> None:
        self._context, self._settings = context, settings
        self._readers: dict[str, Reader | TextReader] = {DIGITS_ONLY: reader}
        self.alphabet = settings.alphabet
        self._live = Button("Live", self._switch_live, (pygame.K_l,), "L", on=settings.live)
        self._kind = Button("", self._next_alphabet, (pygame.K_a,), "A")
        self._copying = Button("Copy", self._copy, (pygame.K_c,), "C")
        self._buttons = (
            Button("Read", self._classify, ENTER, "Enter", primary=True),
            self._live,
            self._kind,
            self._copying,
            Button("Save", self._save, (pygame.K_s,), "S"),
        )
        self._asked: _Question | None = None  # what is read now, or was read last
        self._since, self._was_busy = 0.0, False
        self._is_answered = True
        self._readings = LatestOnlyWorker(self._read)

    @property
    def buttons(self) -> Sequence[Button]:
        """The buttons in their current state."""
        view = self._context.view
        self._kind.label = f"Reads {self.alphabet}"
        self._copying.enabled = view.answer is not None and bool(view.copied(view.answer.reading))
        return self._buttons

    @property
    def is_busy(self) -> bool:
        """Whether a drawing has been read for so long that the user should know."""
        return not self._is_answered and time.perf_counter() - self._since >= SOON

    @property
    def title(self) -> str:
        """The window's title; begins with the text, for users who see only the title."""
        view = self._context.view
        if view.answer is None or view.is_stale:
            return TITLE
        nothing = "no digit" if self.alphabet == DIGITS_ONLY else "nothing"
        return f"{view.text(view.answer.reading) or nothing} – {TITLE}"

    @property
    def head(self) -> tuple[str, str]:
        """The captions: the model, and the duration of the reading."""
        view = self._context.view
        by = self._settings.model if self.alphabet == DIGITS_ONLY else self.alphabet
        if self.is_busy:
            return "Reading…", by
        if view.answer is None or view.canvas.is_empty:
            return "Reading", by
        what = "Before your last change" if view.is_outdated else "Reading"
        return what, f"{by} · {view.answer.seconds * 1000:.0f} ms"

    def tick(self) -> bool:
        """Takes the newest result, and requests the next one if drawings are read while you draw."""
        view = self._context.view
        view.is_followed = self._live.on
        if self._live.on and not view.canvas.is_empty and not self._is_asked():
            self.ask()
        taken = self._readings.take()
        if taken is not None:
            question, answer = taken
            question.view.answer = answer
            self._is_answered = self._is_answered or question is self._asked
        was_busy, self._was_busy = self._was_busy, self.is_busy
        return taken is not None or was_busy != self._was_busy

    def draw(self, surface: Surface, rect: Rect, scale: float) -> None:
        """Draws the reading, or an invitation to draw."""
        view = self._context.view
        if view.canvas.is_empty or view.answer is None:
            self._draw_invitation(surface, rect, scale)
        else:
            view.draw_reading(surface, rect, view.answer.reading, scale)

    def close(self) -> None:
        """Stops the thread."""
        self._readings.close()

    def _read(self, question: _Question) -> tuple[_Question, Answer[Any]]:
        """Reads a drawing; runs in the background thread."""
        start = time.perf_counter()
        if question.alphabet not in self._readers:  # its networks are loaded when they are needed
            self._readers[question.alphabet] = TextReader(question.alphabet, model=self._settings.text_model)
        reading = question.view.read(self._readers[question.alphabet], question.ink)
        return question, Answer(reading, question.changes, time.perf_counter() - start)

    def _classify(self) -> None:
        view = self._context.view
        if view.canvas.is_empty:
            self._context.say(f"There is nothing to read yet. {view.invitation}.")
        else:
            self.ask()

    def _is_asked(self) -> bool:
        """Whether the current drawing is being read, or was read last, as what it should be."""
        view, asked = self._context.view, self._asked
        return asked is not None and asked[:1] + asked[2:] == (view, view.canvas.changes, self.alphabet)

    def ask(self) -> None:
        """Reads the current drawing now."""
        view = self._context.view
        self._asked = _Question(view, view.canvas.ink.copy(), view.canvas.changes, self.alphabet)
        self._since, self._is_answered = time.perf_counter(), False
        self._readings.give(self._asked)

    def _next_alphabet(self) -> None:
        self.alphabet = ALPHABETS[(ALPHABETS.index(self.alphabet) + 1) % len(ALPHABETS)]
        self._context.note = None
        if not self._context.view.canvas.is_empty:
            self.ask()

    def _copy(self) -> None:
        answer = self._context.view.answer
        if answer is not None:
            with self._context.telling():
                copy_text(self._context.view.copied(answer.reading))
                self._context.say("Copied.")

    def _switch_live(self) -> None:
        self._live.on = not self._live.on
        self._context.say("Drawings are read while you draw." if self._live.on else "Press Enter to read.")

    def _save(self) -> None:
        view = self._context.view
        if view.canvas.is_empty:
            self._context.say(f"There is nothing to save yet. {view.invitation}.")
            return
        with self._context.telling():
            self._context.say(f"Saved as {save_numbered(view.picture, self._settings.save_to, STEM)}")

    def _draw_invitation(self, surface: Surface, rect: Rect, scale: float) -> None:
        how = "It is read while you draw." if self._live.on else "Then press Enter, or turn on Live."
        size = theme.BODY * scale
        sentences = (f"{self._context.view.invitation}.", how)
        lines = [line for sentence in sentences for line in theme.wrapped(sentence, size, rect.width)]
        for row, line in enumerate(lines):
            at = rect.centerx, rect.centery + (row - (len(lines) - 1) / 2) * LINE_HEIGHT * size
            theme.write(surface, line, at, size, theme.FAINT, anchor="center")
