"""In a moving picture, a digit is stable exactly if several readings agree on it."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inkread.desktop.motion import STILL
from inkread.desktop.tracker import ALIKE, WINDOW, TrackedReading, follow, moved
from inkread.results import Digit, Line, Reading

PITCH, WIDTH, HEIGHT = 40, 24, 48


def reading(*rows: str, at: tuple[int, int] = (0, 0)) -> Reading:
    """Makes rows of digits, each in its cell; a space is an empty cell."""
    x, y = at
    lines = []
    for number, row in enumerate(rows):
        top = y + 80 * number
        digits = [
            Digit(
                label,
                0.9,
                (x + PITCH * place, top, x + PITCH * place + (8 if label == "1" else WIDTH), top + HEIGHT),
            )
            for place, label in enumerate(row)
            if label != " "
        ]
        lines.append(Line(tuple(digits)))
    return Reading("frame", 640, 480, tuple(lines))


def after(*readings: Reading, start: TrackedReading | None = None) -> TrackedReading:
    tracked = start or TrackedReading()
    for each in readings:
        tracked = follow(tracked, each, STILL)
    return tracked


def labels(tracked: TrackedReading) -> str:
    return "".join(digit.label for digit in tracked.digits)


def test_a_digit_is_stable_once_it_was_read_alike_often_enough():
    assert labels(after(*[reading("7")] * (ALIKE - 1))) == ""
    assert labels(after(*[reading("7")] * ALIKE)) == "7"


def test_one_slip_in_between_does_not_hinder_it():
    assert labels(after(reading("7"), reading("1"), reading("7"), reading("7"))) == "7"


def test_a_digit_missed_once_or_twice_stays_and_is_gone_after_as_many_as_made_it_stable():
    tracked = after(*[reading("42")] * WINDOW)
    for missing in range(1, ALIKE):
        assert labels(after(*[reading("4 ")] * missing, start=tracked)) == "42"
    assert labels(after(*[reading("4 ")] * ALIKE, start=tracked)) == "4"


def test_a_digit_that_is_read_otherwise_often_enough_changes():
    tracked = after(*[reading("3")] * WINDOW)
    assert labels(after(*[reading("8")] * (ALIKE - 1), start=tracked)) == "3"
    assert labels(after(*[reading("8")] * ALIKE, start=tracked)) == "8"


def test_a_digit_that_is_read_once_is_never_stable():
    noise = [reading("4" + " " * place + "9") for place in range(1, 7)]
    assert labels(after(*[reading("4")] * 3, *noise)) == "4"


def test_the_box_is_the_newest_and_the_probability_the_mean():
    first, last = reading("5"), reading("5", at=(3, 2))
    (digit,) = after(first, first, last).digits
    assert digit.box == last.digits[0].box
    assert math.isclose(digit.probability, 0.9)


def test_digits_are_known_again_where_the_picture_has_moved_to():
    shift = np.array([[1.0, 0, 37], [0, 1, -12], [0, 0, 1]])
    tracked = moved(after(*[reading("1234")] * ALIKE), shift)
    tracked = after(reading("1234", at=(37, -12)), start=tracked)
    assert labels(tracked) == "1234"
    assert len(tracked.rows[0]) == 4


def test_a_reading_of_an_earlier_frame_is_brought_to_the_present_one():
    shift = np.array([[1.0, 0, 37], [0, 1, -12], [0, 0, 1]])
    tracked = moved(after(*[reading("88")] * ALIKE), shift)
    assert follow(tracked, reading("88"), shift).digits[0].box == (37, -12, 37 + WIDTH, -12 + HEIGHT)


def test_a_zoom_makes_boxes_larger_and_a_turn_does_not():
    tracked = after(*[reading("0")] * ALIKE)
    turn = np.array([[0.0, -1, 100], [1, 0, 100], [0, 0, 1]])
    for motion, factor in ((np.diag([2.0, 2, 1]), 2), (turn, 1)):
        x0, y0, x1, y1 = moved(tracked, motion).digits[0].box
        assert (x1 - x0, y1 - y0) == (WIDTH * factor, HEIGHT * factor)


def test_narrow_ones_are_known_again_after_a_small_move():
    tracked = after(*(reading("11", at=(6 * number, 0)) for number in range(ALIKE)))
    assert labels(tracked) == "11"


def test_the_text_is_what_several_whole_readings_came_to():
    assert after(*[reading("12", "3")] * (ALIKE - 1)).text == ""
    assert after(*[reading("12", "3")] * ALIKE).text == "12\n3"


def test_the_text_keeps_the_place_of_a_digit_that_was_missed():
    tracked = after(*[reading("123", "45")] * WINDOW)
    for missed in (reading("1 3", "45"), reading(" 23", "45"), reading("12 ", "45"), reading("123")):
        assert after(missed, missed, start=tracked).text == "123\n45"
        assert after(missed, start=tracked).texts[-1] == "123\n45"


def test_the_text_keeps_the_place_of_a_row_that_was_missed():
    tracked = after(*[reading("12", "34", "56")] * WINDOW)
    missed = Reading(
        "frame", 640, 480, (steady_lines := reading("12", "34", "56").lines)[:1] + steady_lines[2:]
    )
    assert after(missed, start=tracked).texts[-1] == "12\n34\n56"


def test_an_empty_page_ends_in_no_text():
    tracked = after(*[reading("12")] * WINDOW)
    assert after(*[reading()] * WINDOW, start=tracked).text == ""
    assert after(*[reading()] * WINDOW, start=tracked).digits == ()


def test_the_stable_digits_are_a_reading_of_their_own():
    result = after(*[reading("12", "3")] * ALIKE).reading("page.png", 640, 480)
    assert (result.source, result.width, result.text) == ("page.png", 640, "12\n3")


@given(st.lists(st.text("0123456789 ", max_size=5), min_size=1, max_size=12))
def test_no_digit_is_stable_that_was_not_read_alike_often_enough(rows):
    tracked = TrackedReading()
    for number, row in enumerate(rows, 1):
        tracked = follow(tracked, reading(row), STILL)
        for digit in tracked.digits:
            place = digit.box[0] // PITCH
            seen = [past[place] for past in rows[:number] if place < len(past)]
            assert seen.count(digit.label) >= ALIKE
        assert not tracked.text.strip("0123456789\n")
