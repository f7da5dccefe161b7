"""The window of ``inkread camera``: shows the camera's picture with a box and a label on every digit."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING

import cv2
import pygame
from pygame import Rect, Surface

from inkread.desktop import theme, widgets
from inkread.desktop.app_context import Note, copy_text
from inkread.desktop.live_view import LiveView
from inkread.desktop.numbered_files import save_numbered
from inkread.desktop.widgets import Button
from inkread.errors import InkreadError
from inkread.results.annotate import BLACK, UNSURE, WHITE, colour_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from inkread.desktop.capture import Capture
    from inkread.desktop.reader_process import ReaderProcess
    from inkread.results import Digit

LONGEST_SIDE = 960
"""Longer side of the picture in a new window, in pixels."""
USUAL_SIZE, LEAST_SCALE = (960, 760), 0.8
"""Size of a window drawn at scale 1, and the minimum scale, so that text stays readable."""
FOOTER = 112
"""Height of the area for text and buttons below the picture, in pixels at scale 1."""
BUTTON_WIDTH, TEXT_TYPE = 128, 34
STEM = "camera"
NOTE_SECONDS = 4.0
RATE_SECONDS = 1.0
"""The period over which frames are counted."""

INVITATION = "Hold digits in front of the camera"
NOTHING = "No digits"
AWAITED = "Reading this picture …"
ENDED = "The video has ended"
CROWDED = "This picture is too complex to read in time: move closer, or freeze it"

BOX_PAD = 3
"""Distance between a digit's ink and its box in pixels, at scale 1."""
BOX_LINE = 2
TAG_TO_DIGIT, SMALLEST_TAG, LARGEST_TAG = 0.45, 17.0, 34.0
"""Type size of a label relative to the digit's height, and its limits in pixels, at scale 1."""


class CameraScene:
    """A ``Scene`` that shows the newest frame with its digits.

    If the source or the reader fails, the window stays open and the last frame usable. The error is shown
    over the picture and stored in ``failure``.

    Args:
        source: the source of the frames.
        reader: reads the frames in the background.
        save_to: the folder for saved pictures.
        copy: copies a text, or raises ``InkreadError``.
    """

    title = "inkread camera"

    def __init__(
        self,
        source: Capture,
        reader: ReaderProcess,
        *,
        save_to: Path,
        copy: Callable[[str], None] = copy_text,
    ) -> None:
        self.live_view = LiveView(source, reader)
        self.done = False
        self.failure: InkreadError | None = None
        self._save_to, self._copy_text = save_to, copy
        self._shown_at: deque[float] = deque()
        self._note: Note | None = None
        self._note_ends = 0.0
        self._freeze = Button("Freeze", self._switch, [pygame.K_SPACE], "space")
        self._buttons = (
            self._freeze,
            Button("Save", self._save, [pygame.K_s], "S"),
            Button("Copy", self._copy, [pygame.K_c], "C"),
            Button("Close", self._close, [pygame.K_ESCAPE, pygame.K_q], "Esc"),
        )

    @property
    def size(self) -> tuple[int, int]:
        """The window's initial width and height."""
        height, width = self.live_view.frame.pixels.shape[:2]
        zoom = LONGEST_SIDE / max(width, height)
        return round(width * zoom), round(height * zoom) + FOOTER

    @property
    def rate(self) -> float:
        """Frames shown in the last second."""
        now = perf_counter()
        while self._shown_at and now - self._shown_at[0] > RATE_SECONDS:
            self._shown_at.popleft()
        return len(self._shown_at) / RATE_SECONDS

    def handle(self, event: pygame.event.Event) -> None:
        """Handles an event."""
        if event.type == pygame.QUIT:
            self.done = True
        for button in self._buttons:
            if button.handle(event):
                return

    def tick(self) -> bool:
        """Takes new frames and readings; returns whether there is something to draw."""
        changed = self._forget_note()
        if self.failure is not None:
            return changed
        frame = self.live_view.frame
        try:
            changed = self.live_view.step() or changed
            if self.live_view.ended and not self.live_view.frozen:
                self._switch()
                self._freeze.enabled = False
                self._say(ENDED)
        except InkreadError as error:
            self.failure = error
            self._freeze.enabled = False
            return True
        if self.live_view.frame is not frame:
            self._shown_at.append(perf_counter())
        return changed

    def draw(self, surface: Surface) -> None:
        """Draws the picture with its digits, and below it the text, buttons, and rates."""
        scale = max(LEAST_SCALE, theme.scale_of(surface.get_size(), USUAL_SIZE))
        surface.fill(theme.PAPER)
        room = surface.get_rect()
        room.height = max(1, room.height - round(FOOTER * scale))
        area, zoom = self._draw_picture(surface, room)
        _draw_digits(surface, self.live_view.digits, area, zoom, scale)
        self._draw_note(surface, area, scale)
        footer = Rect(0, room.height, room.width, surface.get_height() - room.height)
        self._draw_footer(surface, footer, scale)

    def _switch(self) -> None:
        frozen = not self.live_view.frozen
        self.live_view.freeze(frozen)
        self._freeze.label, self._freeze.on = ("Resume" if frozen else "Freeze"), frozen

    def _save(self) -> None:
        try:
            pixels, reading = self.live_view.frame.pixels, self.live_view.reading()
            path = save_numbered(pixels, self._save_to, STEM, reading)
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
        self._note, self._note_ends = Note(text, is_problem), perf_counter() + NOTE_SECONDS

    def _forget_note(self) -> bool:
        if self._note is None or perf_counter() < self._note_ends:
            return False
        self._note = None
        return True

    def _draw_picture(self, surface: Surface, room: Rect) -> tuple[Rect, float]:
        """Draws the frame as large as possible; returns its area and zoom."""
        pixels = self.live_view.frame.pixels
        height, width = pixels.shape[:2]
        zoom = min(room.width / width, room.height / height)
        size = max(1, round(width * zoom)), max(1, round(height * zoom))
        method = cv2.INTER_LINEAR if zoom > 1 else cv2.INTER_AREA
        shown = cv2.resize(pixels, size, interpolation=method)  # several times faster than pygame
        area = Rect((0, 0), size)
        area.center = room.center
        surface.blit(pygame.image.frombuffer(shown.tobytes(), size, "RGB"), area)
        return area, zoom

    def _draw_note(self, surface: Surface, area: Rect, scale: float) -> None:
        """Draws the message over the lower edge of the picture."""
        note = self._present_note()
        if note is None:
            return
        size, pad = theme.BODY * scale, theme.GAP * scale
        lines = theme.wrapped(note.text, size, area.width - 4 * pad)
        height = theme.font(size).get_linesize()
        width = max(theme.width_of(line, size) for line in lines)
        box = Rect(0, 0, round(width + 2 * pad), round(height * len(lines) + pad))
        box.midbottom = area.centerx, round(area.bottom - pad)
        ink, fill, line = theme.INK, theme.CARD, theme.LINE
        if note.is_problem:
            ink, fill, line = theme.DOUBT, theme.DOUBT_SOFT, theme.DOUBT
        widgets.panel(surface, box, theme.RADIUS_SMALL * scale, fill, line)
        for number, text in enumerate(lines):
            at = box.centerx, box.top + pad / 2 + number * height
            theme.write(surface, text, at, size, ink, anchor="midtop", width=area.width - 4 * pad)

    def _present_note(self) -> Note | None:
        """Returns the newest message, else a permanent error, else the reason why reading is too slow."""
        if self._note is not None:
            return self._note
        if self.failure is not None:
            return Note(str(self.failure), is_problem=True)
        return Note(CROWDED, is_problem=True) if self.live_view.too_much else None

    def _draw_footer(self, surface: Surface, room: Rect, scale: float) -> None:
        """Draws the text, and below it the buttons and the rates."""
        gap = theme.GAP * scale
        left, width = room.left + gap, room.width - 2 * gap
        height = round(theme.BUTTON_HEIGHT * scale)
        top = round(room.bottom - gap - height)
        each = min(round(BUTTON_WIDTH * scale), round((width - gap / 2 * 3) / len(self._buttons)))
        for place, button in enumerate(self._buttons):
            button.rect = Rect(round(left + place * (each + gap / 2)), top, each, height)
            button.draw(surface, scale)
        rates, size = self._rates(), theme.SMALL * scale
        taken = theme.width_of(rates, size) + gap
        middle = room.top + gap * 0.75 + TEXT_TYPE * scale / 2
        # Next to the buttons, or next to the text if there is no room.
        has_room = self._buttons[-1].rect.right + taken <= room.right - gap
        corner = (room.right - gap, top + height / 2 if has_room else middle)
        theme.write(surface, rates, corner, size, theme.FAINT, anchor="midright")
        self._draw_text(surface, (left, middle), width if has_room else width - taken, scale)

    def _draw_text(self, surface: Surface, at: tuple[float, float], width: float, scale: float) -> None:
        """Draws the agreed text, or a hint if there is none."""
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
    """Joins rows to one line."""
    return text.replace("\n", "  /  ")


