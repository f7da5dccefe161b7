"""The window to draw in, as a scene: a board, an activity with its card beside it, and buttons that have keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pygame

from inkread.desktop import look
from inkread.desktop.board import Board
from inkread.desktop.desk import Desk, Note
from inkread.desktop.grid import Grid
from inkread.desktop.lessons import Lessons
from inkread.desktop.look import Button
from inkread.desktop.page import Page
from inkread.desktop.recognition import Recognition
from inkread.desktop.teaching import Teaching

if TYPE_CHECKING:
    from inkread.desktop.desk import Activity
    from inkread.reader import Reader

SIZE = (960, 660)
"""Width and height of the window at first."""

UPRIGHT = (600, 900)
"""The same of one that is higher than wide: there the card stands below the board."""

CARD_SHARE = 0.3
"""Of the width that the card has; of the height where it stands below."""

LESSONS_FOLDER = "my-digits"
"""Where lessons go if no folder is named, below the folder of saved drawings."""

NOTE_LINE = 1.15
"""Height of a line of words over the size of their type."""

HINT = Note("The left button draws, the right one erases.")


@dataclass(frozen=True, slots=True)
class DrawingSettings:
    """How the window begins.

    Attributes:
        model: what the window calls the model that reads.
        save_to: the folder of saved drawings.
        teach: the folder that taught digits join; if it is named, the window begins with teaching.
        free: begin with the free sheet, not with the grid.
        live: read while one draws.
        min_probability: 0..1; a digit that is less probable is shown as "?".
    """

    model: str = "default"
    save_to: Path = Path()
    teach: Path | None = None
    free: bool = False
    live: bool = False
    min_probability: float = 0.5


_Kind = type[Board[Any]]
_Boards = dict[_Kind, Board[Any]]


class _Places(NamedTuple):
    """Where the card and the words lie, and how large everything is drawn."""

    card: pygame.Rect
    note: tuple[int, int]
    scale: float


class Drawing:
    """The ``window.Scene`` to draw in.

    Args:
        reader: reads what is drawn.
        settings: how the window begins.

    Attributes:
        desk: the board that is drawn on, and what the window says.
        teaching: the lessons, while they are given.
        done: the window was closed.

    Raises:
        InkreadError: the folder of lessons cannot be used, see ``Lessons``.
    """

    def __init__(self, reader: Reader, settings: DrawingSettings | None = None) -> None:
        self._settings = given = settings or DrawingSettings()
        self._boards = self._aside = self._new_boards()
        self.desk = Desk(self._boards[Page if given.free else Grid])
        self.done = False
        self._held = 0  # the mouse's button with which a stroke is being drawn
        self._undo = Button("Undo", self._take_back, (pygame.K_z, pygame.K_BACKSPACE), "Z")
        self._reset = Button("Reset", self._clear, (pygame.K_r, pygame.K_DELETE), "R")
        self._kinds: dict[_Kind, Button] = {
            Grid: Button(Grid.name, lambda: self._show(Grid), (pygame.K_1, pygame.K_KP_1), "1"),
            Page: Button(Page.name, lambda: self._show(Page), (pygame.K_2, pygame.K_KP_2), "2"),
        }
        self._teach = Button("Teach", self._switch_teaching, (pygame.K_t,), "T")
        self.teaching = self._taught() if given.teach else None
        self._recognition = Recognition(
            self.desk, reader, model=given.model, save_to=given.save_to, live=given.live
        )

    @property
    def title(self) -> str:
        """Of the window."""
        return self._activity.title

    @property
    def buttons(self) -> list[Button]:
        """Those that are shown at present, as they are now."""
        sheet = self.desk.board.sheet
        self._undo.enabled, self._reset.enabled = sheet.can_undo, not sheet.is_empty
        for kind, button in self._kinds.items():
            button.on = isinstance(self.desk.board, kind)
        self._teach.on = self.teaching is not None
        first, *others = self._activity.buttons
        return [first, self._reset, self._undo, *others, *self._kinds.values(), self._teach]

    def handle(self, event: pygame.event.Event) -> None:
        """Draws, presses buttons, closes."""
        if event.type == pygame.QUIT or _is_ctrl_q(event):
            self.done = True
            return
        for button in self.buttons:
            if button.handle(event):
                return
        self._handle_pen(event)

    def tick(self) -> bool:
        """Lets the activity take note that time has passed."""
        return self._activity.tick()

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the whole window, of whatever size."""
        surface.fill(look.PAPER)
        places = self._lay(surface.get_size())
        for button in self.buttons:
            button.draw(surface, places.scale)
        self.desk.board.draw(surface)
        self._draw_card(surface, places.card, places.scale)
        self._draw_note(surface, places)

    def close(self) -> None:
        """Ends what runs beside the window."""
        self._recognition.close()

    @property
    def _activity(self) -> Activity:
        return self.teaching or self._recognition

    def _new_boards(self) -> _Boards:
        least = self._settings.min_probability
        return {Grid: Grid(min_probability=least), Page: Page(min_probability=least)}

    def _handle_pen(self, event: pygame.event.Event) -> None:
        """The mouse on the board: a stroke ends where the button that began it is let go, wherever that is."""
        board = self.desk.board
        if event.type == pygame.MOUSEBUTTONDOWN:
            draws = event.button in (pygame.BUTTON_LEFT, pygame.BUTTON_RIGHT)
            if draws and not self._held and board.rect.collidepoint(event.pos):
                self._held, self.desk.note = event.button, None
                board.sheet.begin(board.point(event.pos), erase=event.button == pygame.BUTTON_RIGHT)
        elif event.type == pygame.MOUSEMOTION and self._held:
            board.sheet.extend(board.point(event.pos))
        elif (
            event.type == pygame.MOUSEBUTTONUP and event.button == self._held
        ) or event.type == pygame.WINDOWFOCUSLOST:
            self._lift()

    def _lift(self) -> None:
        self._held = 0
        self.desk.board.sheet.end()

    def _clear(self) -> None:
        self._lift()
        self.desk.board.clear()
        self.desk.note = None

    def _take_back(self) -> None:
        self._lift()
        self.desk.board.sheet.undo()
        self.desk.note = None

    def _show(self, kind: _Kind) -> None:
        self._lift()
        self.desk.board = self._boards[kind]
        self.desk.note = None

    def _taught(self) -> Teaching:
        """Begins with teaching, on boards of its own: what was drawn before is put aside."""
        folder = self._settings.teach or self._settings.save_to / LESSONS_FOLDER
        teaching = Teaching(self.desk, Lessons(folder))
        self._aside, self._boards = self._boards, self._new_boards()
        self._show(type(self.desk.board))
        return teaching

    def _switch_teaching(self) -> None:
        if self.teaching is None:
            with self.desk.telling():
                self.teaching = self._taught()
            return
        self._boards = self._aside
        self._show(type(self.desk.board))
        self.teaching.close()
        self.teaching = None

    def _lay(self, size: tuple[int, int]) -> _Places:
        """Lays buttons above, words below, and between them the board with the card beside it, or below it."""
        is_upright = size[1] > size[0]
        scale = look.scale_of(size, UPRIGHT if is_upright else SIZE)
        gap, line = round(look.GAP * scale), round(2 * look.SMALL * scale)
        whole = pygame.Rect((0, 0), size).inflate(-2 * gap, -2 * gap)
        top = look.flow(self.buttons, whole, scale) + gap
        middle = pygame.Rect(whole.left, top, whole.width, max(1, whole.bottom - top - line))
        share = 1 - CARD_SHARE
        board, card = self.desk.board, middle.copy()
        if is_upright:
            board.lay(pygame.Rect(middle.topleft, (middle.width, round(middle.height * share))))
            card.top, card.height = board.rect.bottom + gap, max(1, middle.bottom - board.rect.bottom - gap)
            board.rect.centerx = middle.centerx
        else:
            board.lay(pygame.Rect(middle.topleft, (round(middle.width * share), middle.height)))
            card.left, card.width = board.rect.right + gap, max(1, middle.right - board.rect.right - gap)
            card.height = board.rect.height
        return _Places(card, (whole.left, whole.bottom - line // 3), scale)

    def _draw_card(self, surface: pygame.Surface, rect: pygame.Rect, scale: float) -> None:
        look.panel(surface, rect, look.RADIUS * scale)
        pad = round(look.GAP * scale)
        inside = rect.inflate(-2 * pad, -2 * pad)
        what, of_what = self._activity.head
        size = look.SMALL * scale
        head = look.write(surface, what, inside.topleft, size, look.FAINT, width=inside.width)
        room = inside.right - head.right - pad
        if room > 4 * pad:  # else there would be nothing but an ellipsis
            look.write(surface, of_what, inside.topright, size, look.FAINT, anchor="topright", width=room)
        below = pygame.Rect(inside.left, head.bottom + pad // 2, inside.width, 0)
        below.height = max(1, inside.bottom - below.top)
        self._activity.draw(surface, below, scale)

    def _draw_note(self, surface: pygame.Surface, places: _Places) -> None:
        """The newest words, in two lines at most."""
        note, (left, middle) = self.desk.note or HINT, places.note
        size, width = look.SMALL * places.scale, surface.get_width() - 2 * left
        ink = look.DOUBT if note.is_problem else look.FAINT
        first, *others = look.wrapped(note.text, size, width)
        lines = [first, " ".join(others)] if others else [first]
        for row, line in enumerate(lines):
            at = left, middle + (row - (len(lines) - 1) / 2) * NOTE_LINE * size
            look.write(surface, line, at, size, ink, anchor="midleft", width=width)


def _is_ctrl_q(event: pygame.event.Event) -> bool:
    return bool(event.type == pygame.KEYDOWN and event.key == pygame.K_q and event.mod & pygame.KMOD_CTRL)
