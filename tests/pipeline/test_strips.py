"""Strips follow neighboring digits at one height, and their columns are assigned to boxes."""

import numpy as np
import pytest

from inkread.pipeline.columns import COLUMN, unfolded
from inkread.pipeline.strip_reader import NONE, judged
from inkread.pipeline.strips import HEIGHT, TALL, owners, planes, runs_of, strips_of


def row(count: int, *, slope: float = 0.0, scale: float = 1.0, gap: float = 10.0) -> np.ndarray:
    """Boxes of 10×20 in a row, in the middle of a page."""
    left = 40 + np.arange(count) * (10 + gap)
    top = 60 + slope * left
    return (np.stack([left, top, left + 10, top + 20], axis=1) * scale).astype(np.float32)


def page(boxes: np.ndarray, shape: tuple[int, int] = (160, 260)) -> np.ndarray:
    """Draws a dark bar in each box."""
    grey = np.full(shape, 220, np.uint8)
    for x0, y0, x1, y1 in boxes.round().astype(int):
        grey[y0:y1, x0:x1] = 30
    return grey


@pytest.mark.parametrize("scale", [0.5, 1, 4])
@pytest.mark.parametrize("slope", [0.0, 0.15])
def test_digits_have_one_height_along_any_row(scale: float, slope: float) -> None:
    boxes = row(5, slope=slope, scale=scale)
    grey = page(boxes, (int(160 * scale), int(260 * scale)))
    (strip,) = strips_of(grey, boxes)
    assert strip.pixels.shape[0] == HEIGHT
    owner, ends = owners([strip], boxes)
    assert owner.tolist() == [0] * 5
    for x0, x1 in ends:
        dark = strip.pixels[:, int((x0 + x1) / 2)] < 125
        assert dark.sum() == pytest.approx(TALL, abs=3)
        assert np.flatnonzero(dark).mean() == pytest.approx(HEIGHT / 2, abs=2)
    assert strip.pixels[:, int((ends[0, 1] + ends[1, 0]) / 2)].min() > 180


def test_a_wide_gap_parts_a_row_and_rows_are_apart() -> None:
    near, far, below = row(3), row(2) + np.float32([150, 0, 150, 0]), row(3) + np.float32([0, 40, 0, 40])
    assert [len(run) for run in runs_of(np.concatenate([near, far, below]))] == [3, 2, 3]


def test_a_box_of_quite_another_height_is_a_run_by_itself() -> None:
    boxes = np.concatenate([row(3), np.float32([[56, 70, 58, 75]])])
    assert sorted(len(run) for run in runs_of(boxes)) == [1, 3]


def test_a_box_of_another_row_or_size_is_in_no_strip() -> None:
    boxes = row(4)
    strips = strips_of(page(boxes), boxes)
    others = np.array(
        [[60, 100, 70, 120], [40, 0, 100, 120], [62, 68, 64, 72], [250, 60, 260, 80]], np.float32
    )
    assert owners(strips, others)[0].tolist() == [-1] * 4


def test_without_boxes_there_are_no_strips() -> None:
    assert strips_of(page(row(1)), np.zeros((0, 4), np.float32)) == []
    assert owners([], row(2))[0].tolist() == [-1, -1]


def test_columns_beyond_a_strip_are_0_and_a_blank_strip_stays_blank() -> None:
    pixels = np.full((2, HEIGHT, 60), 90, np.uint8)
    pixels[0, 10:30, 20:30] = 10
    even = planes(pixels, np.array([40, 60]))
    assert even.shape == (2, 1, HEIGHT, 60)
    assert not even[0, 0, :, 40:].any()
    assert even[0, 0, 20, 25] > 0.5
    assert np.abs(even[1]).max() < 1e-6


def test_a_box_is_judged_by_the_column_in_its_core_that_is_most_confident_of_a_digit() -> None:
    columns = np.full((20, NONE + 1), 0.0, np.float32)
    columns[:, NONE] = 1
    columns[5, [3, NONE]] = 0.8, 0.2
    columns[9, [7, NONE]] = 0.9, 0.1
    ends = np.array([[4, 18], [14, 24], [0, 4]], np.float64)
    told = judged([columns], np.array([0, 0, 0]), ends)
    assert told.argmax(axis=1).tolist() == [3, 7, NONE]
    nowhere = judged([columns], np.array([-1]), ends[:1])
    assert np.ptp(nowhere) == 0
    assert nowhere.sum() == pytest.approx(1)


def test_each_answer_of_the_network_is_for_two_columns() -> None:
    answer = np.arange(22 * 3, dtype=np.float32).reshape(22, 3)
    columns = unfolded(answer)
    assert columns.shape == (6, 11)
    assert columns[0].tolist() == answer[:11, 0].tolist()
    assert columns[1].tolist() == answer[11:, 0].tolist()
    assert COLUMN == 2


def test_ink_is_bright_whether_it_was_dark_or_light() -> None:
    pixels = np.full((1, HEIGHT, 60), 200, np.uint8)
    pixels[0, 10:30, 20:24] = 40
    widths = np.array([60])
    assert planes(pixels, widths) == pytest.approx(planes(255 - pixels, widths), abs=1e-5)
