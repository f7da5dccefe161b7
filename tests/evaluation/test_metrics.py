from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import OptionError
from inkread.evaluation.metrics import (
    accuracy,
    auroc,
    calibration_bins,
    character_error_rate,
    confusion_matrix,
    edit_distance,
    expected_calibration_error,
    matched,
    per_class,
)

digits = st.text(alphabet="012/", max_size=8)


def test_accuracy_is_the_share_of_equal_entries():
    assert accuracy([1, 2, 3, 4], [1, 2, 3, 5]) == 0.75
    assert accuracy(["7", ""], ["7", ""]) == 1.0
    assert math.isnan(accuracy([], []))


def test_confusion_counts_expected_in_rows_and_predicted_in_columns():
    matrix = confusion_matrix([0, 0, 1, 2], [0, 1, 1, 0], classes=3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(("expected", "predicted"), [([0, 1], [0]), ([0], [3]), ([-1], [0]), ([[0]], [[0]])])
def test_confusion_rejects_what_it_cannot_count(expected, predicted):
    with pytest.raises(OptionError):
        confusion_matrix(expected, predicted, classes=3)


def test_class_scores_follow_their_definitions():
    one, two, three = per_class(np.array([[8, 2, 0], [4, 6, 0], [0, 0, 0]]), ["a", "b", "c"])
    assert (one.label, one.support) == ("a", 10)
    assert one.precision == pytest.approx(8 / 12)
    assert one.recall == pytest.approx(8 / 10)
    assert one.f1 == pytest.approx(2 * (8 / 12) * (8 / 10) / (8 / 12 + 8 / 10))
    assert two.precision == pytest.approx(6 / 8)
    assert (three.precision, three.recall, three.f1, three.support) == (0, 0, 0, 0)


def test_calibration_error_is_the_weighted_gap_by_bin():
    confidence, correct = [0.95, 0.95, 0.95, 0.95, 0.55, 0.55], [1, 1, 1, 0, 1, 0]
    wanted = (4 * abs(0.95 - 0.75) + 2 * abs(0.55 - 0.5)) / 6
    assert expected_calibration_error(confidence, correct, bins=10) == pytest.approx(wanted)


def test_calibration_error_is_zero_for_the_certain_and_right_and_one_for_the_certain_and_wrong():
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0
    assert expected_calibration_error([1.0, 1.0], [False, False]) == 1
    assert expected_calibration_error([0.0], [False]) == 0


@pytest.mark.parametrize(
    ("expected", "got", "distance"),
    [("", "", 0), ("12", "", 2), ("", "12", 2), ("123", "13", 1), ("12/3", "123", 1), ("0123", "3210", 4)],
)
def test_edit_distance_counts_the_fewest_changes(expected, got, distance):
    assert edit_distance(expected, got) == distance


@given(digits, digits, digits)
def test_edit_distance_is_a_metric(a, b, c):
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, b) == edit_distance(b, a)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)


def test_character_error_rate_weighs_pictures_by_their_characters():
    assert character_error_rate([("1234567", "1234567"), ("1", "2")]) == 1 / 8
    assert character_error_rate([("1", "111")]) == 2
    assert math.isnan(character_error_rate([("", "")]))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20))
def test_auroc_is_the_share_of_pairs_in_order_with_ties_as_half(examples):
    scores, flags = zip(*examples, strict=True)
    positives = [s for s, flag in examples if flag]
    negatives = [s for s, flag in examples if not flag]
    if not positives or not negatives:
        assert math.isnan(auroc(scores, flags))
        return
    pairs = [(p > n) + (p == n) / 2 for p, n in itertools.product(positives, negatives)]
    assert auroc(scores, flags) == pytest.approx(sum(pairs) / len(pairs))


def test_calibration_bins_hold_every_prediction_once():
    found = calibration_bins([0.0, 0.05, 0.1, 0.95, 1.0], [0, 1, 0, 1, 1], bins=10)
    assert [b.count for b in found] == [3, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (found[0].low, found[-1].high) == (0.0, 1.0)
    assert found[0].confidence == pytest.approx(0.05)
    assert found[0].accuracy == pytest.approx(1 / 3)
    assert math.isnan(found[1].accuracy)
    assert found[1].to_dict() == {
        "low": 0.1, "high": 0.2, "count": 0, "confidence": None, "accuracy": None,
    }  # fmt: skip
    assert [b.count for b in calibration_bins([], [])] == [0] * 15


@pytest.mark.parametrize(
    ("expected", "got", "right"),
    [
        ("123", "123", [True] * 3),
        ("123", "1123", [True, False, True, True]),
        ("123", "13", [True, True]),
        ("12/3", "12/8", [True, True, True, False]),
        ("", "77", [False, False]),
        ("5", "", []),
    ],
)
def test_a_digit_is_right_if_the_fewest_edits_leave_it(expected, got, right):
    found = matched(expected, got)
    assert sum(found) == sum(right)
    assert len(found) == len(got)
