"""What is learned from beside MNIST, as far as it needs no collection."""

from __future__ import annotations

import numpy as np

from inkread.classifier import Classifier
from inkread.datasets.writing import hand_made


def test_as_many_of_each_digit_are_made_by_hand_and_all_have_ink() -> None:
    glyphs = hand_made(60, np.random.default_rng(0))
    assert np.bincount(glyphs.labels).tolist() == [6] * 10
    assert glyphs.images.shape == (60, 28, 28)
    assert glyphs.images.max(axis=(1, 2)).min() > 200
    assert len({image.tobytes() for image in glyphs.images}) == 60


def test_digits_made_by_hand_vary_with_the_generator_alone() -> None:
    one, same, other = (hand_made(30, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.images, same.images)
    assert (one.images != other.images).any()
    assert one.sha256 == other.sha256  # of the alphabet


def test_digits_made_by_hand_are_what_they_are_called() -> None:
    glyphs = hand_made(500, np.random.default_rng(3))
    read = Classifier(threads=1).probabilities(glyphs.images)[:, :10].argmax(axis=1)
    assert (read == glyphs.labels).mean() > 0.9
