"""The window of ``inkread camera``: what the camera sees, with a box and a digit over every digit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import cv2
import pygame

from inkread.desktop import theme, widgets
from inkread.desktop.live_view import LiveView
from inkread.desktop.overlay import draw_digits
from inkread.desktop.snapshot import save_snapshot
from inkread.desktop.widgets import Button
from inkread.errors import InkreadError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkread.desktop.live_view import Beside, Source

LONGEST_SIDE = 960
"""Pixels of the picture's longer side in a window of its first size."""
USUAL_SIZE, LEAST_SCALE = (960, 760), 0.8
"""Of a window in which everything is drawn at scale 1; and how far type shrinks with it, as it has to be read."""
FOOTER = 112
"""Pixels below the picture, for text and buttons, at scale 1."""
BUTTON_WIDTH, TEXT_TYPE = 128, 34
NOTE_SECONDS = 4.0
RATE_SECONDS = 1.0
"""Frames are counted over the last so many seconds."""

INVITATION = "Hold digits in front of the camera"
NOTHING = "No digits"
AWAITED = "Reading this picture …"
ENDED = "The video has ended"
CROWDED = "There is too much in this picture to read it in time: come closer, or freeze it"


@dataclass(frozen=True, slots=True)
class Note:
    """Words over the picture, until a time of ``time.perf_counter``."""

    text: str
    until: float
    is_problem: bool = False


