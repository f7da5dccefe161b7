"""The outcome of reading a picture, in brief."""

from __future__ import annotations

import pytest

from inkread.errors import PictureDamagedError
from inkread.results import Digit, Line, Reading, Word
from inkread.results.outcome import Outcome


def row(*digits: tuple[str, float]) -> Line:
    return Line(tuple(Digit(label, probability, (0, 0, 2, 2)) for label, probability in digits))


def test_rows_are_joined_and_the_least_certain_digit_counts() -> None:
    outcome = Outcome("a.png", Reading("a.png", 9, 9, (row(("1", 0.9), ("2", 0.5)), row(("3", 0.8)))))
    assert (outcome.joined(), outcome.least_probability, outcome.error) == ("12/3", 0.5, None)


def test_without_digits_there_is_no_text_and_no_probability() -> None:
    for result in (Reading("a.png", 9, 9), PictureDamagedError("a.png", "is truncated", "copy it again")):
        outcome = Outcome("a.png", result)
        assert (outcome.joined(), outcome.least_probability) == ("", None)


def test_an_error_says_what_to_do() -> None:
    outcome = Outcome("a.png", PictureDamagedError("a.png", "is truncated", "copy it again"))
    assert outcome.error == "is truncated; copy it again"
    assert outcome.reading is None


@pytest.mark.parametrize(
    ("label", "cell"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-x", "'-x"), ("-3.14", "-3.14"), ("word", "word")]
)
def test_text_that_was_read_never_becomes_a_formula_in_a_table(label, cell):
    word = Word(label, 0.9, (0, 0, 9, 9))
    (row,) = Outcome("note.png", Reading("note.png", 10, 10, (Line((), (), (word,)),))).to_rows()
    assert row["label"] == cell
