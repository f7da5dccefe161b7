"""The training glyphs beyond MNIST, as far as they need no collection."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets.glyph_corpus import frayed_edges, hand_made, printed
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS
from inkread.datasets.printed_letters import draw_letter
from inkread.datasets.stroke_font import ALPHABET
from inkread.pipeline.classifier import Classifier


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


def test_printed_letters_are_not_digits_and_all_differ() -> None:
    glyphs = printed(400, np.random.default_rng(0))
    assert set(glyphs.labels.tolist()) == {NOT_A_DIGIT_CLASS}
    assert glyphs.images.any(axis=(1, 2)).all()
    assert len(np.unique(glyphs.images, axis=0)) == 400


def test_equal_generators_print_equal_letters() -> None:
    one, same, other = (printed(30, np.random.default_rng(seed)).images for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("letter", "AMgy")
def test_a_letter_is_completely_inside_its_picture(letter: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        ink = draw_letter(letter, rng)
        assert ink.dtype == np.float32
        assert 0 < ink.max() <= 1
        np.testing.assert_array_equal(np.pad(ink[1:-1, 1:-1], 1), ink)


def test_a_frayed_drawing_is_black_and_white_and_keeps_its_shape() -> None:
    rng = np.random.default_rng(4)
    ink = np.zeros((40, 40), np.float32)
    ink[5:35, 14:26] = 1
    frayed = [frayed_edges(ink, rng) for _ in range(50)]
    assert all(set(np.unique(one)) == {0, 1} for one in frayed)
    assert all((one[8:32, 17:23] == 1).all() and not one[:, :11].any() for one in frayed)
    assert len({one.tobytes() for one in frayed}) > 40
