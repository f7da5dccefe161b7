"""The motion between two frames is measured, and a different picture is detected."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inkread.desktop.motion import STILL, motion, view

EXAMPLES = Path(__file__).parents[2] / "examples"


def page(name: str = "pencil_rows.jpg") -> np.ndarray:
    return np.asarray(Image.open(EXAMPLES / name).convert("RGB").resize((640, 480)))


def measured(before: np.ndarray, after: np.ndarray):
    return motion(view(before), view(after), before.shape[0] / view(before).shape[0])


@pytest.mark.parametrize(
    ("shift", "angle", "zoom"), [((9, -6), 0, 1), ((0, 0), 3, 1), ((0, 0), 0, 1.05), ((7, 4), -2, 0.97)]
)
def test_shift_turn_and_zoom_are_found_to_a_pixel(shift, angle, zoom):
    matrix = cv2.getRotationMatrix2D((320, 240), angle, zoom)
    matrix[:, 2] += shift
    found = measured(page(), cv2.warpAffine(page(), matrix, (640, 480), borderMode=cv2.BORDER_REFLECT))
    corners = np.array([[100, 100, 1], [500, 120, 1], [300, 400, 1]])
    assert np.abs(corners @ matrix.T - corners @ found[:2].T).max() < 1.5


def test_a_picture_that_stays_is_still():
    assert np.allclose(measured(page(), page()), STILL, atol=1e-3)


def test_another_page_is_not_a_motion():
    assert measured(page(), page("chalkboard.jpg")) is None
    assert measured(page(), page()[:400]) is None


def test_blank_pictures_are_still_and_light_that_goes_out_is_another_picture():
    grey = np.full((480, 640, 3), 200, np.uint8)
    assert measured(grey, grey - 3) is STILL
    assert measured(grey, grey - 100) is None
