"""The candidates that spell a known text are found among others, and a text that is not there is not."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from inkread.pipeline.detector import CLASSES, Detections
from inkread.training.alignment import aligned


def candidates(*found: tuple[float, int, float]) -> Detections:
    """Boxes 10 wide from x on, of a digit with a logit."""
    boxes = np.array([[x, 0, x + 10, 20] for x, _, _ in found], np.float32).reshape(-1, 4)
    logits = np.full((len(found), len(CLASSES)), -6.0, np.float32)
    for index, (_, digit, logit) in enumerate(found):
        logits[index, digit] = logit
    return Detections(boxes, logits, np.ones(len(found), np.float32))


def test_the_text_is_spelled_from_left_to_right_among_weak_others() -> None:
    found = candidates((40, 2, 2.0), (0, 1, 1.5), (20, 7, 2.5), (21, 1, -1.0), (60, 4, -2.5))
    boxes = aligned(found, "172")
    assert boxes is not None
    assert boxes[:, 0].tolist() == [0, 20, 40]


def test_one_candidate_is_not_two_digits() -> None:
    assert aligned(candidates((0, 1, 3.0), (2, 1, 2.0)), "11") is None


@pytest.mark.parametrize("text", ["", "18", "1725", "71"])
def test_missing_digits_are_not_aligned(text: str) -> None:
    assert aligned(candidates((0, 1, 1.5), (20, 7, 2.5), (40, 2, 2.0)), text) is None


def test_a_sure_digit_beside_the_text_makes_it_doubtful() -> None:
    assert aligned(candidates((0, 1, 1.5), (20, 7, 2.5)), "1") is None
