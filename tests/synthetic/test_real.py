"""Pages of real numbers match their boxes, and held-out numbers are not used for training."""

from pathlib import Path

import numpy as np
import pytest

from inkread.datasets.strips import Number, load_numbers
from inkread.synthetic.real import IGNORED, RealNumber, load_real, real_page

STRIP = np.full((48, 60), 220, np.uint8)


def number(signs: tuple[int, ...] = ()) -> RealNumber:
    """12, each digit a dark bar of 20 pixels."""
    pixels = STRIP.copy()
    pixels[14:34, 10:16] = pixels[14:34, 30:36] = 40
    boxes = np.array([[10, 14, 16, 34], [30, 14, 36, 34]], np.float32)
    return RealNumber.of(Number(pixels, "12", signs, "test"), boxes)


def test_boxes_match_the_digits() -> None:
    page, boxes, heights, classes = real_page((number(),), np.random.default_rng(0), 128)
    assert page.shape == (128, 128)
    assert set(classes.tolist()) == {1, 2}
    whole = (boxes >= 0).all(axis=1) & (boxes <= 128).all(axis=1)
    assert whole.any()
    assert heights[whole] == pytest.approx(boxes[whole, 3] - boxes[whole, 1], rel=0.2)
    for x0, y0, x1, y1 in boxes[whole].round().astype(int):
        inside = np.median(page[y0:y1, x0:x1].astype(int))
        assert abs(inside - np.median(page)) > 20


@pytest.mark.parametrize(("after", "from_x", "to_x"), [(0, 16, 30), (1, 36, 56), (-1, -10, 10)])
def test_where_a_sign_may_be_nothing_counts(after: int, from_x: int, to_x: int) -> None:
    found = number((after,))
    assert found.classes.tolist() == [1, 2, IGNORED]
    assert found.boxes[2, [0, 2]] == pytest.approx([from_x, to_x], abs=3)
    assert found.height == 20


def test_numbers_that_are_held_out_are_not_learned_from(data_dir: Path) -> None:
    seen, held_out = (
        {each.source for each in load_numbers(data_dir, held_out=part)} for part in (False, True)
    )
    assert not seen & held_out
    assert len(held_out) > 300
    real = load_real(data_dir, held_out=True)
    assert 0.5 * len(held_out) < len(real) < len(held_out)
    assert all(len(each.boxes) >= 1 for each in real)
