"""Reading what is drawn: at a button, or while one draws.

Reading happens in a thread beside the window, always of the newest drawing, so that the brush never waits for it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pygame

from inkread.desktop import look
from inkread.desktop.board import Answer
from inkread.desktop.keeping import save_numbered
from inkread.desktop.look import Button
from inkread.desktop.newest import Newest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from inkread.desktop.board import Board
    from inkread.desktop.desk import Desk
    from inkread.reader import Reader

TITLE = "inkread draw"
STEM = "drawing"
LINE_HEIGHT = 1.5


class _Question(NamedTuple):
    """A drawing that is to be read: a copy of its ink, as the sheet goes on changing."""

    board: Board[Any]
    ink: NDArray[np.uint8]
    changes: int


class _Answered(NamedTuple):
    board: Board[Any]
    answer: Answer[Any]


class Recognition:
    """The activity of the window in which drawings are read, and saved.

    Args:
        desk: with the board that is read.
        reader: reads it.
        model: what the window calls the model.
        save_to: the folder of saved drawings.
        live: read while one draws, from the beginning.
    """

    def __init__(self, desk: Desk, reader: Reader, *, model: str, save_to: Path, live: bool) -> None:
        self._desk, self._reader, self._model, self._save_to = desk, reader, model, save_to
        enter = (pygame.K_RETURN, pygame.K_KP_ENTER)
        self._live = Button("Live", self._switch_live, (pygame.K_l,), "L", on=live)
        self.buttons: Sequence[Button] = (
            Button("Classify", self._classify, enter, "Enter", primary=True),
            self._live,
            Button("Save", self._save, (pygame.K_s,), "S"),
        )
        self._asked: tuple[Board[Any], int] | None = (
            None  # the board that was given to be read, and its changes
        )
        self._readings: Newest[_Question, _Answered] = Newest(self._read)

    @property
    def title(self) -> str:
        """What was read stands first, for who sees only the title."""
        board = self._desk.board
        if board.answer is None or board.is_stale:
            return TITLE
        return f"{board.text(board.answer.reading) or 'no digit'} – {TITLE}"

    @property
    def head(self) -> tuple[str, str]:
        """The model, and how long it took."""
        board = self._desk.board
        if board.answer is None or board.sheet.is_empty:
            return "Reading", self._model
        what = "Before your last change" if board.is_outdated else "Reading"
        return what, f"{self._model} · {board.answer.seconds * 1000:.0f} ms"

    def tick(self) -> bool:
        """Takes the newest answer; asks for the next, where drawings are read while they are drawn."""
        board = self._desk.board
        board.is_followed = self._live.on
        if self._live.on and not board.sheet.is_empty and self._asked != (board, board.sheet.changes):
            self._ask()
        taken = self._readings.take()
        if taken is None:
            return False
        taken.board.answer = taken.answer
        return True

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        """The reading, or an invitation to draw."""
        board = self._desk.board
        if board.sheet.is_empty or board.answer is None:
            self._draw_invitation(surface, rect, scale)
        else:
            board.draw_reading(surface, rect, board.answer.reading, scale)

    def close(self) -> None:
        """Ends the thread."""
        self._readings.close()

    def _read(self, question: _Question) -> _Answered:
        """In the thread beside."""
        start = time.perf_counter()
        reading = question.board.read(self._reader, question.ink)
        return _Answered(question.board, Answer(reading, question.changes, time.perf_counter() - start))

    def _classify(self) -> None:
        board = self._desk.board
        if board.sheet.is_empty:
            self._desk.say(f"There is nothing to read yet. {board.invitation}.")
        else:
            self._ask()

    def _ask(self) -> None:
        board = self._desk.board
        self._asked = board, board.sheet.changes
        self._readings.give(_Question(board, board.sheet.ink.copy(), board.sheet.changes))

    def _switch_live(self) -> None:
        self._live.on = not self._live.on
        self._desk.say("Drawings are read while you draw." if self._live.on else "Enter reads a drawing.")

    def _save(self) -> None:
        board = self._desk.board
        if board.sheet.is_empty:
            self._desk.say(f"There is nothing to save yet. {board.invitation}.")
            return
        with self._desk.telling():
            self._desk.say(f"Saved as {save_numbered(board.picture, self._save_to, STEM)}")

    def _draw_invitation(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        how = "It is read while you draw." if self._live.on else "Then press Enter, or switch on Live."
        size = look.BODY * scale
        sentences = (f"{self._desk.board.invitation}.", how)
        lines = [line for sentence in sentences for line in look.wrapped(sentence, size, rect.width)]
        for row, line in enumerate(lines):
            at = rect.centerx, rect.centery + (row - (len(lines) - 1) / 2) * LINE_HEIGHT * size
            look.write(surface, line, at, size, look.FAINT, anchor="center")
