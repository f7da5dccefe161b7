"""Pictures of a camera or a video, taken in a thread: whoever asks is given the newest."""

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
"""H×W×3."""

Pictures = Callable[[threading.Event], Iterator[Pixels]]
"""Opens a source and yields its pictures, RGB, each at its time; returns soon after the event is set, and at a video's end."""

FIRST_SECONDS = 15.0
"""A source has so long to give its first picture: some cameras take seconds to wake up."""
SILENT_SECONDS = 5.0
"""A camera that gave none for so long has gone, whatever its driver says."""
CLOSE_SECONDS = 1.0
"""Closing waits so long for the thread, which may be deep in a driver, and then leaves it behind."""

MOST_MISSED, MISSED_SECONDS = 10, 0.05
"""So many pictures in a row may be missing, with so long between them: cameras drop some."""
RATES, USUAL_RATE = (1.0, 240.0), 25.0
"""Pictures a second that a video may claim to have; one that claims others is played at the usual rate."""

ANOTHER_CAMERA = (
    "connect it, allow this program to use it, close others that do, or choose another with --device"
)

ANOTHER_VIDEO = "convert it to .mp4 (H.264), or name another file"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source.

    Attributes:
        pixels: uint8 H×W×3, RGB.
        number: of the picture in its source, from 0.
        taken: when it was, in seconds of ``time.perf_counter``.
    """

    pixels: Pixels
    number: int
    taken: float


class Capture:
    """A source that is open; a thread takes its pictures until it is closed.

    Args:
        name: of the source, for errors.
        pictures: opens the source, see ``Pictures``.
        remedy: what to do about a source that gives nothing.
        waits: it can be held, see ``hold``.
        first_seconds: to wait for the first picture.
        silent_seconds: after which a source without further pictures counts as gone.

    Raises:
        CaptureError: there is no such source, or it gives no picture.
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
        self._begun, self._stop, self._going = threading.Event(), threading.Event(), threading.Event()
        self._waits = waits
        self._going.set()
        # A daemon: a driver may never return, and the program ends nevertheless.
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()
        self._begun.wait(first_seconds)
        try:
            self.newest()
        except BaseException:
            self.close()
            raise

    def newest(self) -> Frame:
        """The newest picture; at the end of a video its last.

        Raises:
            CaptureError: the source is gone.
        """
        if self._error is not None:
            raise self._error
        if self._frame is None:
            raise CaptureError(self.name, "gives no picture", self.remedy)
        silent = perf_counter() - self._frame.taken
        if silent > self._silent_seconds and not self.ended:
            raise CaptureError(self.name, f"has given no picture for {silent:.0f} seconds", self.remedy)
        return self._frame

    def hold(self, held: bool) -> None:
        """Stops a video, or lets it go on from there. A camera takes no notice: its next picture would be an old one."""
        if held and self._waits:
            self._going.clear()
        else:
            self._going.set()

    def close(self) -> None:
        """Ends the thread, which gives the source back; waits a moment for that, and never longer."""
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
        except Exception as error:  # noqa: BLE001 - it is raised where the next picture is asked for
            self._error = error
        self._begun.set()


def open_camera(device: int) -> Capture:
    """The camera of that number; 0 is the system's first.

    Raises:
        CaptureError: there is none, or it gives no picture.
    """
    return Capture(f"camera {device}", lambda stop: camera_pictures(device, stop), remedy=ANOTHER_CAMERA)


def open_video(path: Path) -> Capture:
    """A video file, played once, at its own rate.

    Raises:
        CaptureError: there is no such file, or it is no video of a known format.
    """
    return Capture(
        str(path),
        lambda stop: video_pictures(path, stop),
        remedy=ANOTHER_VIDEO,
        waits=True,
        silent_seconds=math.inf,  # it may be held, and does not go away
    )


def camera_pictures(device: int, stop: threading.Event) -> Iterator[Pixels]:
    """The pictures of a camera, as they come, until the event is set.

    Raises:
        CaptureError: there is no such camera, or it gives no more pictures.
    """
    name = f"camera {device}"
    with _opened(device) as stream:
        if not stream.isOpened():
            raise CaptureError(name, "is not there, or cannot be used", ANOTHER_CAMERA)
        missed = 0
        while not stop.is_set():
            taken, pixels = stream.read()
            if taken:
                missed = 0
                yield _rgb(pixels)
                continue
            missed += 1
            if missed == MOST_MISSED:
                raise CaptureError(name, "gives no more pictures", ANOTHER_CAMERA)
            stop.wait(MISSED_SECONDS)


def video_pictures(path: Path, stop: threading.Event) -> Iterator[Pixels]:
    """The pictures of a video file, each when it is due; none is left out.

    Where they are wanted faster than they can be had, the video is played slower.

    Raises:
        CaptureError: there is no such file, or it is no video of a known format.
    """
    if not path.is_file():
        raise CaptureError(
            str(path), "is no file", "name a video file, such as one that ends in .mp4 or .avi"
        )
    with _opened(str(path)) as stream:
        claimed = stream.get(cv2.CAP_PROP_FPS)
        rate = claimed if RATES[0] <= claimed <= RATES[1] else USUAL_RATE
        due = perf_counter()
        for number in count():
            taken, pixels = stream.read()
            if not taken and number == 0:
                raise CaptureError(str(path), "is no video of a known format", ANOTHER_VIDEO)
            stop.wait(max(0.0, due - perf_counter()))
            if not taken or stop.is_set():
                return
            yield _rgb(pixels)
            due = max(due + 1 / rate, perf_counter())


@contextmanager
def _opened(source: int | str) -> Iterator[Any]:
    """OpenCV's stream of pictures, which may have failed to open; what OpenCV and FFmpeg have to say is not printed."""
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
