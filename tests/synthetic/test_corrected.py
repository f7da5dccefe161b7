"""Crops of corrected pages: digits keep their places, at sizes that the detector knows."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inkread.synthetic.real import CROPPED, corrected_part
from inkread.synthetic.scenes import HEIGHTS


def page(scale: int = 1, *, digits: int = 3) -> Any:
    """Draws dark bars as digits on light paper, 40 pixels high at scale 1."""
    boxes = np.array([[60 + 50 * i, 80, 72 + 50 * i, 120] for i in range(digits)], np.float32) * scale
    pixels = np.full((200 * scale, 300 * scale), 230, np.uint8)
    for x0, y0, x1, y1 in boxes.astype(int):
        pixels[y0:y1, x0:x1] = 30
    return SimpleNamespace(
        pixels=pixels, boxes=boxes.reshape(-1, 4), classes=np.arange(digits, dtype=np.int64)
    )


@pytest.mark.parametrize("scale", [1, 8])
def test_the_boxes_match_the_digits_for_any_size_of_the_page(scale: int) -> None:
    rng, seen = np.random.default_rng(0), 0
    for _ in range(40):
        pixels, boxes, classes = corrected_part([page(scale)], rng, 128, HEIGHTS)
        assert pixels.shape == (128, 128)
        for (x0, y0, x1, y1), digit in zip(boxes.tolist(), classes.tolist(), strict=True):
            inside = x0 > 1 and y0 > 1 and x1 < 127 and y1 < 127
            if digit >= 0 and inside:
                assert CROPPED[0] - 1 < y1 - y0 < CROPPED[1] + 1
                middle = pixels[int((y0 + y1) / 2), int((x0 + x1) / 2)]
                assert middle < 90
                assert pixels[int((y0 + y1) / 2), max(0, int(x0 - 0.2 * (y1 - y0)))] > 150
                seen += 1
    assert seen > 20


def test_a_page_without_digits_is_background() -> None:
    pixels, boxes, classes = corrected_part([page(digits=0)], np.random.default_rng(0), 64, HEIGHTS)
    assert (pixels == 230).all()
    assert len(boxes) == len(classes) == 0
