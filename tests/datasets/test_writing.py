"""What is learned from beside MNIST, as far as it needs no collection."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.classifier import Classifier
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS
from inkread.datasets.greek import GREEK
from inkread.datasets.handwriting import ALPHABET
from inkread.datasets.printing import draw_letter
from inkread.datasets.writing import frayed_edges, greek, hand_made, is_blot, printed, with_skip


def test_the_more_shapes_a_digit_has_the_more_of_it_are_made_by_hand() -> None:
    shapes = [len(ALPHABET[str(digit)]) for digit in range(10)]
    glyphs = hand_made(10 * sum(shapes), np.random.default_rng(0))
    written = np.bincount(glyphs.labels)
    assert (written <= [10 * count for count in shapes]).all()
    assert (written >= [9.4 * count for count in shapes]).all()  # less a few that no one could read
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


def test_what_the_pen_fills_is_a_blot_and_no_hand_made_digit_is_one() -> None:
    columns, rows = np.meshgrid(np.arange(28) - 14, np.arange(28) - 14)
    disc = np.where(np.hypot(columns, 1.3 * rows) < 10, 255, 0).astype(np.uint8)
    ring = np.where(np.hypot(columns, 1.3 * rows) < 4, 0, disc).astype(np.uint8)
    bar = np.where((abs(columns) < 4) & (abs(rows) < 10), 255, 0).astype(np.uint8)
    angle = np.where((columns < -2) | (rows > 2), disc, 0).astype(np.uint8)
    assert [is_blot(glyph) for glyph in (disc, ring, bar, angle)] == [True, False, False, False]
    assert not any(is_blot(glyph) for glyph in hand_made(2_000, np.random.default_rng(0)).images)


def test_greek_letters_are_no_digits_and_every_shape_is_written_as_often() -> None:
    shapes = sum(len(each) for each in GREEK.values())
    glyphs = greek(2 * shapes, np.random.default_rng(0))
    assert set(glyphs.labels.tolist()) == {NOT_A_DIGIT_CLASS}
    assert glyphs.images.max(axis=(1, 2)).min() > 200
    assert len({image.tobytes() for image in glyphs.images}) == len(glyphs)
    same, other = greek(shapes, np.random.default_rng(0)), greek(shapes, np.random.default_rng(1))
    # The shapes come in turn: pens and places differ, yet each glyph is likest to that of its own shape more often than to any other's.
    one, two = (each.images.reshape(shapes, -1).astype(np.float32) for each in (same, other))
    one, two = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (one, two))
    assert ((one @ two.T).argmax(axis=1) == np.arange(shapes)).mean() > 0.2


def test_letters_that_look_like_digits_are_not_among_the_greek() -> None:
    assert not GREEK.keys() & {
        *("beta", "delta", "zeta", "theta", "iota", "xi", "omicron", "sigma"),
        *("phi", "Phi", "Lambda"),
    }


def test_letters_in_print_are_no_digits_and_each_is_its_own() -> None:
    glyphs = printed(400, np.random.default_rng(0))
    assert set(glyphs.labels.tolist()) == {NOT_A_DIGIT_CLASS}
    assert glyphs.images.any(axis=(1, 2)).all()
    assert len(np.unique(glyphs.images, axis=0)) == 400


def test_equal_generators_print_equal_letters() -> None:
    one, same, other = (printed(30, np.random.default_rng(seed)).images for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("letter", "AMgy")
def test_a_letter_lies_whole_in_its_picture(letter: str) -> None:
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


def test_a_skip_leaves_out_a_piece_within_the_longest_strokes_and_nothing_else() -> None:
    line = np.column_stack([np.linspace(0, 10, 51), np.zeros(51)]).astype(np.float32)
    dot = np.array([[5, 40]], np.float32)
    for seed in range(20):
        before, after, same = with_skip([line, dot], 0.05, np.random.default_rng(seed))
        gap = after[0, 0] - before[-1, 0]
        assert gap == pytest.approx(0.05 * 40)
        assert before[-1, 0] >= gap
        assert line[-1, 0] - after[0, 0] >= 0.99 * gap
        assert (before[0] == line[0]).all()
        assert (after[-1] == line[-1]).all()
        assert same is dot


def test_strokes_too_short_for_a_skip_are_left_as_they_are() -> None:
    line = np.array([[0, 0], [1, 0]], np.float32)
    assert with_skip([line], 0.3, np.random.default_rng(0))[0] is line