class CameraScene:
    """Shows the newest frame with what stands in it; a ``Scene``.

    A source or a reader that is gone ends neither the window nor what can be done with the last frame: it is told over the picture,
    and is in ``failure``.

    Args:
        source: of the frames.
        reader: that reads them beside the display.
        save_to: folder of what is saved.
        copy: puts a text on the clipboard, or raises ``InkreadError``.
    """

    title = "inkread camera"

    def __init__(
        self, source: Source, reader: Beside, *, save_to: Path, copy: Callable[[str], None] | None = None
    ) -> None:
        self.live_view = LiveView(source, reader)
        self.done = False
        self.failure: InkreadError | None = None
        self._save_to, self._copy_text = save_to, copy or copy_text
        self._shown_at: deque[float] = deque()
        self._note: Note | None = None
        self._freeze = Button("Freeze", self._switch, [pygame.K_SPACE], "space")
        self._buttons = (
            self._freeze,
            Button("Save", self._save, [pygame.K_s], "S"),
            Button("Copy", self._copy, [pygame.K_c], "C"),
            Button("Close", self._close, [pygame.K_ESCAPE, pygame.K_q], "Esc"),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the window at first."""
        height, width = self.live_view.frame.pixels.shape[:2]
        zoom = LONGEST_SIDE / max(width, height)
        return round(width * zoom), round(height * zoom) + FOOTER

    @property
    def rate(self) -> float:
        """Frames of the source that were shown in the last second."""
        now = perf_counter()
        while self._shown_at and now - self._shown_at[0] > RATE_SECONDS:
            self._shown_at.popleft()
        return len(self._shown_at) / RATE_SECONDS

    def handle(self, event: pygame.event.Event) -> None:
        """Reacts to an event."""
        if event.type == pygame.QUIT:
            self.done = True
        for button in self._buttons:
            if button.handle(event):
                return

    def tick(self) -> bool:
        """Takes what is new; returns whether there is something to draw."""
        changed = self._forget_note()
        if self.failure is not None:
            return changed
        frame = self.live_view.frame
        try:
            changed = self.live_view.step() or changed
            if self.live_view.ended and not self.live_view.frozen:
                self._end()
        except InkreadError as error:
            self.failure = error
            self._freeze.enabled = False
            return True
        if self.live_view.frame is not frame:
            self._shown_at.append(perf_counter())
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the picture, what stands in it, and below it the text, the buttons and the rates."""
        scale = max(LEAST_SCALE, theme.scale_of(surface.get_size(), USUAL_SIZE))
        surface.fill(theme.PAPER)
        room = surface.get_rect()
        room.height = max(1, room.height - round(FOOTER * scale))
        area, zoom = self._draw_picture(surface, room)
        draw_digits(surface, self.live_view.digits, area, zoom, scale)
        self._draw_note(surface, area, scale)
        self._draw_footer(
            surface, pygame.Rect(0, room.height, room.width, surface.get_height() - room.height), scale
        )

    def _switch(self) -> None:
        frozen = not self.live_view.frozen
        self.live_view.freeze(frozen)
        self._freeze.label, self._freeze.on = ("Go on" if frozen else "Freeze"), frozen

    def _end(self) -> None:
        self._switch()
        self._freeze.enabled = False
        self._say(ENDED)

    def _save(self) -> None:
        try:
            path = save_snapshot(self._save_to, self.live_view.frame.pixels, self.live_view.reading())
        except InkreadError as error:
            self._say(str(error), is_problem=True)
        else:
            self._say(f"Saved {path} and {path.with_suffix('.json').name}")

    def _copy(self) -> None:
        text = self.live_view.text
        if not text:
            self._say("There is no text to copy yet")
            return
        try:
            self._copy_text(text)
        except InkreadError as error:
            self._say(str(error), is_problem=True)
        else:
            self._say(f"Copied {one_line(text)}")

    def _close(self) -> None:
        self.done = True

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        self._note = Note(text, perf_counter() + NOTE_SECONDS, is_problem)

    def _forget_note(self) -> bool:
        if self._note is None or perf_counter() < self._note.until:
            return False
        self._note = None
        return True

    def _draw_picture(self, surface: pygame.Surface, room: pygame.Rect) -> tuple[pygame.Rect, float]:
        """Draws the frame as large as there is room; returns where, and its zoom."""
        pixels = self.live_view.frame.pixels
        height, width = pixels.shape[:2]
        zoom = min(room.width / width, room.height / height)
        size = max(1, round(width * zoom)), max(1, round(height * zoom))
        shown = cv2.resize(
            pixels, size, interpolation=cv2.INTER_LINEAR if zoom > 1 else cv2.INTER_AREA
        )  # several times as fast as pygame's
        area = pygame.Rect((0, 0), size)
        area.center = room.center
        surface.blit(pygame.image.frombuffer(shown.tobytes(), size, "RGB"), area)
        return area, zoom

    def _draw_note(self, surface: pygame.Surface, area: pygame.Rect, scale: float) -> None:
        """The words over the lower edge of the picture."""
        note = self._present_note()
        if note is None:
            return
        size, pad = theme.BODY * scale, theme.GAP * scale
        lines = theme.wrapped(note.text, size, area.width - 4 * pad)
        height = theme.font(size).get_linesize()
        width = max(theme.width_of(line, size) for line in lines)
        box = pygame.Rect(0, 0, round(width + 2 * pad), round(height * len(lines) + pad))
        box.midbottom = area.centerx, round(area.bottom - pad)
        fill, ink = (theme.DOUBT_SOFT, theme.DOUBT) if note.is_problem else (theme.CARD, theme.INK)
        widgets.panel(
            surface, box, theme.RADIUS_SMALL * scale, fill=fill, line=ink if note.is_problem else theme.LINE
        )
        for number, line in enumerate(lines):
            top = box.top + pad / 2 + number * height
            theme.write(
                surface, line, (box.centerx, top), size, ink, anchor="midtop", width=area.width - 4 * pad
            )

    def _present_note(self) -> Note | None:
        """What went wrong for good, or else what was said last, or else what hinders the reading."""
        if self._note is not None:
            return self._note
        if self.failure is not None:
            return Note(str(self.failure), 0, is_problem=True)
        return Note(CROWDED, 0, is_problem=True) if self.live_view.too_much else None

    def _draw_footer(self, surface: pygame.Surface, room: pygame.Rect, scale: float) -> None:
        """The text, and below it the buttons and the rates."""
        gap = theme.GAP * scale
        left, width = room.left + gap, room.width - 2 * gap
        height = round(theme.BUTTON_HEIGHT * scale)
        top = round(room.bottom - gap - height)
        each = min(round(BUTTON_WIDTH * scale), round((width - gap / 2 * 3) / len(self._buttons)))
        for place, button in enumerate(self._buttons):
            button.rect = pygame.Rect(round(left + place * (each + gap / 2)), top, each, height)
            button.draw(surface, scale)
        rates, size = self._rates(), theme.SMALL * scale
        taken = theme.width_of(rates, size) + gap
        middle = room.top + gap * 0.75 + TEXT_TYPE * scale / 2
        # Beside the buttons, or where there is no room, beside the text.
        has_room = self._buttons[-1].rect.right + taken <= room.right - gap
        corner = (room.right - gap, top + height / 2 if has_room else middle)
        theme.write(surface, rates, corner, size, theme.FAINT, anchor="midright")
        self._draw_text(surface, (left, middle), width if has_room else width - taken, scale)

    def _draw_text(
        self, surface: pygame.Surface, at: tuple[float, float], width: float, scale: float
    ) -> None:
        """The text that stands, or what is to be said where there is none."""
        text, size, ink = one_line(self.live_view.text), TEXT_TYPE * scale, theme.INK
        if not text:
            live_view, size, ink = self.live_view, theme.BODY * scale, theme.FAINT
            text = AWAITED if live_view.is_awaited else NOTHING if live_view.frozen else INVITATION
        theme.write(surface, text, at, size, ink, anchor="midleft", width=width)

    def _rates(self) -> str:
        latency = self.live_view.latency
        read = "" if latency is None else f"read in {latency * 1000:.0f} ms"
        shown = "frozen" if self.live_view.frozen else f"{self.rate:.0f} frames/s"
        return f"{shown}  ·  {read}" if read else shown


def one_line(text: str) -> str:
    """Rows beside each other."""
    return text.replace("\n", "  /  ")


def copy_text(text: str) -> None:
    """Puts a text on the system's clipboard.

    Raises:
        OutputError: there is none.
    """
    try:
        pygame.scrap.put_text(text)
    except (pygame.error, NotImplementedError) as error:
        raise OutputError(
            "clipboard", f"cannot be used ({error})", "save the reading instead, with S"
        ) from error
