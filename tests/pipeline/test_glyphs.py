"""The ink in a box becomes the glyph, on paper of any tone, without printed lines that pass through."""

import cv2
import numpy as np
import pytest

from inkread.pipeline.glyphs import cut_glyphs, cut_ink

BOX = np.array([40, 30, 80, 90], np.float32)


def page(paper: int, ink: int) -> np.ndarray:
    grey = np.full((120, 120), paper, np.uint8)
    cv2.ellipse(grey, (60, 60), (16, 26), 0, 0, 360, ink, 6, cv2.LINE_AA)
    return grey


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (230, 150), (20, 240), (120, 90)])
def test_dark_and_light_ink_of_any_contrast_give_the_same_glyph(paper: int, ink: int) -> None:
    expected, found = (
        cut_glyphs(page(*tones), BOX[None])[0][0].astype(int) for tones in ((255, 0), (paper, ink))
    )
    assert np.abs(found - expected).mean() < 16  # a stroke may be half a pixel wider or narrower
    assert found[14, 14] == 0


def test_a_frame_around_the_digit_is_not_part_of_it() -> None:
    framed = page(255, 0)
    cv2.rectangle(framed, (36, 22), (86, 98), 0, 2)
    ink = cut_ink(framed, BOX)
    assert ink[:, :3].max() == 0
    assert ink.max() == 1


def test_a_box_at_the_border_or_of_nothing_gives_a_glyph_all_the_same() -> None:
    boxes = np.array([[-5, -5, 10, 10], [118, 118, 130, 130], [0, 0, 0.2, 0.2]], np.float32)
    assert cut_glyphs(page(255, 0), boxes)[0].shape == (3, 28, 28)
    assert cut_glyphs(page(255, 0), boxes[:0])[0].shape == (0, 28, 28)


def test_a_box_that_is_a_little_off_is_moved_to_the_ink() -> None:
    for off in ([-6, -4, 5, 3], [3, 3, 2, -1]):
        _, moved = cut_glyphs(page(230, 30), BOX[None] + np.array(off, np.float32))
        assert moved[0] == pytest.approx([41, 31, 79, 89], abs=2.5)


def test_a_box_without_ink_stays_where_it_is() -> None:
    box = np.array([[5, 5, 25, 25]], np.float32)
    assert cut_glyphs(page(255, 0), box)[1] == pytest.approx(box)


@pytest.mark.parametrize("shape", [(2, 1000), (2, 2000), (3, 1500), (1500, 3), (2000, 2)])
def test_a_very_thin_picture_gives_a_glyph_all_the_same(shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    everything = np.array([[0, 0, shape[1], shape[0]]], np.float32)
    assert cut_glyphs(grey, everything)[0].shape == (1, 28, 28)
