"""The decoder takes the most probable way through a row's candidates."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.decoder import decode, decode_single
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


def test_a_single_digit_prefers_more_of_the_ink_among_equals() -> None:
    row = make_row([(0, 1), (0, 2)], 2)
    (choice,) = decode_single(row, np.array([sure(5, 0.9), sure(5, 0.9)], np.float32))
    assert choice.index == 1
