"""Of two readings of a row the better one stands, and digits found in a row lie where they are on the page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkread.decoder import Choice
from inkread.layout import Row, find_rows, find_segments
from inkread.recognizer import BLANK, COLUMN, Columns
from inkread.rowwise import read_rows, read_whole
from inkread.strip import HEIGHT


class Says:
    """A recognizer that reads any strip the same: digits, each with its place and its probability."""

    def __init__(self, *digits: tuple[int, float, float]) -> None:
        self.digits = digits

    def columns(self, strip: np.ndarray) -> Columns:
        count = strip.shape[1] // COLUMN
        probabilities = np.full((count, 11), 1e-6, np.float32)
        probabilities[:, BLANK] = 1 - 1e-5
        boxes = np.zeros((count, 4), np.float32)
        for digit, place, sure in self.digits:
            column = int(place * count)
            probabilities[column] = (1 - sure) / 10
            probabilities[column, digit] = sure
            x = (column + 0.5) * COLUMN
            boxes[column] = (x - 5, 8, x + 5, HEIGHT - 8)
        return Columns(probabilities, boxes)


def bars(count: int = 3) -> tuple[np.ndarray, Row, np.ndarray]:
    """A page with a row of bars, the row, and probabilities by which every candidate is a 1."""
    ink = np.zeros((120, 200), np.float32)
    for index in range(count):
        ink[30:80, 30 + 50 * index : 38 + 50 * index] = 1
    segments = find_segments(ink)
    (row,) = find_rows(segments, np.ones(len(segments)), (200, 120))
    probabilities = np.full((len(row.candidates), 11), 0.001, np.float32)
    probabilities[:, 1] = 0.99
    return ink, row, probabilities


def read(*says: Says, lattice: str) -> tuple[str, Row, np.ndarray, tuple[Choice, ...]]:
    ink, row, probabilities = bars()
    own = []
    for index, digit in enumerate(lattice):
        digits = np.full(10, 0.001, np.float32)
        digits[int(digit)] = 0.9
        own.append(Choice(index, digits))
    (row,), (table,), (choices,) = read_rows(says, [row], [probabilities], [tuple(own)], [ink])  # type: ignore[arg-type]
    return "".join(str(int(choice.digits.argmax())) for choice in choices), row, table, choices


def test_equal_readings_leave_the_lattice_its_own() -> None:
    _, row, _, choices = read(Says((1, 0.2, 0.9), (1, 0.8, 0.9)), lattice="11")
    assert [choice.index for choice in choices] == [0, 1]
    assert len(row.candidates) == len(bars()[1].candidates)


def test_a_much_more_probable_reading_stands() -> None:
    text, row, table, choices = read(Says((4, 0.2, 0.999), (7, 0.8, 0.999)), lattice="11")
    assert text == "47"
    assert len(row.candidates) == len(table) == len(bars()[1].candidates) + 2
    np.testing.assert_allclose(table.sum(axis=1)[-2:], 1, rtol=1e-4)
    assert all(choice.digits.max() == pytest.approx(0.999) for choice in choices)


def test_of_two_texts_the_recognizer_takes_the_more_probable() -> None:
    says = Says((4, 0.5, 0.4))
    plain = says.columns

    def columns(strip: np.ndarray) -> Columns:
        """Nothing is the most probable for each column by itself, and a 4 for all that are in doubt together."""
        result = plain(strip)
        peak = int(result.probabilities[:, 4].argmax())
        for column in (peak, peak + 4):
            result.probabilities[column] = 1e-6
            result.probabilities[column, [4, BLANK]] = 0.4, 0.6
        return result

    says.columns = columns  # type: ignore[method-assign]
    assert read(says, lattice="4")[0] == "4"
    assert read(says, lattice="77")[0] == ""


def test_what_is_found_lies_on_the_page() -> None:
    ink, _, _ = bars()
    _, found, _, choices = read(Says((4, 0.5, 0.999)), lattice="111")
    x0, y0, x1, y1 = found.candidates[choices[0].index].box
    assert 30 <= (y0 + y1) / 2 <= 80
    assert abs((x0 + x1) / 2 - 84) < 6
    assert found.candidates[choices[0].index].ink.shape == (y1 - y0, x1 - x0)
    assert ink[y0:y1, x0:x1].any()


def test_a_row_that_nobody_reads_stays_empty() -> None:
    assert read(Says(), lattice="")[0] == ""
    assert read(Says(), lattice="88")[0] == ""


def test_a_digit_in_the_bands_of_two_rows_is_read_in_the_one_that_has_more() -> None:
    ink, row, probabilities = bars()
    first, middle, last = row.segments
    less = replace(row, segments=(first, middle, middle, last))  # one more that is no digit
    says = Says((4, 0.2, 0.999), (7, 0.8, 0.999))
    _, _, choices = read_rows([says], [less, row], [probabilities] * 2, [(), ()], [ink])  # type: ignore[arg-type]
    assert choices[0] == ()
    assert [int(choice.digits.argmax()) for choice in choices[1]] == [4, 7]


def test_a_glyph_by_itself_is_what_the_lattice_says() -> None:
    assert read(Says(), lattice="8")[0] == "8"
    assert read(Says((4, 0.5, 0.999)), lattice="")[0] == ""


class AtFirst(Says):
    """A recognizer that reads the first strip in one way, and those of any other width in another."""

    def __init__(self, first: Says, others: Says) -> None:
        super().__init__()
        self.first, self.others, self.width = first, others, 0

    def columns(self, strip: np.ndarray) -> Columns:
        self.width = self.width or strip.shape[1]
        return (self.first if strip.shape[1] == self.width else self.others).columns(strip)


def test_the_text_that_most_looks_find_probable_stands_against_the_first_look() -> None:
    first, others = Says((4, 0.2, 0.7), (7, 0.8, 0.7)), Says((4, 0.2, 0.9), (9, 0.8, 0.999))
    seen = AtFirst(first, others)
    assert read(first, lattice="11")[0] == "47"
    text, row, _, choices = read(seen, lattice="11")
    assert text == "49"
    boxes = np.array([row.candidates[choice.index].box for choice in choices])
    alone = read(others, lattice="11")
    expected = np.array([alone[1].candidates[choice.index].box for choice in alone[3]])
    # In whichever look they were found, they stand at the same place of the row.
    np.testing.assert_allclose(boxes.mean(axis=1), expected.mean(axis=1), atol=4)


def test_one_look_that_finds_a_text_hopeless_does_not_decide_alone() -> None:
    sure = Says((4, 0.2, 0.999999), (7, 0.8, 0.999999))
    others = Says((4, 0.2, 0.98), (9, 0.8, 0.98))
    assert read(AtFirst(sure, others), lattice="11")[0] == "49"


def test_of_several_recognizers_the_surer_is_believed_whichever_is_first() -> None:
    sure, unsure = Says((4, 0.2, 0.99), (9, 0.8, 0.99)), Says((4, 0.2, 0.9), (7, 0.8, 0.5))
    assert read(unsure, lattice="11")[0] == "47"
    assert read(unsure, sure, lattice="11")[0] == "49"
    assert read(sure, unsure, lattice="11")[0] == "49"


def test_recognizers_that_contradict_each_other_leave_a_row_to_the_lattice() -> None:
    first, other = Says((4, 0.2, 0.9), (7, 0.8, 0.9)), Says((1, 0.2, 0.9), (1, 0.8, 0.9))
    assert read(first, lattice="11")[0] == "47"
    assert read(first, other, lattice="11")[0] == "11"


SAYS_47 = Says((4, 0.3, 0.999), (7, 0.7, 0.999))


def test_a_page_is_read_as_one_row_of_all_its_ink() -> None:
    ink, row, _ = bars()
    segments = find_segments(ink)
    as_one = read_whole([SAYS_47], segments, [ink], other_than="11", at_least=0.5)  # type: ignore[arg-type]
    assert as_one is not None
    found, table, choices = as_one
    assert [int(choice.digits.argmax()) for choice in choices] == [4, 7]
    assert len(found.segments) == len(row.segments) == 3
    assert len(found.candidates) == len(table) == 2
    middles = [(c.box[0] + c.box[2]) / 2 for c in found.candidates]
    np.testing.assert_allclose(middles, [0.3 * 200, 0.7 * 200], atol=8)


@pytest.mark.parametrize(
    ("says", "other_than", "at_least"),
    [(SAYS_47, "47", 0.5), (SAYS_47, "11", 3.0), (Says((4, 0.5, 0.999)), "11", 0.0), (Says(), "11", -9.0)],
    ids=["the same digits", "little evidence", "one digit", "none"],
)
def test_a_page_as_one_row_that_changes_nothing_is_none(says: Says, other_than: str, at_least: float) -> None:
    ink, _, _ = bars()
    segments = find_segments(ink)
    assert read_whole([says], segments, [ink], other_than=other_than, at_least=at_least) is None  # type: ignore[arg-type]
