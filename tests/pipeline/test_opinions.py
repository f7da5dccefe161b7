"""The networks' predictions for candidates, and for a picture without ink."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG
from inkread.pipeline.detector import DIGITS, Detections
from inkread.pipeline.opinions import Opinions, opinions_of


def opinions(grey: np.ndarray, *, single: bool) -> Opinions:
    """Nothing is detected, and a classifier calls everything a 1."""
    none = Detections(*(np.zeros((0, *shape), np.float32) for shape in ((4,), (15,), ())))
    blank: Any = SimpleNamespace(
        config=DEFAULT_CONFIG,
        detect=lambda *_, **__: (none, np.zeros((1, 1), np.float32)),
        logits=lambda _, boxes: np.zeros((len(boxes), DIGITS + 1), np.float32),
        probabilities=lambda _, boxes, __: np.full((len(boxes), DIGITS + 1), 1 / 11, np.float32),
    )
    ones = np.eye(DIGITS + 1, dtype=np.float32)[1]
    return opinions_of(
        grey, blank, blank, blank, lambda glyphs: np.tile(ones, (len(glyphs), 1)), single=single
    )


def test_a_glyph_without_ink_is_never_a_digit() -> None:
    told = opinions(np.full((40, 40), 255, np.uint8), single=True)
    assert len(told.found) == 0
    assert told.whole.argmax() == DIGITS


def test_a_picture_given_as_one_digit_is_a_candidate_as_a_whole_if_it_has_ink() -> None:
    grey = np.full((40, 40), 255, np.uint8)
    grey[8:32, 18:22] = 0
    assert opinions(grey, single=True).found.boxes.tolist() == [[0, 0, 40, 40]]
    assert opinions(grey, single=True).whole.argmax() == 1
    assert len(opinions(grey, single=False).found) == 0
