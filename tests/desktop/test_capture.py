"""Cameras and videos deliver the newest frame; one without frames is an error, and nothing hangs."""

from __future__ import annotations

import threading
from itertools import count, takewhile
from pathlib import Path

import cv2
import numpy as np
import pytest

from inkread.desktop import capture
from inkread.desktop.capture import Capture, camera_pictures, open_camera, open_video, video_pictures
from inkread.errors import CaptureError

PATIENCE = 300.0
"""Seconds, enough on a busy machine too."""

GREY = np.full((48, 64, 3), 90, np.uint8)


def grey_levels(path: Path, levels: list[int], rate: float = 200.0) -> Path:
    """Makes a video of plain frames."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (64, 48))
    for level in levels:
        video.write(np.full((48, 64, 3), level, np.uint8))
    video.release()
    return path


def watch(source):
    """Requests the newest frame forever."""
    while True:
        source.newest()


class Stream:
    """An OpenCV device that delivers some frames and then none."""

    def __init__(self, pictures, *, opens=True):
        self.pictures, self.opens, self.released = iter(pictures), opens, False

    def isOpened(self):  # noqa: N802
        return self.opens

    def read(self):
        picture = next(self.pictures, None)
        return picture is not None, picture

    def release(self):
        self.released = True


@pytest.fixture
def device(monkeypatch):
    """Makes the next camera use this stream."""
    monkeypatch.setattr(capture, "MISSED_SECONDS", 0.0)

    def use(stream):
        monkeypatch.setattr(cv2, "VideoCapture", lambda _: stream)
        return stream

    return use


def test_the_newest_picture_is_given_and_those_before_it_are_not():
    given = threading.Event()

    def pictures(stop):
        yield GREY
        yield GREY + 1
        yield GREY + 2
        given.set()
        stop.wait()

    source = Capture("fake", pictures, remedy="none")
    given.wait()
    assert source.newest().number == 2
    assert source.newest().pixels[0, 0, 0] == 92
    source.close()


def test_pictures_are_rgb(device):
    device(Stream([np.array([[[10, 20, 30]]], np.uint8)]))
    assert next(camera_pictures(0, threading.Event())).tolist() == [[[30, 20, 10]]]


def test_no_camera_is_an_error_that_tells_what_to_do(capfd):
    with pytest.raises(CaptureError, match="camera 99: is not connected or cannot be used; connect it"):
        open_camera(99)
    assert capfd.readouterr().err == ""


def test_a_camera_without_pictures_is_an_error(device):
    stream = device(Stream([]))
    with pytest.raises(CaptureError, match="camera 0: stopped delivering frames"):
        open_camera(0)
    assert stream.released


def test_a_camera_that_drops_pictures_goes_on(device):
    device(Stream([GREY, *[None] * 5, GREY]))
    assert len([*zip(range(2), camera_pictures(0, threading.Event()), strict=False)]) == 2


def test_a_camera_that_disappears_is_an_error_where_the_next_picture_is_asked_for(device):
    gone = threading.Event()
    stream = device(Stream(GREY for _ in takewhile(lambda _: not gone.is_set(), count())))
    source = open_camera(0)
    gone.set()
    source._thread.join()
    with pytest.raises(CaptureError, match="camera 0: stopped delivering frames; connect it"):
        source.newest()
    source.close()
    assert stream.released


def test_a_camera_that_falls_silent_is_an_error_and_closing_waits_for_no_driver(monkeypatch):
    monkeypatch.setattr(capture, "CLOSE_SECONDS", 0.05)
    release = threading.Event()

    def pictures(stop):
        yield GREY
        release.wait()  # ignores ``stop``, as a driver may

    source = Capture("camera 0", pictures, remedy="connect it")
    source._silent_seconds = 0.0  # from now on
    with pytest.raises(CaptureError, match=r"has delivered no frames for \d+ seconds; connect it"):
        watch(source)
    source.close()
    assert source._thread.is_alive(), "it waited for the driver"
    release.set()


def test_a_source_that_never_wakes_up_is_an_error(monkeypatch):
    monkeypatch.setattr(capture, "CLOSE_SECONDS", 0.05)

    def pictures(stop):
        stop.wait()
        yield from ()

    with pytest.raises(CaptureError, match="delivers no frames"):
        Capture("camera 0", pictures, remedy="connect it", first_seconds=0.01)


def test_a_video_is_played_once_to_its_last_picture(tmp_path):
    path = grey_levels(tmp_path / "levels.avi", [40, 80, 120, 160])
    source = open_video(path)
    source._thread.join()
    assert source.ended
    assert source.newest().number == 3
    assert abs(int(source.newest().pixels.mean()) - 160) < 4
    source.close()


class Clock:
    """Time that passes only during waits; also replaces the event that stops a source."""

    def __init__(self):
        self.now = 0.0

    def wait(self, seconds):
        self.now += seconds

    def is_set(self):
        return False


def test_a_video_is_played_at_its_own_rate(tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(capture, "perf_counter", lambda: clock.now)
    path = grey_levels(tmp_path / "levels.avi", [100] * 6, rate=50)
    times = [clock.now for _ in video_pictures(path, clock)]
    assert times == pytest.approx([number / 50 for number in range(6)])


def test_a_video_that_is_held_goes_on_from_there_and_a_camera_goes_on_meanwhile(device):
    go = threading.Event()

    def pictures(_stop):
        yield GREY
        go.wait(PATIENCE)
        yield from [GREY] * 39

    video = Capture("pages.avi", pictures, remedy="convert it", waits=True)
    video.hold(True)
    go.set()
    while video.newest().number == 0:
        video._thread.join(0.01)
    video._thread.join(0.1)
    assert video._thread.is_alive()
    assert video.newest().number == 1
    video.hold(False)
    video._thread.join(PATIENCE)
    assert (video.newest().number, video.ended) == (39, True)
    gone = threading.Event()
    device(Stream(GREY for _ in takewhile(lambda _: not gone.is_set(), count())))
    camera = open_camera(0)
    camera.hold(True)
    gone.set()
    camera._thread.join(PATIENCE)
    assert not camera._thread.is_alive()


def test_a_video_that_is_held_for_long_has_not_gone_and_can_be_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(capture, "SILENT_SECONDS", 0.0)
    video = open_video(grey_levels(tmp_path / "slow.avi", [100] * 10, rate=1))
    monkeypatch.setattr(capture, "CLOSE_SECONDS", PATIENCE)
    video.hold(True)
    video.newest()
    video.close()
    assert not video._thread.is_alive()


def test_closing_a_video_ends_it_before_its_last_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(capture, "CLOSE_SECONDS", PATIENCE)
    source = open_video(grey_levels(tmp_path / "slow.avi", [100] * 100, rate=1))
    source.close()
    assert not source._thread.is_alive()
    assert source.newest().number < 99


@pytest.mark.parametrize("content", [b"", b"this is no video", bytes(range(256)) * 40])
def test_a_video_of_unknown_format_is_an_error(tmp_path, content):
    path = tmp_path / "holiday.mp4"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=r"holiday.mp4: is not a supported video format; convert it"):
        open_video(path)


def test_a_video_that_is_not_there_is_an_error(tmp_path):
    for path in (tmp_path, tmp_path / "none.mp4"):
        with pytest.raises(CaptureError, match="is not a file"):
            open_video(path)
