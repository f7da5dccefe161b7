"""What the activities of the window share: the view on screen, and a line of words to the person at it."""

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
    """A line of words."""

    text: str
    is_problem: bool = False


@dataclass(slots=True)
class AppContext:
    """The view that is drawn on at present, and what there is to say.

    Attributes:
        view: the view.
        note: the newest word; ``None`` if there is nothing to say.
    """

    view: CanvasView[Any]
    note: Note | None = None

    def say(self, text: str) -> None:
        """Tells the person something."""
        self.note = Note(text)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tells the person what goes wrong meanwhile."""
        try:
            yield
        except InkreadError as error:
            self.note = Note(str(error), is_problem=True)


class Activity(Protocol):
    """What one does with a drawing."""

    @property
    def title(self) -> str:
        """What the window is called meanwhile."""

    @property
    def head(self) -> tuple[str, str]:
        """What is written above the card: what it shows, and of what."""

    @property
    def buttons(self) -> Sequence[Button]:
        """What can be done, the usual first."""

    def tick(self) -> bool:
        """Takes note that time has passed; returns whether there is something new to draw."""

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        """Draws the card beside the view."""
