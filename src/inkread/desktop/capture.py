"""Captures frames from a camera or video in a thread, and provides the newest one."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import CaptureError

if TYPE_CHECKING:
    from pathlib import Path

Pixels = NDArray[np.uint8]
"""H×W×3, RGB."""

Pictures = Callable[[threading.Event], Iterator[Pixels]]
"""Opens a source and yields its RGB frames in real time; returns at a video's end and soon after the event is
set."""

FIRST_SECONDS = 15.0
"""Maximum time until the first frame; some cameras take seconds to start."""
SILENT_SECONDS = 5.0
"""A camera without frames for this long is gone, even if its driver reports no error."""
CLOSE_SECONDS = 1.0
"""Maximum time to wait for the thread when closing; if it hangs in a driver, it is abandoned."""

MOST_MISSED, MISSED_SECONDS = 10, 0.05
"""Number of consecutive missing frames at which a camera is gone, and the time between attempts; cameras drop
some."""
RATES, USUAL_RATE = (1.0, 240.0), 25.0
"""Plausible frame rates of a video; others are replaced by the usual rate."""

ANOTHER_CAMERA = (
    "connect it, allow this program to use it, close other programs that use it, or try another --device"
)

ANOTHER_VIDEO = "convert it to .mp4 (H.264), or use another file"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a source: RGB, its index from 0, and the ``time.perf_counter`` when it was taken."""

    pixels: Pixels
    number: int
    taken: float


class Capture:
    """An open source; a thread captures its frames until it is closed.

    Args:
        name: the source's name, for errors.
        pictures: opens the source.
        remedy: what to do about a source that delivers no frames.
        waits: whether it can be paused, see ``hold``.
        first_seconds: maximum time until the first frame.
        silent_seconds: time without frames after which the source counts as gone.

    Raises:
        CaptureError: there is no such source, or it delivers no frames.
    """

    def __init__(
        self,
        name: str,
        pictures: Pictures,
        *,
        remedy: str,
        waits: bool = False,
        first_seconds: float = FIRST_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.name, self.remedy, self.ended = name, remedy, False
        self._pictures, self._silent_seconds = pictures, silent_seconds
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._waits = waits
        self._begun, self._stop, self._going = threading.Event(), threading.Event(), threading.Event()
        self._going.set()
        # A daemon, so that the program can end even if a driver never returns.
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()
        self._begun.wait(first_seconds)
        try:
            self.newest()
        except BaseException:
            self.close()
            raise

    def newest(self) -> Frame:
        """Returns the newest frame; at the end of a video, its last.

        Raises:
            CaptureError: the source is gone.
        """
        if self._error is not None:
            raise self._error
        if self._frame is None:
            raise CaptureError(self.name, "delivers no frames", self.remedy)
        silent = perf_counter() - self._frame.taken
        if silent > self._silent_seconds and not self.ended:
            raise CaptureError(self.name, f"has delivered no frames for {silent:.0f} seconds", self.remedy)
        return self._frame

    def hold(self, held: bool) -> None:
        """Pauses or resumes a video. Does nothing for a camera, whose next frame would be outdated."""
        if held and self._waits:
            self._going.clear()
        else:
            self._going.set()

    def close(self) -> None:
        """Stops the thread, which releases the source; waits at most ``CLOSE_SECONDS``."""
        self._stop.set()
        self._going.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            for number, pixels in enumerate(self._pictures(self._stop)):
                self._frame = Frame(pixels, number, perf_counter())
                self._begun.set()
                self._going.wait()
            self.ended = True
        except Exception as error:  # noqa: BLE001 - ``newest`` raises it
            self._error = error
        self._begun.set()


def open_camera(device: int) -> Capture:
    """Opens the camera with this number; 0 is the system's first.

    Raises:
        CaptureError: there is no such camera, or it delivers no frames.
    """
    return Capture(f"camera {device}", lambda stop: camera_pictures(device, stop), remedy=ANOTHER_CAMERA)


def open_video(path: Path) -> Capture:
    """Opens a video file, played once at its own frame rate.

    Raises:
        CaptureError: there is no such file, or it is not in a supported video format.
    """
    return Capture(
        str(path),
        lambda stop: video_pictures(path, stop),
        remedy=ANOTHER_VIDEO,
        waits=True,
        silent_seconds=math.inf,  # it may be paused, and does not disappear
    )


def camera_pictures(device: int, stop: threading.Event) -> Iterator[Pixels]:
    """Yields a camera's frames as they arrive, until the event is set.

    Raises:
        CaptureError: there is no such camera, or it stopped delivering frames.
    """
    name = f"camera {device}"
    with _opened(device) as stream:
        if not stream.isOpened():
            raise CaptureError(name, "is not connected or cannot be used", ANOTHER_CAMERA)
        missed = 0
        while not stop.is_set():
            taken, pixels = stream.read()
            if taken:
                missed = 0
                yield _rgb(pixels)
                continue
            missed += 1
            if missed == MOST_MISSED:
                raise CaptureError(name, "stopped delivering frames", ANOTHER_CAMERA)
            stop.wait(MISSED_SECONDS)


def video_pictures(path: Path, stop: threading.Event) -> Iterator[Pixels]:
    """Yields every frame of a video file, each when it is due.

    If decoding is too slow for the frame rate, the video plays slower.

    Raises:
        CaptureError: there is no such file, or it is not in a supported video format.
    """
    if not path.is_file():
        raise CaptureError(str(path), "is not a file", "use a video file, e.g. an .mp4 or .avi file")
    with _opened(str(path)) as stream:
        claimed = stream.get(cv2.CAP_PROP_FPS)
        rate = claimed if RATES[0] <= claimed <= RATES[1] else USUAL_RATE
        due = perf_counter()
        for number in count():
            taken, pixels = stream.read()
            if not taken and number == 0:
                raise CaptureError(str(path), "is not a supported video format", ANOTHER_VIDEO)
            stop.wait(max(0.0, due - perf_counter()))
            if not taken or stop.is_set():
                return
            yield _rgb(pixels)
            due = max(due + 1 / rate, perf_counter())


@contextmanager
def _opened(source: int | str) -> Iterator[Any]:
    """Opens OpenCV's stream of frames, which may fail to open; suppresses output of OpenCV and FFmpeg."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    stream = cv2.VideoCapture(source)
    try:
        yield stream
    finally:
        stream.release()
        cv2.utils.logging.setLogLevel(before)


def _rgb(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