def _draw_digits(surface: Surface, digits: Iterable[Digit], area: Rect, zoom: float, scale: float) -> None:
    """Draws boxes and labels in the colors of the probabilities, legible on light and dark, in ``area``."""
    before = surface.get_clip()
    surface.set_clip(area)
    boxes = [(digit, _box(digit, area, zoom, scale)) for digit in digits]
    for digit, box in boxes:
        _frame(surface, box, colour_of(digit.probability), max(1, round(BOX_LINE * scale)))
    for digit, box in boxes:  # after all boxes, so that none crosses a label
        _tag(surface, digit, box, area, scale)
    surface.set_clip(before)


def _box(digit: Digit, area: Rect, zoom: float, scale: float) -> Rect:
    x0, y0, x1, y1 = (side * zoom for side in digit.box)
    box = Rect(round(area.left + x0), round(area.top + y0), round(x1 - x0), round(y1 - y0))
    return box.inflate(2 * round(BOX_PAD * scale), 2 * round(BOX_PAD * scale))


def _frame(surface: Surface, box: Rect, colour: tuple[int, int, int], line: int) -> None:
    """Draws a colored frame between two white ones."""
    radius = 2 * line
    pygame.draw.rect(surface, WHITE, box.inflate(2 * line, 2 * line), 3 * line, radius)
    pygame.draw.rect(surface, colour, box.inflate(line, line), line + line // 2, radius)


def _tag(surface: Surface, digit: Digit, box: Rect, area: Rect, scale: float) -> None:
    """Draws the label on a filled tag above the box, or below it if there is no room."""
    colour = colour_of(digit.probability)
    size = max(theme.LEGIBLE, min(LARGEST_TAG * scale, max(SMALLEST_TAG * scale, TAG_TO_DIGIT * box.height)))
    line = max(1, round(BOX_LINE * scale))
    width, height = theme.width_of(digit.label, size), theme.font(size).get_height()
    tag = Rect(0, 0, width + round(0.5 * size), round(1.3 * height))
    tag.midbottom = box.centerx, box.top - line
    if tag.top < area.top:
        tag.midtop = box.centerx, box.bottom + line
    widgets.rounded(surface, tag.inflate(2, 2), WHITE, 2 * line + 1)
    widgets.rounded(surface, tag, colour, 2 * line)
    theme.write(surface, digit.label, tag.center, size, BLACK if colour == UNSURE else WHITE, anchor="center")
