"""One temperature makes probabilities mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import TrainingError
from inkread.evaluation.metrics import expected_calibration_error
from inkread.training.calibration import fit_temperature, softmax


def answers(temperature, count=20_000):
    """Logits whose labels are drawn from their softmax at the given temperature."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (count, 10)).astype(np.float32)
    draws = random.random((count, 1))
    labels = (softmax(logits, temperature).cumsum(axis=1) < draws).sum(axis=1).clip(0, 9)
    return logits, labels.astype(np.uint8)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(temperature):
    assert fit_temperature(*answers(temperature)) == pytest.approx(temperature, rel=0.05)


def test_a_bias_is_added_to_what_the_temperature_divides():
    logits, _ = answers(1.0)
    biases = np.linspace(-1, 1, 10)
    draws = np.random.default_rng(1).random((len(logits), 1))
    labels = (softmax(logits / 1.7 + biases).cumsum(axis=1) < draws).sum(axis=1).clip(0, 9)
    assert fit_temperature(logits, labels, biases=biases) == pytest.approx(1.7, rel=0.03)


def test_no_other_temperature_has_a_smaller_loss():
    logits, labels = answers(1.7)

    def loss(temperature):
        return -np.log(softmax(logits, temperature)[np.arange(len(labels)), labels]).mean()

    found = fit_temperature(logits, labels)
    assert loss(found) <= min(loss(found * 0.99), loss(found * 1.01))


@pytest.mark.parametrize("count", [2, 10, 1000])
def test_right_answers_are_as_probable_as_their_number_says(count):
    labels = np.arange(count) % 10
    logits = 10 * np.eye(10, dtype=np.float32)[labels]
    shares = softmax(logits, fit_temperature(logits, labels))
    assert shares.max(axis=1) == pytest.approx(count / (count + 1), abs=1e-3)


def test_right_answers_that_look_certain_cause_no_overflow():
    logits = 1000 * np.eye(10, dtype=np.float32)
    assert softmax(logits, fit_temperature(logits, np.arange(10))).max(axis=1) == pytest.approx(1)


def test_hopeless_answers_get_the_highest_temperature():
    assert fit_temperature(1000 * np.eye(10, dtype=np.float32), (np.arange(10) + 1) % 10) == pytest.approx(20)


@pytest.mark.parametrize(("logits", "labels"), [((0, 10), (0,)), ((5, 10), (4,)), ((5,), (5,))])
def test_shapes_that_do_not_fit_are_rejected(logits, labels):
    with pytest.raises(TrainingError, match="do not fit"):
        fit_temperature(np.zeros(logits), np.zeros(labels, int))


def test_calibrated_answers_have_a_small_calibration_error():
    logits, labels = answers(2.0)
    before, after = (
        expected_calibration_error(shares.max(axis=1), shares.argmax(axis=1) == labels)
        for shares in (softmax(logits), softmax(logits, fit_temperature(logits, labels)))
    )
    assert after < 0.02 < before
