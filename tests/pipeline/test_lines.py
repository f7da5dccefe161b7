"""Boxes become rows in reading order, even if rows slope, bend, or are cells of a table."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inkread.pipeline.detector import CLASSES, Detections
from inkread.pipeline.lines import rows_of, signs_of


def row(count: int, *, x: float = 10, y: float = 50, pitch: float = 30, slope: float = 0.0, size: float = 24):
    return [
        [
            x + i * pitch,
            y + slope * i * pitch - size / 2,
            x + i * pitch + 0.6 * size,
            y + slope * i * pitch + size / 2,
        ]
        for i in range(count)
    ]


def test_nothing_gives_no_rows() -> None:
    assert rows_of(np.zeros((0, 4), np.float32)) == []


@given(st.floats(-0.3, 0.3), st.integers(2, 12), st.integers(1, 4), st.randoms(use_true_random=False))
def test_sloping_rows_are_separated_and_ordered_for_any_order_of_the_boxes(
    slope, count, lines, random
) -> None:
    boxes = [box for line in range(lines) for box in row(count, y=50 + 60 * line, slope=slope)]
    order = list(range(len(boxes)))
    random.shuffle(order)
    found = rows_of(np.array(boxes, np.float32)[order])
    texts = [[order[index] for index in each] for each in found]
    assert texts == [list(range(line * count, (line + 1) * count)) for line in range(lines)]


def test_a_row_that_bends_stays_one() -> None:
    boxes = [
        [x, 60 + 25 * math.sin(x / 120) - 12, x + 15, 60 + 25 * math.sin(x / 120) + 12]
        for x in range(0, 700, 28)
    ]
    assert len(rows_of(np.array(boxes, np.float32))) == 1


def test_cells_of_a_table_are_read_row_by_row() -> None:
    boxes = row(3, y=40, pitch=150) + row(3, y=90, pitch=150)
    assert rows_of(np.array(boxes, np.float32)) == [[0, 1, 2], [3, 4, 5]]


def test_a_sign_belongs_to_the_digits_beside_it_and_one_far_away_to_none() -> None:
    boxes = [*row(2), [26, 58, 30, 62], [300, 48, 320, 52]]
    logits = np.full((4, len(CLASSES)), -9.0, np.float32)
    for index, kind in enumerate((1, 2, 10, 12)):
        logits[index, kind] = 4
    found = Detections(np.array(boxes, np.float32), logits, np.ones(4, np.float32))
    assert signs_of([[0, 1]], found, np.arange(4)) == [(2,)]
    assert signs_of([[0, 1]], found, np.array([0, 1, 3])) == [()]
