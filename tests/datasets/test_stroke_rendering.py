import math

import numpy as np
import pytest

from inkread.datasets.stroke_rendering import PenJitter, draw_strokes, rasterise
from inkread.errors import OptionError

LINE = np.array([[20, 20], [80, 65]], np.float32)
SEVEN = [np.array([[0, 0], [600, 0], [200, 1000]], np.float32)]


@pytest.mark.parametrize("pen_width", [0.7, 1, 2.5, 6, 11])
@pytest.mark.parametrize("columns", [2, 3])
def test_a_line_is_as_wide_as_the_pen_and_has_round_caps(pen_width, columns):
    line = np.hstack([LINE, np.ones((2, 1), np.float32)])[:, :columns]
    ink = rasterise([line], (90, 100), pen_width)
    assert ink.dtype == np.float32
    assert ink.sum() == pytest.approx(75 * pen_width + math.pi * pen_width**2 / 4, rel=0.08)


def test_ink_is_where_the_stroke_is():
    ink = rasterise([LINE], (90, 100), 3)
    rows, columns = np.mgrid[:90, :100] + 0.5
    assert (ink * columns).sum() / ink.sum() == pytest.approx(50, abs=0.2)
    assert (ink * rows).sum() / ink.sum() == pytest.approx(42.5, abs=0.2)


def test_the_pen_widens_where_its_relative_width_says_so():
    stroke = np.array([[20, 20, 1], [60, 20, 1], [60, 20, 2], [100, 20, 2]], np.float32)
    ink = rasterise([stroke], (40, 120), 4)
    assert ink[:, 40].sum() == pytest.approx(4, abs=0.3)
    assert ink[:, 80].sum() == pytest.approx(8, abs=0.3)


@pytest.mark.parametrize("strokes", [[], [np.zeros((0, 2), np.float32)], [LINE + 1000]])
def test_no_stroke_within_the_shape_leaves_no_ink(strokes):
    assert not rasterise(strokes, (30, 40), 3).any()


@pytest.mark.parametrize("height", [20, 28, 57])
@pytest.mark.parametrize("pen_width", [1, 3.3, 6])
def test_a_character_fills_the_height_but_for_its_margin(height, pen_width):
    ink = draw_strokes(SEVEN, height=height, pen_width=pen_width)
    rows = np.flatnonzero(ink.max(axis=1) > 0.2)
    assert ink.shape[0] == height
    assert rows[0] <= 2
    assert rows[-1] >= height - 3
    assert ink[0].max() < 0.3
    assert ink[:, -1].max() < 0.3


@pytest.mark.parametrize("dot", [[[5, 5]], [[5, 5], [5, 5]]])
def test_a_dot_stays_visible_beside_a_line_and_alone(dot):
    dot = np.array(dot, np.float32)
    alone = draw_strokes([dot], height=28, pen_width=1)
    assert alone.max() > 0.8
    beside = draw_strokes([np.array([[0, 0], [0, 1000]]), dot + np.array([500, 0])], height=28, pen_width=1)
    assert beside[:, beside.shape[1] // 2 :].max() > 0.8


def test_a_dash_stays_as_thin_as_the_pen():
    ink = draw_strokes([np.array([[0, 0], [1000, 0]])], height=28, pen_width=2)
    assert ink.shape[0] == 28
    assert ink.sum(axis=0).max() == pytest.approx(2, abs=0.2)


def test_drawing_repeats_itself_with_the_same_seed_and_varies_without():
    first, again, other = (
        draw_strokes(SEVEN, height=40, pen_width=3, rng=np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or np.abs(first - other).max() > 0.5


def test_no_jitter_draws_as_it_is():
    still = PenJitter(rotation=0, slant=0, stretch=0, wobble=0, width=0)
    drawn = draw_strokes(SEVEN, height=40, pen_width=3, rng=np.random.default_rng(1), jitter=still)
    np.testing.assert_allclose(drawn, draw_strokes(SEVEN, height=40, pen_width=3), atol=1e-6)


@pytest.mark.parametrize("pen_width", [0, -1, 27, math.nan])
def test_a_pen_that_does_not_fit_is_an_option_error(pen_width):
    with pytest.raises(OptionError, match="pen_width"):
        draw_strokes(SEVEN, height=28, pen_width=pen_width)
