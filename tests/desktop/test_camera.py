"""The camera window shows the stable digits of the newest frame, and can freeze, save and copy it."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import pytest
from PIL import Image

from inkread.desktop.capture import Frame, open_video
from inkread.desktop.reader_process import Answer, ReaderProcess
from inkread.errors import CaptureError, OutputError
from inkread.results import Digit, Line, Reading

pygame = pytest.importorskip("pygame")

from inkread.desktop import camera, theme
from inkread.desktop.camera import CameraScene
from inkread.desktop.window import show
from inkread.results.annotate import SURE

PATIENCE = 300.0
"""Seconds, enough on a busy machine too."""

EXAMPLES = Path(__file__).parents[2] / "examples"
BOX = (100, 80, 160, 180)


def still(name="postcode.jpg"):
    """Returns an example's pixels, 640×480."""
    return np.asarray(Image.open(EXAMPLES / name).convert("RGB").resize((640, 480)))


class Source:
    """A camera that shows the pictures it is given."""

    name = "camera 0"

    def __init__(self, pixels):
        self.ended, self.error, self.number, self.held = False, None, -1, False
        self.show(pixels)

    def show(self, pixels):
        self.number += 1
        self.frame = Frame(pixels, self.number, perf_counter())

    def newest(self):
        if self.error:
            raise self.error
        return self.frame

    def hold(self, held):
        self.held = held


class Reader:
    """Returns the given readings at once; ``None`` is a picture that takes too long."""

    def __init__(self, text="7"):
        self.text, self.given, self.frame = text, [], None

    is_free = property(lambda self: self.frame is None)

    def give(self, frame):
        self.frame = frame
        self.given.append(frame.number)

    def take(self, *, patiently=False):
        frame, self.frame = self.frame, None
        if frame is None:
            return None
        if self.text is None:
            return Answer(frame, None, 5.0)
        digits = tuple(Digit(label, 0.99, BOX) for label in self.text)
        return Answer(frame, Reading("array", 640, 480, (Line(digits),) if digits else ()), 0.15)


@pytest.fixture
def source():
    return Source(still())


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def copied():
    return []


@pytest.fixture
def scene(source, reader, copied, tmp_path):
    return CameraScene(source, reader, save_to=tmp_path, copy=copied.append)


@pytest.fixture
def written(monkeypatch):
    """Returns the text in the window."""
    texts, write = [], theme.write
    monkeypatch.setattr(theme, "write", lambda *args, **more: texts.append(args[1]) or write(*args, **more))
    return texts


def see(scene, source, times=4, pixels=None):
    """Advances the camera by some frames."""
    for _ in range(times):
        source.show(still() if pixels is None else pixels)
        scene.tick()


def press(scene, key):
    scene.handle(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode=""))


def drawn(scene, size=(960, 832)):
    surface = pygame.Surface(size)
    scene.draw(surface)
    return pygame.surfarray.array3d(surface).transpose(1, 0, 2)


def has(picture, colour):
    return bool((np.abs(picture.astype(int) - colour) <= 4).all(axis=2).any())


def test_a_digit_is_boxed_once_it_is_stable(scene, source):
    scene.tick()
    see(scene, source, 1)
    assert not has(drawn(scene), SURE)
    see(scene, source, 4)
    picture = drawn(scene)
    # The picture is shown at 1.5 times its size.
    x0, y0, x1, y1 = (round(side * 1.5) for side in BOX)
    assert has(picture[y0 - 12 : y0 + 2, x0:x1], SURE)
    assert has(picture[y0:y1, x0 - 12 : x0 + 2], SURE)
    assert scene.live_view.text == "7"


def test_the_newest_frame_is_read_and_none_twice(scene, source, reader):
    see(scene, source, 3)
    scene.tick()
    scene.tick()
    assert reader.given == [1, 2, 3]


