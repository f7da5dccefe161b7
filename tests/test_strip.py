"""A strip is 40 pixels high, keeps its row's aspect, and loses none of it."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.strip import HEIGHT, Resized, make_strip


@pytest.mark.parametrize(
    ("shape", "width"),
    [((40, 100), 100), ((80, 100), 50), ((20, 100), 200), ((1, 1), 40), ((50, 3), 8), ((9, 2000), 4096)],
)
def test_a_strip_is_40_pixels_high_and_keeps_the_aspect_within_limits(
    shape: tuple[int, int], width: int
) -> None:
    ink = np.random.default_rng(0).random(shape, np.float32)
    strip = make_strip(ink)
    assert strip.shape == (HEIGHT, width)
    assert strip.dtype == np.float32
    assert 0 <= strip.min() <= strip.max() <= 1


@pytest.mark.parametrize("size", [20, 40, 80])
def test_ink_stays_where_it_is(size: int) -> None:
    ink = np.zeros((size, size * 5 // 2), np.float32)
    ink[size // 4 : size * 3 // 4, size // 2 : size * 2] = 1
    strip = make_strip(ink)
    assert strip[12:28, 22:78].min() == 1
    strip[9:31, 19:81] = 0
    assert strip.max() == 0


def test_a_narrow_row_stands_in_the_middle_of_paper() -> None:
    strip = make_strip(np.ones((40, 3), np.float32))
    assert strip.max(axis=0).tolist() == strip.min(axis=0).tolist() == [0, 0, 1, 1, 1, 0, 0, 0]


def test_a_long_row_is_compressed_with_all_its_strokes() -> None:
    ink = np.zeros((80, 4000), np.float32)
    starts = range(50, 3950, 97)
    for x in starts:
        ink[:, x : x + 3] = 1
    strip = make_strip(ink, widest=640)
    assert strip.shape == (40, 640)
    assert np.count_nonzero(np.diff(strip[20] > 0.1, prepend=False)) == 2 * len(starts)


@pytest.mark.parametrize(("across", "size"), [(1.0, 1.0), (0.85, 0.94), (1.2, 0.8), (0.95, 1.1)])
def test_what_is_found_on_a_resized_strip_lies_on_the_strip_itself(across: float, size: float) -> None:
    strip = np.zeros((HEIGHT, 120), np.float32)
    strip[10:30, 40:60] = 1
    resized = Resized(across, size).of(strip)
    assert resized.shape == (HEIGHT, round(120 * across))
    assert resized.dtype == np.float32
    y, x = np.nonzero(resized >= 0.5)
    box = Resized(across, size).back((x.min(), y.min(), x.max() + 1, y.max() + 1))
    np.testing.assert_allclose(box, (40, 10, 60, 30), atol=0.8)


def test_a_strip_as_it_is_resizes_to_itself() -> None:
    strip = np.random.default_rng(0).random((HEIGHT, 50), np.float32)
    np.testing.assert_allclose(Resized(1.0, 1.0).of(strip), strip, atol=1e-6)
    assert Resized(0.5, 1.0).of(strip[:, :9]).shape == (HEIGHT, 8)
