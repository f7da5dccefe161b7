"""The second plane shows faint ink as strongly as dark ink, and blank paper as zero."""

import numpy as np

from inkread.pipeline.contrast import planes


def stroke(paper: int, ink: int) -> np.ndarray:
    grey = np.full((96, 96), paper, np.uint8)
    grey[30:66, 46:50] = ink
    return grey


def test_both_planes_are_between_minus_one_and_one() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 70), np.uint8)
    both = planes(noise)
    assert both.shape == (2, 80, 70)
    assert both.dtype == np.float32
    assert np.abs(both).max() <= 1


def test_faint_ink_stands_out_nearly_as_much_as_dark_ink() -> None:
    dark, faint = (planes(stroke(paper, ink))[1, 48, 48] for paper, ink in ((230, 20), (200, 160)))
    assert dark < -0.5
    assert faint < -0.5


def test_blank_paper_of_any_tone_has_no_digits() -> None:
    for tone in (0, 90, 255):
        assert np.abs(planes(np.full((70, 70), tone, np.uint8))[1]).max() < 1e-3