def test_boxes_move_with_the_picture_between_readings(scene, source, reader):
    see(scene, source)
    (before,) = scene.live_view.digits
    reader.take = lambda **_: None
    shifted = cv2.warpAffine(
        still(), np.array([[1.0, 0, 18], [0, 1, -7]]), (640, 480), borderMode=cv2.BORDER_REFLECT
    )
    see(scene, source, 1, shifted)
    (after,) = scene.live_view.digits
    assert abs(after.box[0] - before.box[0] - 18) <= 1
    assert abs(after.box[1] - before.box[1] + 7) <= 1


def test_another_page_takes_all_boxes_away_at_once(scene, source):
    see(scene, source)
    assert scene.live_view.text == "7"
    see(scene, source, 1, still("chalkboard.jpg"))
    assert (scene.live_view.text, scene.live_view.digits) == ("", ())


def test_space_freezes_the_frame_and_reads_exactly_it(scene, source, reader):
    see(scene, source)
    reader.text = "42"
    press(scene, pygame.K_SPACE)
    frozen = scene.live_view.frame
    see(scene, source, 3)
    assert scene.live_view.frame is frozen
    assert scene.live_view.text == "42"
    press(scene, pygame.K_SPACE)
    see(scene, source, 1)
    assert scene.live_view.frame is source.frame


def test_a_source_that_can_wait_does_so_while_it_is_frozen(scene, source):
    for held in (True, False):
        press(scene, pygame.K_SPACE)
        assert source.held is held


def test_a_frozen_picture_is_not_said_to_have_no_digits_before_it_was_read(scene, source, reader, written):
    reader.text = ""
    see(scene, source, 2)
    press(scene, pygame.K_SPACE)
    drawn(scene)
    assert camera.AWAITED in written
    assert camera.NOTHING not in written
    see(scene, source, 2)
    written.clear()
    drawn(scene)
    assert camera.NOTHING in written


def test_a_picture_that_took_too_long_may_take_its_time_once_it_is_frozen(scene, source, reader):
    reader.text = None
    see(scene, source, 2)
    assert has(drawn(scene), theme.DOUBT_SOFT)
    press(scene, pygame.K_SPACE)
    assert not has(drawn(scene), theme.DOUBT_SOFT)


def test_s_saves_the_picture_and_its_stable_digits_under_new_names(scene, source, tmp_path):
    see(scene, source)
    press(scene, pygame.K_s)
    press(scene, pygame.K_s)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "camera-001.json",
        "camera-001.png",
        "camera-002.json",
        "camera-002.png",
    ]
    assert (np.asarray(Image.open(tmp_path / "camera-001.png")) == still()).all()
    assert json.loads((tmp_path / "camera-002.json").read_text())["text"] == "7"


def test_a_picture_that_cannot_be_saved_is_reported_in_the_window(source, reader, tmp_path):
    (tmp_path / "file").write_text("")
    scene = CameraScene(source, reader, save_to=tmp_path / "file")
    before = drawn(scene)
    press(scene, pygame.K_s)
    assert has(drawn(scene), theme.DOUBT_SOFT)
    assert not has(before, theme.DOUBT_SOFT)


def test_c_copies_the_text(scene, source, copied):
    press(scene, pygame.K_c)
    assert copied == []
    see(scene, source)
    press(scene, pygame.K_c)
    assert copied == ["7"]


def test_without_a_clipboard_the_window_says_so(source, reader, tmp_path):
    assert not pygame.display.get_init()
    with pytest.raises(OutputError, match="clipboard: cannot be used"):
        camera.copy_text("7")
    scene = CameraScene(source, reader, save_to=tmp_path)
    see(scene, source)
    press(scene, pygame.K_c)
    assert has(drawn(scene), theme.DOUBT_SOFT)


def test_notes_go_away(scene, monkeypatch):
    monkeypatch.setattr(camera, "NOTE_SECONDS", 0.0)
    press(scene, pygame.K_s)
    assert scene.tick()
    assert scene._note is None


@pytest.mark.parametrize("key", ["K_ESCAPE", "K_q"])
def test_escape_and_q_close(scene, key):
    press(scene, getattr(pygame, key))
    assert scene.done


