"""The state of the camera window, independent of the window: the frame and its digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.desktop import motion
from inkread.desktop.tracker import TrackedReading, follow, moved

if TYPE_CHECKING:
    from inkread.desktop.capture import Capture, Frame
    from inkread.desktop.motion import Motion
    from inkread.desktop.reader_process import ReaderProcess
    from inkread.results import Digit, Reading


class LiveView:
    """The newest frame and its digits.

    While frozen, the frame does not change, and its own reading, without a time limit, replaces the tracked
    one.

    Attributes:
        tracked: the combined result of several readings.
        latency: seconds from the last frame that was read to its reading; ``None`` before the first.
        too_much: whether the last frame took too long to read.
    """

    def __init__(self, source: Capture, reader: ReaderProcess) -> None:
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
        """Whether the source has ended."""
        return self._source.ended and self._source.newest() is self.frame

    @property
    def is_awaited(self) -> bool:
        """Whether the frame is frozen and its own reading is not ready yet."""
        return self.frozen and self._exact is None

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The agreed digits, with boxes in pixels of the frame."""
        return self.tracked.digits if self._exact is None else self._exact.digits

    @property
    def text(self) -> str:
        """The agreed rows, joined by newlines."""
        return self.tracked.text if self._exact is None else self._exact.text

    def reading(self) -> Reading:
        """Returns the agreed digits as a reading of the frame."""
        height, width = self.frame.pixels.shape[:2]
        return self.tracked.reading(self._source.name, width, height) if self._exact is None else self._exact

    def step(self) -> bool:
        """Takes the newest frame and reading, and starts the next reading; returns whether anything is new.

        Raises:
            InkreadError: the source or the reader is gone.
        """
        changed = self._look()
        changed = self._listen() or changed
        if self._reader.is_free and self._given is not self.frame:
            self._reader.give(self.frame)
            self._given, self._since = self.frame, motion.STILL
        return changed

    def freeze(self, frozen: bool) -> None:
        """Freezes or resumes the frame."""
        self.frozen = frozen
        self._source.hold(frozen)
        if frozen:
            self._given = None  # read exactly this frame again
            self.too_much = False  # without a time limit
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
