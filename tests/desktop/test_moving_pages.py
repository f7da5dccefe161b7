"""Moving pages are read correctly while the picture continues."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inkread.desktop.capture import Frame
from inkread.desktop.reader_process import Answer

pytest.importorskip("pygame")

from inkread.desktop.camera import CameraScene

PAGES, SECONDS = 4, 3.0
DELAY = 9
"""Frames that pass while one is read: 0.3 seconds, however long the machine takes."""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Makes a film's frames and their texts with the hand-made alphabet, the same everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
        from _moving_pages import make_pages, record
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("film") / "pages.avi"
    moments = record(make_pages(PAGES, rng, None), path, seconds=SECONDS, rng=rng)
    sys.modules.pop("_moving_pages")
    stream = cv2.VideoCapture(str(path))
    pictures = [cv2.cvtColor(stream.read()[1], cv2.COLOR_BGR2RGB) for _ in moments]
    stream.release()
    return pictures, moments


class Film:
    """A source whose time is its frame number."""

    name, ended = "film", False

    def __init__(self, pictures):
        self.pictures, self.now = pictures, 0

    def newest(self):
        return self.frame

    def advance(self):
        """Advances to the next frame; returns whether there is one."""
        if self.now == len(self.pictures):
            return False
        self.frame = Frame(self.pictures[self.now], self.now, 0.0)
        self.now += 1
        return True

    def hold(self, held):
        pass


class Delayed:
    """A reader that answers after a number of frames."""

    def __init__(self, reader, film):
        self.reader, self.film, self.frame = reader, film, None

    is_free = property(lambda self: self.frame is None)

    def give(self, frame):
        self.frame = frame

    def take(self, *, patiently=False):
        if self.frame is None or self.film.now - 1 - self.frame.number < DELAY:
            return None
        frame, self.frame = self.frame, None
        return Answer(frame, self.reader.read(frame.pixels), 0.0)


def test_pages_that_move_are_read_right_in_a_picture_that_goes_on_meanwhile(film, reader, tmp_path):
    pictures, moments = film
    source = Film(pictures)
    source.advance()
    scene = CameraScene(source, Delayed(reader, source), save_to=tmp_path)
    shown = []
    while source.advance():
        scene.tick()
        moment = moments[scene.live_view.frame.number]
        digits = [(digit.label, moment.label_in(digit.box)) for digit in scene.live_view.digits]
        shown.append(
            (scene.live_view.frame.number, moment.first, scene.live_view.text, moment.page.text, digits)
        )
    assert scene.failure is None
    assert [number for number, *_ in shown] == list(range(1, len(pictures))), "every picture is shown"
    digits = [found == meant for *_, pairs in shown for found, meant in pairs]
    assert np.mean(digits) >= 0.95
    texts = [found == meant for _, _, found, meant, _ in shown if found]
    assert np.mean(texts) >= 0.95
    assert len({first for _, first, found, meant, _ in shown if found == meant}) == PAGES
