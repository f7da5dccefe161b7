"""Ink is gathered into rows, and every plausible digit of a row is a candidate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inkread.layout import Row, find_rows, find_segments, find_single, is_strong, union


def blank(height: int = 300, width: int = 600) -> np.ndarray:
    return np.zeros((height, width), np.float32)


def put_ring(ink: np.ndarray, x: int, y: int, size: int = 40) -> None:
    cv2.ellipse(ink, (x + size // 3, y + size // 2), (size // 3, size // 2), 0, 0, 360, 1.0, 4)


def rows_of(ink: np.ndarray) -> tuple[Row, ...]:
    segments = find_segments(ink)
    return find_rows(segments, np.zeros(len(segments)), (ink.shape[1], ink.shape[0]))


def test_a_blank_map_has_no_rows() -> None:
    assert rows_of(blank()) == ()
    assert find_single(find_segments(blank()), size=(600, 300)) == ()


def test_digits_beside_each_other_are_one_row_from_left_to_right() -> None:
    ink = blank()
    for x in (400, 50, 220):
        put_ring(ink, x, 100)
    (row,) = rows_of(ink)
    assert [
        segment.box[0] < other.box[0] for segment, other in zip(row.segments, row.segments[1:], strict=False)
    ]
    assert len(row.segments) == 3


@pytest.mark.parametrize(("beside", "size", "is_one"), [(2, 40, True), (3, 40, False), (9, 10, True)])
def test_one_digit_has_few_pieces_of_its_size_beside_it(beside: int, size: int, is_one: bool) -> None:
    ink = blank()
    put_ring(ink, 20, 100, 50)
    for index in range(beside):
        put_ring(ink, 80 + 50 * index, 100, size)
    rows = find_single(find_segments(ink), size=(600, 300))
    alone = [candidate for row in rows for candidate in row.candidates if candidate.box[2] < 80]
    assert bool(alone) is is_one


def test_rows_come_from_top_to_bottom() -> None:
    ink = blank()
    for y in (200, 30, 120):
        for x in (50, 120):
            put_ring(ink, x, y)
    rows = rows_of(ink)
    assert [len(row.segments) for row in rows] == [2, 2, 2]
    tops = [row.segments[0].box[1] for row in rows]
    assert tops == sorted(tops)


def test_a_sloping_row_stays_one() -> None:
    ink = blank()
    for step in range(10):
        put_ring(ink, 20 + 55 * step, 20 + 12 * step)
        put_ring(ink, 20 + 55 * step, 120 + 12 * step)
    assert [len(row.segments) for row in rows_of(ink)] == [10, 10]


def test_a_detached_bar_is_a_candidate_together_with_its_digit() -> None:
    ink = blank()
    put_ring(ink, 60, 100)
    put_ring(ink, 200, 100, 44)
    cv2.line(ink, (205, 92), (240, 88), 1.0, 4)
    put_ring(ink, 330, 100)
    (row,) = rows_of(ink)
    together = [c for c in row.candidates if c.stop - c.start == 2 and c.box[0] >= 195 and c.box[2] <= 250]
    assert together
    assert together[0].box[1] <= 88


def test_two_touching_digits_are_candidates_apart_and_together() -> None:
    ink = blank()
    for x in (60, 300, 420):
        put_ring(ink, x, 100, 60)
    put_ring(ink, 97, 100, 60)
    (row,) = rows_of(ink)
    widths = {c.box[2] - c.box[0] for c in row.candidates if c.box[2] < 180}
    assert any(width < 50 for width in widths)
    assert any(width > 70 for width in widths)


def test_dirt_is_left_out_and_a_dot_does_not_make_a_row() -> None:
    ink = blank()
    for x in (50, 150, 250):
        put_ring(ink, x, 100, 60)
    ink[20, 30] = 1
    ink[280:284, 500:504] = 1
    (row,) = rows_of(ink)
    assert len(row.segments) == 3


def test_what_is_much_paler_than_most_of_the_ink_is_not_strong_and_a_border_counts_for_nothing() -> None:
    ink, contrast = blank(), np.zeros((300, 600), np.uint8)
    for x, darkness in ((100, 150), (200, 140), (300, 50)):
        put_ring(ink, x, 100)
        contrast[:, x - 10 : x + 90] = darkness
    ink[:, 500:] = 1
    contrast[:, 500:] = 250
    segments = find_segments(ink)
    strong = {
        round(segment.box[0] / 100): bool(one)
        for segment, one in zip(segments, is_strong(segments, contrast), strict=True)
    }
    assert strong == {1: True, 2: True, 3: False, 5: True}
    assert is_strong([], contrast).shape == (0,)


def test_a_segments_ink_excludes_what_else_lies_in_its_box() -> None:
    ink = blank(100, 100)
    cv2.circle(ink, (50, 50), 40, 1.0, 3)
    cv2.circle(ink, (50, 50), 10, 1.0, 3)
    outer = max(find_segments(ink), key=lambda s: s.width)
    assert outer.ink[30:52, 30:52].max() == 0


def test_a_union_covers_its_members() -> None:
    ink = blank(60, 120)
    put_ring(ink, 10, 10)
    put_ring(ink, 70, 10)
    segments = find_segments(ink)
    whole = union(segments)
    assert whole.ink.sum() == np.float32(sum(segment.ink.sum() for segment in segments))


def test_every_row_can_be_crossed_by_its_single_segments() -> None:
    ink = blank()
    for x in range(20, 560, 30):
        put_ring(ink, x, 100)
    for row in rows_of(ink):
        singles = {(c.start, c.stop) for c in row.candidates if c.stop == c.start + 1}
        assert singles == {(i, i + 1) for i in range(len(row.segments))}


@settings(max_examples=40)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 50), st.integers(1, 50))))
def test_any_map_is_laid_out_inside_its_borders(solid: np.ndarray) -> None:
    for row in (
        *rows_of(solid.astype(np.float32)),
        *find_single(find_segments(solid.astype(np.float32)), size=solid.shape[::-1]),
    ):
        for candidate in row.candidates:
            x0, y0, x1, y1 = candidate.box
            assert 0 <= x0 < x1 <= solid.shape[1]
            assert 0 <= y0 < y1 <= solid.shape[0]
            assert candidate.ink.shape == (y1 - y0, x1 - x0)
