from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from inkread.errors import OptionError
from inkread.results import Digit, Line, Reading, Word
from inkread.results.annotate import DOUBTFUL, SURE, UNSURE, draw_reading

PAPER, NIGHT = (250, 250, 250), (10, 10, 10)


def reading_of(*probabilities: float, size: int = 60, width: int = 800, height: int = 300) -> Reading:
    """Makes one row of digits in boxes of ``size`` pixels, twice their size apart."""
    boxes = [
        (size + 2 * size * i, 100, 2 * size + 2 * size * i, 100 + size) for i in range(len(probabilities))
    ]
    digits = (Digit("7", p, box) for p, box in zip(probabilities, boxes, strict=True))
    return Reading("made up", width, height, (Line(tuple(digits)),) if probabilities else ())


def colours(picture: Image.Image) -> set[tuple[int, int, int]]:
    return {tuple(colour) for colour in np.asarray(picture).reshape(-1, 3)}


@pytest.mark.parametrize("ground", [PAPER, NIGHT])
def test_certainty_is_shown_by_color_on_light_and_dark(ground):
    picture = Image.new("RGB", (800, 300), ground)
    for probability, colour in ((0.99, SURE), (0.8, UNSURE), (0.4, DOUBTFUL)):
        found = colours(draw_reading(reading_of(probability), picture))
        assert colour in found
        assert not {SURE, UNSURE, DOUBTFUL} - {colour} & found


def test_the_ink_inside_a_box_stays_visible():
    picture = Image.new("RGB", (800, 300), PAPER)
    drawn = np.asarray(draw_reading(reading_of(0.4, 0.99), picture))
    for x0 in (60, 180):
        assert (drawn[100:160, x0 : x0 + 60] == PAPER).all()


def test_the_tag_is_above_the_box_or_below_if_there_is_no_room():
    picture = Image.new("RGB", (800, 300), PAPER)
    for top in (100, 0):
        reading = Reading("", 800, 300, (Line((Digit("7", 0.99, (60, top, 120, top + 60)),)),))
        drawn = np.asarray(draw_reading(reading, picture))
        rows = np.flatnonzero((drawn == SURE).all(axis=2).sum(axis=1))
        above, below = top - rows.min(), rows.max() - (top + 59)
        assert (above > below) == (top == 100)


def test_the_original_is_left_as_it_was():
    pixels = np.full((300, 800, 3), 250, np.uint8)
    image = Image.fromarray(pixels)
    draw_reading(reading_of(0.99), pixels)
    draw_reading(reading_of(0.99), image)
    assert (pixels == 250).all()
    assert (np.asarray(image) == 250).all()


def test_boxes_follow_a_picture_of_another_size():
    half = draw_reading(reading_of(0.99, size=120), Image.new("RGB", (400, 150), PAPER))
    blue = np.argwhere((np.asarray(half) == SURE).all(axis=2))
    assert half.size == (400, 150)
    assert 50 < blue[:, 1].min() < 60
    assert 120 <= blue[:, 1].max() < 130


@pytest.mark.parametrize("size", [(1, 1), (28, 28), (2, 5000), (100, 60)])
def test_small_pictures_are_enlarged_by_a_whole_factor_within_bounds(size):
    reading = Reading("", *size, (Line((Digit("1", 0.9, (0, 0, *size)),)),))
    drawn = draw_reading(reading, Image.new("RGB", size))
    factor = drawn.width // size[0]
    assert drawn.size == (size[0] * factor, size[1] * factor)
    assert factor == 1 or max(drawn.size) <= 2400


def test_a_page_of_tiny_digits_is_enlarged_until_tags_are_legible_and_apart():
    digits = [Digit("1", 0.99, (x, 10, x + 10, 24)) for x in range(5, 600, 15)]
    drawn = draw_reading(Reading("", 610, 40, (Line(tuple(digits)),)), Image.new("RGB", (610, 40), PAPER))
    assert drawn.width >= 2 * 610


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_tags_of_a_turned_row_are_as_large_as_those_of_an_upright_one(turns):
    boxes = [(x, 100, x + 40, 160) for x in range(60, 560, 80)]
    for _ in range(turns):  # each a quarter turn, in a frame of 600 pixels
        boxes = [(600 - y1, x0, 600 - y0, x1) for x0, y0, x1, y1 in boxes]
    line = Line(tuple(Digit("7", 0.99, box) for box in boxes))
    drawn = draw_reading(Reading("", 600, 600, (line,)), Image.new("RGB", (600, 600), PAPER))
    assert drawn.size == (600, 600)


def test_the_tags_of_neighboring_words_are_apart():
    words = (Word("bring", 0.99, (60, 120, 180, 200)), Word("candles", 0.99, (200, 120, 340, 200)))
    drawn = draw_reading(Reading("", 600, 300, (Line((), words=words),)), Image.new("RGB", (600, 300), PAPER))
    middle = np.asarray(drawn)[:120, 150:240]
    assert (middle == PAPER).all(axis=(0, 2)).any()  # a column of bare paper


def test_large_pictures_and_blank_readings_keep_their_size():
    assert draw_reading(reading_of(0.9), Image.new("RGB", (800, 300))).size == (800, 300)
    blank = draw_reading(reading_of(), Image.new("RGB", (800, 300), PAPER))
    assert colours(blank) == {PAPER}
    assert blank.size == (800, 300)


def test_the_factor_can_be_chosen():
    picture = Image.new("RGB", (28, 28))
    reading = reading_of(0.9, size=5, width=28, height=28)
    assert draw_reading(reading, picture, scale=1).size == (28, 28)
    assert draw_reading(reading, picture, scale=3).size == (84, 84)
    with pytest.raises(OptionError, match="not an integer"):
        draw_reading(reading, picture, scale=0)


def test_other_modes_become_rgb_and_other_arrays_are_rejected():
    assert draw_reading(reading_of(0.9), Image.new("RGBA", (800, 300))).mode == "RGB"
    with pytest.raises(OptionError, match="not an RGB picture"):
        draw_reading(reading_of(0.9), np.zeros((300, 800), np.uint8))


def test_a_reading_draws_itself():
    assert reading_of(0.9).draw(Image.new("RGB", (800, 300))).size == (800, 300)
