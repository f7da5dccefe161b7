import numpy as np
import pytest

from inkread.datasets import page_rendering
from inkread.datasets.stroke_rendering import rasterise

SHAPE = (60, 90)
LINE = [np.array([[20, 30], [70, 30]], np.float32)]


def rng():
    return np.random.default_rng(4)


def page():
    return page_rendering.plain_paper(SHAPE, rng(), colour=(0.9, 0.9, 0.9))


MAKERS = {
    "plain": page,
    "written": lambda: page_rendering.write(page(), rasterise(LINE, SHAPE, 5), page_rendering.PENCIL, rng()),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_page_is_rgb_within_its_range_and_repeats_itself_by_seed(make):
    made = make()
    assert made.shape == (*SHAPE, 3)
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1
    np.testing.assert_array_equal(made, make())


@pytest.mark.parametrize("name", ["BLUE_PEN", "BLACK_PEN", "PENCIL", "MARKER", "RED_MARKER"])
def test_ink_darkens_the_stroke_and_leaves_the_paper(name):
    blank = page()
    written = page_rendering.write(blank, rasterise(LINE, SHAPE, 6), getattr(page_rendering, name), rng())
    assert written[30, 30:60].mean() < 0.65 * blank[30, 30:60].mean()
    np.testing.assert_allclose(written[:20], blank[:20], atol=1e-6)


def test_light_falls_off_in_its_direction():
    light = page_rendering.uneven_light(SHAPE, direction=0, fall=0.3, vignette=0)[..., 0]
    assert light[:, 0] == pytest.approx(1, abs=1e-6)
    assert light[:, -1] == pytest.approx(0.7, abs=1e-6)
    below = page_rendering.uneven_light(SHAPE, direction=90, fall=0.3, vignette=0)[..., 0]
    assert below[-1].max() < below[0].min()


def test_strokes_are_placed_by_their_corner_and_height_and_rise_by_their_slope():
    strokes = [np.array([[0, 0, 1], [2, 1, 0.5]], np.float32)]
    level = page_rendering.place(strokes, at=(10, 20), height=50)[0]
    np.testing.assert_allclose(level, [[10, 20, 1], [110, 70, 0.5]])
    assert page_rendering.place(strokes, at=(10, 20), height=50, slope=5)[0][1, 1] < 70


@pytest.mark.parametrize(("turn", "tilt"), [(0, 0.1), (4, 0.05), (-90, 0)])
def test_a_photo_shows_nothing_beyond_the_page(turn, tilt):
    bright = np.full((80, 120, 3), 0.8, np.float32)
    bright[[0, -1]] = bright[:, [0, -1]] = 0.8
    camera = page_rendering.Camera(tilt=tilt, turn=turn, noise=0.0)
    photo = page_rendering.photograph(bright, camera, rng())
    assert photo.dtype == np.uint8
    assert photo.shape == (80, 120, 3)
    assert set(np.unique(photo)) == {204}


def test_without_tilt_and_turn_a_photo_shows_the_page_as_it_is():
    scene = page()
    photo = page_rendering.photograph(scene, page_rendering.Camera(tilt=0, blur=0.01, noise=0), rng())
    np.testing.assert_allclose(photo / 255, scene, atol=0.5 / 255 + 1e-4)
