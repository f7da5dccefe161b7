"""What is learned from beside MNIST, as far as it needs no collection."""

from __future__ import annotations

import numpy as np

from inkread.classifier import Classifier
from inkread.datasets.handwriting import ALPHABET
from inkread.datasets.writing import hand_made


def test_the_more_shapes_a_digit_has_the_more_of_it_are_made_by_hand() -> None:
    shapes = [len(ALPHABET[str(digit)]) for digit in range(10)]
    glyphs = hand_made(2 * sum(shapes), np.random.default_rng(0))
    assert np.bincount(glyphs.labels).tolist() == [2 * count for count in shapes]
    assert glyphs.images.shape[1:] == (28, 28)
    assert glyphs.images.max(axis=(1, 2)).min() > 200
    assert len({image.tobytes() for image in glyphs.images}) == len(glyphs)


def test_digits_made_by_hand_vary_with_the_generator_alone() -> None:
    one, same, other = (hand_made(30, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.images, same.images)
    assert (one.images != other.images).any()
    assert one.sha256 == other.sha256  # of the alphabet


def test_digits_made_by_hand_are_what_they_are_called() -> None:
    glyphs = hand_made(500, np.random.default_rng(3))
    read = Classifier(threads=1).probabilities(glyphs.images)[:, :10].argmax(axis=1)
    assert (read == glyphs.labels).mean() > 0.9
