"""A close-up shows a box at one size, at any position, with its surroundings."""

import numpy as np
import pytest

from inkread.pipeline.closeups import SIDE, cut, planes, shares


def picture(scale: int = 1) -> np.ndarray:
    """A dark square of 20 pixels on light paper, with its upper left corner at 30, 10."""
    grey = np.full((60, 90), 220, np.uint8)
    grey[10:30, 30:50] = 30
    return np.kron(grey, np.ones((scale, scale), np.uint8)).astype(np.uint8)


@pytest.mark.parametrize("scale", [1, 3, 8])
def test_the_box_fills_the_middle_half_at_any_size(scale: int) -> None:
    box = np.array([[30, 10, 50, 30]], np.float32) * scale
    (closeup,) = cut(picture(scale), box)
    inner = closeup[14:34, 14:34]
    assert inner.max() < 60
    around = np.ones((SIDE, SIDE), bool)
    around[10:38, 10:38] = False
    assert closeup[around].min() > 190


def test_a_close_up_beyond_the_picture_repeats_its_border() -> None:
    (closeup,) = cut(picture(), np.array([[-6, -6, 10, 10]], np.float32))
    assert closeup.min() == closeup.max() == 220


def test_without_boxes_there_are_no_close_ups() -> None:
    none = np.zeros((0, 4), np.float32)
    assert cut(picture(), none).shape == (0, SIDE, SIDE)
    assert planes(cut(picture(), none), shares(none)).shape == (0, 2, SIDE, SIDE)


def test_the_second_plane_encodes_the_width_of_the_box() -> None:
    boxes = np.array([[30, 10, 50, 30], [38, 10, 42, 30]], np.float32)
    wide, narrow = planes(cut(picture(), boxes), shares(boxes))[:, 1]
    assert wide.sum() == pytest.approx((SIDE / 2) ** 2)
    assert narrow.sum() == pytest.approx(SIDE**2 / 20, rel=0.25)


def test_contrast_is_evened_out_and_a_blank_page_stays_blank() -> None:
    faint = (200 - (picture() < 100) * 12).astype(np.uint8)
    box = np.array([[30, 10, 50, 30]], np.float32)
    assert np.ptp(planes(cut(faint, box), shares(box))[0, 0]) > 0.25
    blank = planes(cut(np.full((60, 90), 128, np.uint8), box), shares(box))
    assert np.abs(blank[0, 0]).max() == 0
