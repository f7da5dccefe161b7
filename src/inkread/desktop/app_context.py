"""Shared by the window's activities: the current view, and a message for the user."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from inkread.errors import InkreadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pygame

    from inkread.desktop.canvas_view import CanvasView
    from inkread.desktop.widgets import Button


class Note(NamedTuple):
    """A message for the user."""

    text: str
    is_problem: bool = False


@dataclass(slots=True)
class AppContext:
    """The current view and message.

    Attributes:
        view: the current view.
        note: the newest message; ``None`` for no message.
    """

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


class Activity(Protocol):
    """An activity of the drawing window."""

    @property
    def title(self) -> str:
        """The window's title during the activity."""

    @property
    def head(self) -> tuple[str, str]:
        """The two captions above the card: its topic and its details."""

    @property
    def buttons(self) -> Sequence[Button]:
        """The activity's buttons, most common first."""

    def tick(self) -> bool:
        """Updates the activity over time; returns whether there is something new to draw."""

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        """Draws the card next to the view."""
