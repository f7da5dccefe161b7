"""The decoder takes the most probable way through a row's candidates."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.decoder import (
    Choice,
    decode,
    decode_single,
    evidence,
    plausible,
    without_cut_off,
    without_faint_bars,
)
from inkread.layout import Candidate, Row, Segment


def make_row(spans: list[tuple[int, int]], count: int, heights: dict[int, int] | None = None) -> Row:
    """A row of ``count`` segments of 20×40 pixels, with a candidate for each span."""
    segments = tuple(
        Segment((30 * i, 0, 30 * i + 20, 40), np.ones((40, 20), np.float32)) for i in range(count)
    )
    candidates = []
    for number, (start, stop) in enumerate(spans):
        height = (heights or {}).get(number, 40)
        box = (30 * start, 0, 30 * (stop - 1) + 20, height)
        candidates.append(Candidate(start, stop, box, np.ones((height, box[2] - box[0]), np.float32)))
    return Row(segments, tuple(candidates), 40.0)


def sure(label: int, probability: float = 0.98) -> list[float]:
    """Probabilities of the ten digits and "not a digit" (label 10), the rest shared evenly."""
    row = [(1 - probability) / 10] * 11
    row[label] = probability
    return row


def labels(row: Row, probabilities: list[list[float]]) -> list[int]:
    return [int(np.argmax(choice.digits)) for choice in decode(row, np.array(probabilities, np.float32))]


def test_each_segment_is_read_as_its_digit() -> None:
    row = make_row([(0, 1), (1, 2), (2, 3)], 3)
    assert labels(row, [sure(3), sure(1), sure(4)]) == [3, 1, 4]


def test_fragments_are_read_as_one_digit_when_that_reads_better() -> None:
    row = make_row([(0, 1), (0, 2), (1, 2), (2, 3)], 3)
    assert labels(row, [sure(10), sure(5), sure(10), sure(7)]) == [5, 7]


def test_neighbours_are_kept_apart_when_that_reads_better() -> None:
    row = make_row([(0, 1), (0, 2), (1, 2)], 2)
    assert labels(row, [sure(1), sure(10), sure(0)]) == [1, 0]


def test_what_is_no_digit_is_left_out() -> None:
    row = make_row([(0, 1), (1, 2), (2, 3)], 3)
    assert labels(row, [sure(8), sure(10), sure(3)]) == [8, 3]


def test_a_low_candidate_is_a_dot_or_dash_and_no_digit() -> None:
    row = make_row([(0, 1), (1, 2)], 2, heights={1: 6})
    assert labels(row, [sure(8), sure(1, 0.9)]) == [8]


def test_a_row_of_nothing_reads_as_nothing() -> None:
    assert labels(make_row([(0, 1)], 1), [sure(10)]) == []


def test_certain_zeros_and_ones_do_not_break_the_logarithm() -> None:
    row = make_row([(0, 1), (1, 2)], 2)
    certain = np.zeros((2, 11), np.float32)
    certain[:, 2] = 1
    assert len(decode(row, certain)) == 2


@pytest.mark.parametrize(("first", "expected"), [(sure(10, 0.9), 0), (sure(4), 1)])
def test_a_single_digit_is_given_or_refused(first: list[float], expected: int) -> None:
    row = make_row([(0, 1)], 1)
    assert len(decode_single(row, np.array([first], np.float32))) == expected


@pytest.mark.parametrize(("refusal", "expected"), [(1.0, 1), (0.5, 1), (0.3, 0)])
def test_a_digit_that_may_well_be_none_is_refused_from_the_share_asked_for(
    refusal: float, expected: int
) -> None:
    row = make_row([(0, 1)], 1)
    doubtful = np.array(
        [[0.7 if label == 4 else 0.3 if label == 10 else 0 for label in range(11)]], np.float32
    )
    assert len(decode_single(row, doubtful, refusal=refusal)) == expected


def test_a_single_digit_prefers_more_of_the_ink_among_equals() -> None:
    row = make_row([(0, 1), (0, 2)], 2)
    (choice,) = decode_single(row, np.array([sure(5, 0.9), sure(5, 0.9)], np.float32))
    assert choice.index == 1


def cut_row() -> Row:
    """One piece of ink that could be cut into two, with the cut parts and the whole as candidates."""
    ink = np.ones((40, 20), np.float32)
    parts = (Segment((0, 0, 20, 40), ink, cut_right=True), Segment((20, 0, 40, 40), ink, cut_left=True))
    whole = Candidate(0, 2, (0, 0, 40, 40), np.ones((40, 40), np.float32))
    candidates = (Candidate(0, 1, parts[0].box, ink), whole, Candidate(1, 2, parts[1].box, ink))
    return Row(parts, candidates, 40.0)


def test_touching_digits_are_cut_apart() -> None:
    assert labels(cut_row(), [sure(3), sure(10), sure(7)]) == [3, 7]


def test_a_plus_is_not_cut_into_a_one_and_stumps() -> None:
    assert labels(cut_row(), [sure(1), sure(10), sure(10)]) == []


def test_a_whole_digit_is_not_cut() -> None:
    assert labels(cut_row(), [sure(1), sure(4), sure(1)]) == [4]


def chosen(row: Row, digits: list[int]) -> tuple[Choice, ...]:
    return tuple(Choice(i, np.array(sure(digit)[:10], np.float32)) for i, digit in enumerate(digits))


def singles(count: int, height: int = 40) -> Row:
    return make_row([(i, i + 1) for i in range(count)], count, heights=dict.fromkeys(range(count), height))


def test_bars_speak_less_for_a_row_than_other_digits_and_what_is_left_over_against_it() -> None:
    row = singles(3)
    assert evidence(row, chosen(row, [1, 1, 1])) < evidence(row, chosen(row, [2, 3, 4]))
    assert evidence(row, chosen(row, [2, 3])) < evidence(row, chosen(row, [2, 3, 4])) - 1


def test_a_few_signs_beside_digits_are_usual_and_many_are_words() -> None:
    def kept(digits: int, others: int) -> bool:
        row = singles(digits + others)
        return bool(plausible([row], [chosen(row, [2, 0, 6, 3, 9, 8, 4, 5, 7][:digits])])[0])

    assert kept(4, 3)  # 2026 km, or so
    assert kept(9, 5)
    assert not kept(9, 9)
    assert not kept(4, 6)


def test_a_word_that_holds_a_bar_is_no_row_of_digits() -> None:
    digits, word = singles(4), singles(5)
    kept = plausible([digits, word], [chosen(digits, [2, 0, 2, 6]), chosen(word, [1])])
    assert [len(choices) for choices in kept] == [4, 0]


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_of_nothing_but_bars_are_read(rows: int) -> None:
    page = [singles(2)] * rows
    assert all(plausible(page, [chosen(row, [1, 1]) for row in page]))


def test_bars_of_another_size_than_the_digits_are_dropped() -> None:
    digits, bars = singles(4), singles(1, height=100)
    assert plausible([digits, bars], [chosen(digits, [2, 0, 2, 6]), chosen(bars, [1])])[1] == ()


def test_a_faint_bar_beside_strong_digits_is_dropped_and_an_equally_strong_one_kept() -> None:
    row = singles(3)
    contrast = np.full((40, 90), 200, np.uint8)
    assert len(without_faint_bars(row, chosen(row, [4, 2, 1]), contrast)) == 3
    contrast[:, 60:] = 60
    assert len(without_faint_bars(row, chosen(row, [4, 2, 1]), contrast)) == 2
    assert len(without_faint_bars(row, chosen(row, [4, 2, 7]), contrast)) == 3
    assert len(without_faint_bars(row, chosen(row, [1, 1, 1]), contrast)) == 3


@pytest.mark.parametrize(
    ("place", "probability", "stays"),
    [(160, 0.6, False), (160, 0.95, True), (159, 0.6, True), (90, 0.6, True)],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_doubtful_digit_cut_off_by_the_border_away_from_the_others_is_none(
    place: int, probability: float, stays: bool, mirrored: bool
) -> None:
    ink = np.ones((40, 20), np.float32)
    width = 180 if place >= 100 else 110
    places = [width - 20 - x if mirrored else x for x in (30, 60, place)]
    candidates = tuple(Candidate(i, i + 1, (x, 0, x + 20, 40), ink) for i, x in enumerate(places))
    row = Row(tuple(Segment(each.box, ink) for each in candidates), candidates, 40.0)
    choices = [
        Choice(i, np.array(sure(2, p)[:10], np.float32)) for i, p in enumerate((0.9, 0.5, probability))
    ]
    kept = without_cut_off(row, choices, width)
    assert kept[:2] == tuple(choices[:2])
    assert len(kept) == (3 if stays else 2)
    assert len(without_cut_off(row, choices[2:], width)) == 1
