import numpy as np
import pytest

from inkread.datasets.stroke_font import ALPHABET, RARER, WriterStyle, spline, with_pressure, write_row
from inkread.errors import OptionError

STILL = WriterStyle(shapes=(0,) * 10, slant=0, unevenness=0, wobble=0)


@pytest.mark.parametrize("digit", ALPHABET)
def test_every_shape_of_a_digit_fills_its_height_and_is_narrower_than_high(digit):
    common = len(ALPHABET[digit]) - len(RARER[digit])
    for shape in range(len(ALPHABET[digit])):
        style = WriterStyle(shapes=(shape,) * 10, slant=0, unevenness=0, wobble=0)
        points = np.concatenate(write_row(digit, style, np.random.default_rng(0)))
        least, widest = (0.03, 0.7) if shape < common else (0.1, 0.8)
        assert points[:, 1].min() == pytest.approx(0, abs=least)
        assert points[:, 1].max() == pytest.approx(1, abs=least)
        assert points[:, 0].min() == pytest.approx(0, abs=1e-6)
        assert points[:, 0].max() < widest
        assert 0.2 < points[:, 2].min() <= points[:, 2].max() <= 1


def test_digits_are_in_order_and_apart():
    one, other = (np.concatenate(write_row(text, STILL, np.random.default_rng(0))) for text in ("4", "40"))
    second = other[len(one) :]
    np.testing.assert_array_equal(other[: len(one)], one)
    assert second[:, 0].min() > one[:, 0].max()


def test_a_space_widens_the_gap():
    near, far = (np.concatenate(write_row(text, STILL, np.random.default_rng(0))) for text in ("10", "1 0"))
    assert far[:, 0].max() == pytest.approx(near[:, 0].max() + 0.5)


def test_a_hand_never_writes_a_digit_twice_alike_but_repeats_itself_by_seed():
    style = WriterStyle.random(np.random.default_rng(1))
    first, again, other = (write_row("8", style, np.random.default_rng(seed))[0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or np.abs(first - other).max() > 0.005


def test_a_curve_passes_through_its_points_and_keeps_its_corners():
    points = np.array([(0, 0), (1, 0.5), (2, 0), (2, 0), (2, 2)], float)
    curve = spline(points)
    for point in points:
        assert np.hypot(*(curve - point).T).min() < 1e-6
    after = curve[np.flatnonzero((curve == (2, 0)).all(axis=1))[-1] :]
    assert np.all(after[:, 0] == 2)


def test_the_pen_is_thinner_where_the_hand_is_fast():
    arc = np.radians(np.linspace(0, 180, 60))
    turn = np.stack([np.cos(arc), np.sin(arc)], axis=1) * 0.1
    line = np.stack([np.full(60, -0.1), np.linspace(0, -2, 60)], axis=1)
    width = with_pressure(np.concatenate([turn, line]), 1.0)[:, 2]
    assert width[len(width) // 2] < width[3] - 0.1
    assert with_pressure(line, 0.0)[:, 2].min() == 1


@pytest.mark.parametrize("text", ["a", "1-2", "٣"])
def test_a_label_that_is_not_a_digit_is_an_option_error(text):
    with pytest.raises(OptionError, match="not a digit"):
        write_row(text, STILL, np.random.default_rng(0))
