"""Shared by the windows and their activities: the current view, messages for the user, and the clipboard."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pygame

from inkread.errors import InkreadError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkread.desktop.canvas_view import CanvasView


class Note(NamedTuple):
    """A message for the user."""

    text: str
    is_problem: bool = False


@dataclass(slots=True)
class AppContext:
    """The drawing window's current view and newest message."""

    view: CanvasView[Any]
    note: Note | None = None

    def say(self, text: str) -> None:
        """Shows a message."""
        self.note = Note(text)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Shows errors that are raised within the context."""
        try:
            yield
        except InkreadError as error:
            self.note = Note(str(error), is_problem=True)


def copy_text(text: str) -> None:
    """Copies a text to the system's clipboard.

    Raises:
        OutputError: there is no clipboard.
    """
    try:
        pygame.scrap.put_text(text)
    except (pygame.error, NotImplementedError) as error:
        problem = f"cannot be used ({error})"
        raise OutputError("clipboard", problem, "press S to save it instead") from error
