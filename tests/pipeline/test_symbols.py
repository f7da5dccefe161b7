"""A symbol is seen several times, slightly changed, and the mean opinion counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from inkread.models.card import NOT_A_DIGIT
from inkread.picture import load_picture
from inkread.pipeline.symbols import read_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASSES = ("a", "b", NOT_A_DIGIT)


def drawn(height: int = 90) -> np.ndarray:
    picture = np.full((120, 120), 255, np.uint8)
    picture[15 : 15 + height, 40:52] = 0
    picture[15 + height - 12 : 15 + height, 40:84] = 0
    return picture


def classifier(*rows: tuple[float, float, float], classes: tuple[str, ...] = CLASSES) -> Any:
    """Returns a classifier that gives these probabilities to the views in turn, and keeps the views."""
    made = SimpleNamespace(classes=classes, rejection_threshold=1.0, seen=None)

    def probabilities(glyphs: np.ndarray) -> np.ndarray:
        made.seen = glyphs
        return np.array([rows[index % len(rows)] for index in range(len(glyphs))], np.float32)

    made.probabilities = probabilities
    return made


def test_a_symbol_is_seen_as_it_is_and_slightly_changed_around_its_middle():
    asked = classifier((0.7, 0.2, 0.1))
    trace = read_symbol(load_picture(drawn()), asked, ("a", "b"))
    first, *others = asked.seen
    assert np.array_equal(first, trace.glyphs[0])
    assert len(others) == 8
    for other in others:
        assert not np.array_equal(first, other)
        overlap = np.minimum(first, other).sum() / max(first.sum(), other.sum())
        assert overlap > 0.6


def test_the_mean_opinion_counts():
    asked = classifier((0.55, 0.45, 0.0), (0.1, 0.9, 0.0), (0.1, 0.9, 0.0))
    digit = read_symbol(load_picture(drawn()), asked, ("a", "b")).reading.lines[0].digits[0]
    shares = np.prod([[0.55, 0.45], [0.1, 0.9], [0.1, 0.9]], axis=0) ** (1 / 3)
    assert digit.label == "b"
    assert digit.probability == pytest.approx(shares[1] / shares.sum(), abs=1e-4)
    assert [label for label, _ in digit.alternatives] == ["a"]


@pytest.mark.parametrize(("none", "read"), [(0.45, True), (0.55, False)])
def test_what_is_more_probably_no_symbol_is_rejected(none: float, read: bool):
    asked = classifier(((1 - none) / 2, (1 - none) / 2, none))
    assert bool(read_symbol(load_picture(drawn()), asked, ("a", "b")).reading.lines) is read


def test_a_second_opinion_counts_for_the_letter_and_not_for_its_case():
    asked = classifier((0.5, 0.4, 0.1), classes=("a", "A", NOT_A_DIGIT))
    agreed = read_symbol(
        load_picture(drawn()), asked, ("a", "A"), second=lambda _, labels: np.array([0.1, 0.9])
    )
    assert agreed.reading.lines[0].digits[0].label == "a"
    assert agreed.reading.lines[0].digits[0].probability == pytest.approx(0.5, abs=1e-4)
    asked = classifier((0.5, 0.4, 0.1))
    agreed = read_symbol(
        load_picture(drawn()), asked, ("a", "b"), second=lambda _, labels: np.array([0.1, 0.9])
    )
    digit = agreed.reading.lines[0].digits[0]
    assert digit.label == "b"
    assert digit.probability == pytest.approx(0.9 * (4 / 9 + 0.9) / 2, abs=1e-4)
    assert digit.alternatives == (("a", pytest.approx(0.9 * (5 / 9 + 0.1) / 2, abs=1e-4)),)


def test_a_second_opinion_is_not_asked_about_what_is_rejected():
    def second(ink: np.ndarray, labels: Sequence[str]) -> np.ndarray:
        raise AssertionError

    assert not read_symbol(
        load_picture(drawn()), classifier((0.2, 0.2, 0.6)), ("a", "b"), second=second
    ).reading.lines


def test_the_dot_of_an_i_belongs_to_it_and_dirt_does_not():
    picture = np.full((200, 120), 255, np.uint8)
    picture[70:170, 55:65] = 0
    picture[30:40, 55:65] = 0
    dotted = read_symbol(load_picture(picture), classifier((0.9, 0.1, 0.0)), ("a", "b"))
    assert dotted.reading.lines[0].digits[0].box[1] == pytest.approx(30, abs=2)
    picture[30:40, 55:65] = 255
    picture[30:34, 58:62] = 0
    dirty = read_symbol(load_picture(picture), classifier((0.9, 0.1, 0.0)), ("a", "b"))
    assert dirty.reading.lines[0].digits[0].box[1] == pytest.approx(70, abs=2)
