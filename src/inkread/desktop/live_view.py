"""What the camera sees and what stands in it: the state of the camera window, without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from inkread.desktop import motion
from inkread.desktop.tracker import TrackedReading, follow, moved

if TYPE_CHECKING:
    from inkread.desktop.capture import Frame
    from inkread.desktop.motion import Motion
    from inkread.desktop.reader_process import Answer
    from inkread.results import Digit, Reading


class Source(Protocol):
    """What gives frames, see ``Capture``."""

    name: str

    @property
    def ended(self) -> bool:
        """Whether no other frame will come."""

    def newest(self) -> Frame:
        """The newest frame; raises ``InkreadError`` where the source is gone."""

    def hold(self, held: bool) -> None:
        """Lets a source that can wait do so, or go on."""


class Beside(Protocol):
    """What reads beside the display, see ``ReaderProcess``."""

    @property
    def is_free(self) -> bool:
        """Whether it can be given a frame."""

    def give(self, frame: Frame) -> None:
        """Begins to read it."""

    def take(self, *, patiently: bool = False) -> Answer | None:
        """What came of it, or nothing yet."""


class LiveView:
    """The newest frame, and the digits that stand in it.

    While it is frozen, the frame stays, and its own reading, which takes as long as it takes, stands instead of the steadied one.

    Args:
        source: of the frames.
        reader: that reads them.

    Attributes:
        frame: that is shown.
        tracked: what stands in it, of several readings.
        frozen: whether the frame stays.
        latency: seconds from the last frame that was read to its reading; ``None`` before the first.
        too_much: the last frame that was given took too long to read.
    """

    def __init__(self, source: Source, reader: Beside) -> None:
        self._source, self._reader = source, reader
        self.frame = source.newest()
        self.tracked = TrackedReading()
        self.frozen = False
        self.latency: float | None = None
        self.too_much = False
        self._view = motion.view(self.frame.pixels)
        self._given: Frame | None = None
        self._since: Motion | None = motion.STILL
        self._exact: Reading | None = None

    @property
    def ended(self) -> bool:
        """Whether the source has come to its end."""
        return self._source.ended and self._source.newest() is self.frame

    @property
    def is_awaited(self) -> bool:
        """Whether the frame is frozen, and its own reading yet to come."""
        return self.frozen and self._exact is None

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The digits that stand, their boxes in pixels of the frame."""
        return self.tracked.digits if self._exact is None else self._exact.digits

    @property
    def text(self) -> str:
        """The rows that stand, joined by newlines."""
        return self.tracked.text if self._exact is None else self._exact.text

    def reading(self) -> Reading:
        """All that stands, as a reading of the frame."""
        height, width = self.frame.pixels.shape[:2]
        return self.tracked.reading(self._source.name, width, height) if self._exact is None else self._exact

    def step(self) -> bool:
        """Takes the newest frame and what was read, and gives on what to read next; returns whether anything is new.

        Raises:
            InkreadError: the source is gone, or the reader.
        """
        changed = self._look()
        changed = self._listen() or changed
        if self._reader.is_free and self._given is not self.frame:
            self._reader.give(self.frame)
            self._given, self._since = self.frame, motion.STILL
        return changed

    def freeze(self, frozen: bool) -> None:
        """Lets the frame stay, or go on."""
        self.frozen = frozen
        self._source.hold(frozen)
        if frozen:
            self._given = None  # once more, for a reading of exactly this frame
            self.too_much = False  # it may take its time
        self._exact = None

    def _look(self) -> bool:
        frame = self._source.newest()
        if self.frozen or frame is self.frame:
            return False
        before, self._view = self._view, motion.view(frame.pixels)
        step = motion.motion(before, self._view, frame.pixels.shape[0] / self._view.shape[0])
        if step is None:
            self.tracked, self._since = TrackedReading(), None
        else:
            self.tracked = moved(self.tracked, step)
            self._since = None if self._since is None else step @ self._since
        self.frame = frame
        return True

    def _listen(self) -> bool:
        answer = self._reader.take(patiently=self.frozen)
        if answer is None:
            return False
        self.latency = answer.latency
        self.too_much = answer.reading is None
        if answer.reading is None:
            return True
        if self.frozen and answer.frame is self._given:
            self._exact = answer.reading
        elif self._since is not None and not self.frozen:
            self.tracked = follow(self.tracked, answer.reading, self._since)
        return True
