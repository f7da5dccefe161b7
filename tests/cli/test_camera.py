"""``inkread camera`` reports what is missing: a camera, a video, a model, a display, pygame."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import cv2
import numpy as np
import pytest

from inkread.cli import main


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "grey.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(5):
        writer.write(np.full((48, 64, 3), 200, np.uint8))
    writer.release()
    return path


def error_of(capfd, *arguments, code=1):
    assert main(["camera", *map(str, arguments)]) == code
    written = capfd.readouterr()
    assert written.out == ""
    assert "Traceback" not in written.err
    return written.err


def test_without_pygame_the_extra_is_named(capfd, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install '.[desktop]'" in error_of(capfd)


@pytest.mark.skipif(importlib.util.find_spec("pygame") is None, reason="needs the extra desktop")
class TestWithPygame:
    def test_no_camera_of_that_number(self, capfd):
        assert error_of(capfd, "--device", 97).startswith("error: camera 97: is not connected")

    def test_a_number_below_zero(self, capfd):
        assert "use 0 or higher" in error_of(capfd, "--device", -1, code=2)

    def test_a_camera_and_a_video_exclude_each_other(self, capfd, video):
        assert "cannot be used together" in error_of(capfd, "--device", 0, "--video", video, code=2)

    def test_a_video_that_is_not_there(self, capfd, tmp_path):
        assert "is not a file" in error_of(capfd, "--video", tmp_path / "none.mp4")

    def test_a_video_of_unknown_format(self, tmp_path):
        """Runs in a separate process, because FFmpeg's verbosity can be set only once."""
        path = tmp_path / "notes.mp4"
        path.write_text("no video")
        command = [sys.executable, "-m", "inkread", "camera", "--video", str(path)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert ended.stderr.startswith(f"error: {path}: is not a supported video format; convert it")
        assert ended.stderr.count("\n") == 1

    def test_a_model_that_is_not_there(self, capfd, video):
        assert "nonesuch" in error_of(capfd, "--video", video, "--model", "nonesuch")

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
    def test_no_display(self, capfd, video, monkeypatch):
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
            monkeypatch.delenv(name, raising=False)
        assert error_of(capfd, "--video", video).startswith("error: display: is missing")
