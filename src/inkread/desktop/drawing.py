"""The scene of the drawing window: a view, an activity with its card, and buttons with keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pygame
from pygame import Rect, Surface

from inkread.desktop import theme, widgets
from inkread.desktop.app_context import AppContext, Note
from inkread.desktop.canvas_view import PENS, CanvasView
from inkread.desktop.file_dialog import FileDialog
from inkread.desktop.grid_view import GridView
from inkread.desktop.labelling import LabelledDrawings
from inkread.desktop.page_view import PageView
from inkread.desktop.recognition import Recognition
from inkread.desktop.teaching import AskFolder, Teaching
from inkread.desktop.widgets import Button
from inkread.models import TEXT
from inkread.picture import load_picture

if TYPE_CHECKING:
    from inkread.reader import Reader

SIZE = (960, 660)
"""The window's initial width and height."""

UPRIGHT = (600, 900)
"""The same for an upright window, in which the card is below the view."""

CARD_SHARE = 0.3
"""The card's share of the width, or of the height if it is below the view."""

LESSONS_FOLDER = "my-digits"
"""Default folder of lessons, in the folder of saved drawings."""

NOTE_LINE = 1.15
"""Line height of messages, relative to the type size."""

HINT = Note("The left button draws, the right one erases.")


@dataclass(frozen=True, slots=True)
class DrawingSettings:
    """The window's initial settings.

    Attributes:
        model: the displayed name of the model.
        text_model: the network of lines, see ``TextReader``.
        alphabet: what drawings are read as, see ``recognition.ALPHABETS``.
        picture: a picture to open on the free sheet.
        save_to: the folder for saved drawings.
        teach: the folder for taught digits; if given, the window starts with teaching.
        free: start with the free sheet instead of the grid.
        min_probability: 0..1; less probable digits are shown as "?".
    """

    model: str = "default"
    text_model: str = TEXT
    alphabet: str = "digits"
    picture: Path | None = None
    save_to: Path = Path()
    teach: Path | None = None
    free: bool = False
    live: bool = False
    min_probability: float = 0.5


_Kind = type[CanvasView[Any]]
_Views = dict[_Kind, CanvasView[Any]]