def test_buttons_do_what_keys_do(scene, source, tmp_path):
    see(scene, source)
    drawn(scene)
    save = scene._buttons[1].rect.center
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        scene.handle(pygame.event.Event(kind, pos=save, button=1))
    assert (tmp_path / "camera-001.png").exists()


def test_a_camera_that_disappears_leaves_the_last_frame_and_a_message(scene, source, tmp_path):
    see(scene, source)
    source.error = CaptureError("camera 0", "stopped delivering frames", "connect it again")
    assert scene.tick()
    assert scene.failure is source.error
    assert has(drawn(scene), theme.DOUBT_SOFT)
    press(scene, pygame.K_s)
    assert (tmp_path / "camera-001.png").exists()
    press(scene, pygame.K_ESCAPE)
    assert scene.done


def test_a_picture_that_takes_too_long_to_read_is_reported(scene, source, reader):
    reader.text = None
    see(scene, source, 2)
    assert scene.live_view.too_much
    assert has(drawn(scene), theme.DOUBT_SOFT)
    reader.text = "7"
    see(scene, source, 2)
    assert not has(drawn(scene), theme.DOUBT_SOFT)


def test_the_end_of_a_video_keeps_its_last_frame(scene, source, reader):
    see(scene, source)
    source.ended = True
    scene.tick()
    scene.tick()
    assert scene.live_view.frozen
    press(scene, pygame.K_SPACE)
    assert scene.live_view.frozen
    assert scene.live_view.text == "7"


@pytest.mark.parametrize("size", [(320, 240), (480, 420), (1920, 600), (500, 1400)])
def test_the_picture_keeps_its_aspect_in_any_window(scene, source, size):
    source.show(np.full((480, 640, 3), (255, 0, 0), np.uint8))
    scene.tick()
    red = (drawn(scene, size) == (255, 0, 0)).all(axis=2)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    width, height = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    assert abs(width / height - 640 / 480) < 0.03
    assert width == size[0] or height > size[1] / 3


@pytest.mark.parametrize("size", [(960, 832), (540, 1072)])
def test_the_rates_are_shown_in_a_window_for_a_phone_too(scene, source, written, size):
    see(scene, source)
    drawn(scene, size)
    assert any("frames/s" in text and "read in" in text for text in written)


@pytest.fixture
def toy_video(tmp_path):
    """Makes a postcode that drifts for two seconds, 640×480."""
    path = tmp_path / "postcode.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (640, 480))
    page = cv2.resize(still(), (640, 300))
    page = cv2.copyMakeBorder(page, 90, 90, 0, 0, cv2.BORDER_REFLECT)
    for number in range(75):
        matrix = np.array([[1, 0, 12 * np.sin(number / 9)], [0, 1, 8 * np.cos(number / 7)]])
        frame = cv2.warpAffine(page, matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)
        video.write(np.ascontiguousarray(frame[..., ::-1]))
    video.release()
    return path


def test_a_video_is_read_in_a_real_window_that_is_driven_by_keys(toy_video, tmp_path, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    source, reader = open_video(toy_video), ReaderProcess(patience=PATIENCE)
    scene = CameraScene(source, reader, save_to=tmp_path / "saved")
    deadline = perf_counter() + PATIENCE
    pending = [pygame.K_c, pygame.K_SPACE, pygame.K_s, pygame.K_q]
    pasted = []

    class Driven(CameraScene):
        """Presses keys one after the other once the text is stable."""

        def tick(self):
            changed = super().tick()
            if self.live_view.text == "80331" and pending:
                pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pending.pop(0), mod=0, unicode=""))
                pasted.append(pygame.scrap.get_text() if len(pending) < 3 else "")
            self.done = self.done or perf_counter() > deadline
            return changed

    scene = Driven(source, reader, save_to=tmp_path / "saved")
    show(scene, size=scene.size)
    source.close()
    reader.close()
    assert not pending
    assert pasted[-1] == "80331"
    assert scene.failure is None
    assert json.loads((tmp_path / "saved" / "camera-001.json").read_text())["text"] == "80331"
    assert not pygame.display.get_init()