class Drawing:
    """The ``window.Scene`` for drawing.

    Attributes:
        teaching: the teaching activity, while it is active.
        dialog: asks for a picture to open.
        done: whether the window was closed.

    Raises:
        InkreadError: the folder of lessons cannot be used, see ``LabelledDrawings``.
    """

    def __init__(self, reader: Reader, settings: DrawingSettings | None = None) -> None:
        self._settings = given = settings or DrawingSettings()
        self._views = self._aside = self._new_views()
        self.context = AppContext(self._views[PageView if given.free else GridView])
        self.done = False
        self._held = 0  # the mouse button of the current stroke
        self._undo = Button("Undo", self._take_back, (pygame.K_z, pygame.K_BACKSPACE), "Z")
        self._reset = Button("Reset", self._clear, (pygame.K_r, pygame.K_DELETE), "R")
        self._kinds: dict[_Kind, Button] = {
            GridView: Button(GridView.name, lambda: self._show(GridView), (pygame.K_1, pygame.K_KP_1), "1"),
            PageView: Button(PageView.name, lambda: self._show(PageView), (pygame.K_2, pygame.K_KP_2), "2"),
        }
        self._teach = Button("Teach", self._switch_teaching, (pygame.K_t,), "T")
        self._eraser = Button("Eraser", self._switch_eraser, (pygame.K_e,), "E")
        self._pen = Button("", self._next_pen, (pygame.K_p,), "P")
        self._pens = list(PENS)[1:] + list(PENS)[:1]  # the first is in use
        self._dark = Button("Dark", self._switch_theme, (pygame.K_d,), "D")
        self.dialog = FileDialog()
        self._picture = Button("Open", self._ask_file, (pygame.K_o,), "O")
        self._asking: AskFolder | None = None
        self.teaching = self._taught(given.teach) if given.teach else None
        self._recognition = Recognition(self.context, reader, given)
        if given.picture:
            self._open(given.picture)

    @property
    def title(self) -> str:
        """The window's title."""
        return self._activity.title

    @property
    def buttons(self) -> list[Button]:
        """The buttons that are shown now, in their current state."""
        canvas = self.context.view.canvas
        self._undo.enabled, self._reset.enabled = canvas.can_undo, not canvas.is_empty
        for kind, button in self._kinds.items():
            button.on = isinstance(self.context.view, kind)
        self._teach.on = self.teaching is not None or self._asking is not None
        self._dark.on = theme.is_dark()
        self._picture.enabled = self.teaching is None and self._asking is None
        self._pen.label = f"Pen: {self._pens[0]}"
        first, *others = self._activity.buttons
        tools = [self._pen, self._eraser, self._reset, self._undo]
        return [first, *tools, self._picture, *others, *self._kinds.values(), self._teach, self._dark]

    def handle(self, event: pygame.event.Event) -> None:
        """Handles drawing, buttons, and closing."""
        is_key = event.type == pygame.KEYDOWN
        if event.type == pygame.QUIT or (is_key and event.key == pygame.K_q and event.mod & pygame.KMOD_CTRL):
            self.done = True
            return
        if event.type == pygame.DROPFILE:
            self._take_file(Path(event.file))
            return
        for button in self.buttons:
            if button.handle(event):
                return
        self._handle_pen(event)

    def tick(self) -> bool:
        """Updates the activity; returns whether there is something new to draw."""
        opened = False
        with self.context.telling():
            chosen = self.dialog.chosen()
            if chosen is not None:
                self._take_file(chosen)
                opened = True
        return self._activity.tick() or opened

    def draw(self, surface: Surface) -> None:
        """Draws the window at any size."""
        surface.fill(theme.PAPER)
        card, note, scale = self._lay(surface.get_size())
        for button in self.buttons:
            button.draw(surface, scale)
        self.context.view.draw(surface)
        self._draw_card(surface, card, scale)
        self._draw_note(surface, note, scale)

    def close(self) -> None:
        """Stops background work."""
        self.dialog.close()
        self._recognition.close()

    @property
    def _activity(self) -> AskFolder | Teaching | Recognition:
        return self._asking or self.teaching or self._recognition

    def _new_views(self) -> _Views:
        least = self._settings.min_probability
        return {GridView: GridView(min_probability=least), PageView: PageView(min_probability=least)}

    def _handle_pen(self, event: pygame.event.Event) -> None:
        """Handles the mouse: a stroke ends when its button is released, even outside the view."""
        view = self.context.view
        if event.type == pygame.MOUSEBUTTONDOWN:
            draws = event.button in (pygame.BUTTON_LEFT, pygame.BUTTON_RIGHT)
            if draws and not self._held and view.rect.collidepoint(event.pos):
                self._held, self.context.note = event.button, None
                erase = self._eraser.on or event.button == pygame.BUTTON_RIGHT
                view.canvas.begin(view.point(event.pos), erase=erase)
        elif event.type == pygame.MOUSEMOTION and self._held:
            view.canvas.extend(view.point(event.pos))
        elif (
            event.type == pygame.MOUSEBUTTONUP and event.button == self._held
        ) or event.type == pygame.WINDOWFOCUSLOST:
            self._lift()

    def _lift(self) -> None:
        self._held = 0
        self.context.view.canvas.end()

    def _clear(self) -> None:
        self._lift()
        self.context.view.clear()
        self.context.note = None

    def _take_back(self) -> None:
        self._lift()
        self.context.view.canvas.undo()
        self.context.note = None

    def _show(self, kind: _Kind) -> None:
        self._lift()
        self.context.view = self._views[kind]
        self.context.note = None

    def _next_pen(self) -> None:
        self._pens = [*self._pens[1:], self._pens[0]]
        self._eraser.on = False
        self._use_pen()

    def _use_pen(self) -> None:
        for view in self._views.values():
            view.use_pen(self._pens[0])

    def _switch_eraser(self) -> None:
        self._eraser.on = not self._eraser.on

    def _switch_theme(self) -> None:
        theme.use(dark=not theme.is_dark())

    def _ask_file(self) -> None:
        with self.context.telling():
            self.dialog.ask()

    def _take_file(self, path: Path) -> None:
        """Opens a picture that was chosen or dropped on the window, or takes a folder for lessons."""
        if self._asking is not None:
            self._asking.folder = path if path.is_dir() else path.parent
        elif self.teaching is not None:
            self.context.say("End the lessons first: press T.")
        else:
            self._open(path)

    def _open(self, path: Path) -> None:
        page = cast("PageView", self._views[PageView])
        with self.context.telling():
            picture = load_picture(path, max_side=max(page.size))
            page.open(picture)
            self._show(PageView)
            self.context.say(f"{path.name}: you can draw on it, and undo it.")
            self._recognition.ask()

    def _taught(self, folder: Path) -> Teaching:
        """Starts teaching on new views, and sets the current drawings aside."""
        teaching = Teaching(self.context, LabelledDrawings(folder))
        self._aside = self._views
        self._use_views(self._new_views())
        return teaching

    def _use_views(self, views: _Views) -> None:
        self._views = views
        self._use_pen()
        self._show(type(self.context.view))

    def _switch_teaching(self) -> None:
        if self._asking is not None:
            self._asking = None
        elif self.teaching is None:
            proposed = self._settings.teach or self._settings.save_to / LESSONS_FOLDER
            self._asking = AskFolder(proposed, self._begin_lessons, self._switch_teaching)
            self.context.note = None
        else:
            self._use_views(self._aside)
            self.teaching.close()
            self.teaching = None

    def _begin_lessons(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            with self.context.telling():
                self.teaching = self._taught(asking.folder)

    def _lay(self, size: tuple[int, int]) -> tuple[Rect, tuple[int, int], float]:
        """Places the buttons and the view; returns the places of card and message, and the scale."""
        is_upright = size[1] > size[0]
        scale = theme.scale_of(size, UPRIGHT if is_upright else SIZE)
        gap, line = round(theme.GAP * scale), round(2 * theme.SMALL * scale)
        whole = Rect((0, 0), size).inflate(-2 * gap, -2 * gap)
        top = widgets.flow(self.buttons, whole, scale) + gap
        middle = Rect(whole.left, top, whole.width, max(1, whole.bottom - top - line))
        share = 1 - CARD_SHARE
        view, card = self.context.view, middle.copy()
        if is_upright:
            view.lay(Rect(middle.topleft, (middle.width, round(middle.height * share))))
            card.top, card.height = view.rect.bottom + gap, max(1, middle.bottom - view.rect.bottom - gap)
            view.rect.centerx = middle.centerx
        else:
            view.lay(Rect(middle.topleft, (round(middle.width * share), middle.height)))
            card.left, card.width = view.rect.right + gap, max(1, middle.right - view.rect.right - gap)
            card.height = view.rect.height
        return card, (whole.left, whole.bottom - line // 3), scale

    def _draw_card(self, surface: Surface, rect: Rect, scale: float) -> None:
        widgets.panel(surface, rect, theme.RADIUS * scale, theme.CARD, theme.LINE)
        pad = round(theme.GAP * scale)
        inside = rect.inflate(-2 * pad, -2 * pad)
        what, of_what = self._activity.head
        size = theme.SMALL * scale
        head = theme.write(surface, what, inside.topleft, size, theme.FAINT, width=inside.width)
        room = inside.right - head.right - pad
        if room > 4 * pad:  # otherwise only an ellipsis would fit
            theme.write(surface, of_what, inside.topright, size, theme.FAINT, anchor="topright", width=room)
        below = Rect(inside.left, head.bottom + pad // 2, inside.width, 0)
        below.height = max(1, inside.bottom - below.top)
        self._activity.draw(surface, below, scale)

    def _draw_note(self, surface: Surface, at: tuple[int, int], scale: float) -> None:
        """Draws the newest message, in at most two lines."""
        note, (left, middle) = self.context.note or HINT, at
        size, width = theme.SMALL * scale, surface.get_width() - 2 * left
        ink = theme.DOUBT if note.is_problem else theme.FAINT
        first, *others = theme.wrapped(note.text, size, width)
        lines = [first, " ".join(others)] if others else [first]
        for row, line in enumerate(lines):
            y = middle + (row - (len(lines) - 1) / 2) * NOTE_LINE * size
            theme.write(surface, line, (left, y), size, ink, anchor="midleft", width=width)
