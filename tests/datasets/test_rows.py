"""Rows of digits made by code, here from a hand-made alphabet in place of the collections."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inkread.datasets import backgrounds
from inkread.datasets.handwriting import ALPHABET, RARER, Hand
from inkread.datasets.row_layout import Style, draw, lay_out
from inkread.datasets.row_text import RAISED, SAFE_LETTERS, WORDS, random_text
from inkread.datasets.rows import RowSample, ink_row, load_material, make_row
from inkread.datasets.scribe import MARKS, Material, Scribe, from_image, inked
from inkread.datasets.synthesis import LOOK_ALIKES

SEEDS = range(60)
SHAPE = (90, 420)
ORIGIN = np.array([20.0, 60.0])
CALM = Style(
    height=30,
    pen=3,
    slope=0,
    slant=0.1,
    stretch=1,
    unevenness=0.03,
    lift=0.01,
    gap=0.5,
    gap_spread=0,
    small=1,
    raised=0,
    linked=0,
    pitch=0,
)
KINDS = ("image", "pen", "hand")
STILL = Hand(shapes=(0,) * 10)


@pytest.fixture(scope="module")
def samples(material: Material) -> list[RowSample]:
    return [make_row(material, np.random.default_rng(seed)) for seed in SEEDS]


def written(material, text, kind="pen", style=CALM, seed=1):
    rng = np.random.default_rng(seed)
    scribe = Scribe(material, rng, (kind,) * 10, 0, Hand.random(rng))
    return lay_out(text, scribe, style, rng).moved(ORIGIN)


def test_equal_generators_make_equal_rows_and_others_do_not(material, samples):
    again = make_row(material, np.random.default_rng(SEEDS[3]))
    np.testing.assert_array_equal(again.pixels, samples[3].pixels)
    np.testing.assert_array_equal(again.boxes, samples[3].boxes)
    assert again.text == samples[3].text
    assert len({sample.pixels.tobytes() for sample in samples}) == len(samples)


def test_every_digit_of_the_text_has_a_box_within_the_picture(samples):
    for sample in samples:
        assert sample.pixels.dtype == np.uint8
        assert sample.pixels.shape[2] == 3
        assert sample.boxes.dtype == np.int32
        assert sample.boxes.shape == (len(sample.text), 4)
        assert all(character in "0123456789" for character in sample.text)
        x0, y0, x1, y1 = sample.boxes.T
        assert ((x0 >= 0) & (y0 >= 0) & (x0 < x1) & (y0 < y1)).all()
        assert ((x1 <= sample.pixels.shape[1]) & (y1 <= sample.pixels.shape[0])).all()


def test_boxes_come_from_left_to_right_even_where_digits_overlap(samples):
    for sample in samples:
        middles = sample.boxes[:, [0, 2]].sum(axis=1)
        assert (np.diff(middles) > 0).all()


def test_something_is_to_be_seen_in_every_box(samples):
    for sample in samples:
        grey = sample.pixels.min(axis=2)
        for x0, y0, x1, y1 in sample.boxes:
            assert np.ptp(grey[y0:y1, x0:x1]) >= 8


def test_rows_vary_in_length_size_and_lightness_and_some_hold_no_digit(samples):
    lengths = [len(sample.text) for sample in samples]
    assert min(lengths) == 0
    assert max(lengths) >= 7
    assert 2 <= np.median(lengths) <= 7
    heights = [len(sample.pixels) for sample in samples]
    assert min(heights) < 35
    assert max(heights) > 80
    light = [float(np.median(sample.pixels)) for sample in samples]
    assert min(light) < 110
    assert max(light) > 245


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_is_the_extent_of_its_digits_own_ink(material, kind):
    row = written(material, "3170425", kind)
    _, boxes = draw(row, SHAPE, CALM.pen)
    assert len(boxes) == 7
    for one, box in zip(row.placed, boxes, strict=True):
        alone, _ = draw(replace(row, placed=(one,), strokes=()), SHAPE, CALM.pen)
        y, x = np.nonzero(alone >= 0.5)
        np.testing.assert_allclose(box, [x.min(), y.min(), x.max() + 1, y.max() + 1], atol=1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_boxes_hold_all_ink_of_a_row_of_digits(material, kind):
    ink, boxes = draw(replace(written(material, "95061", kind), strokes=()), SHAPE, CALM.pen)
    for x0, y0, x1, y1 in boxes:
        assert (ink[y0:y1, x0:x1] >= 0.5).any()
        ink[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1] = 0
    assert (ink < 0.5).all()


@pytest.mark.parametrize("sign", [*MARKS, " kr ", RAISED])
def test_what_is_no_digit_is_drawn_without_a_box(material, sign):
    row = written(material, f"4{sign}2")
    _, boxes = draw(row, SHAPE, CALM.pen)
    assert len(boxes) == 2
    assert len(row.placed) == 2 + len(sign.replace(" ", "").replace(RAISED, ""))


@pytest.mark.parametrize(("gap", "pieces"), [(0.5, 4), (-0.1, 1)])
def test_the_gap_parts_digits_or_makes_them_touch(material, gap, pieces):
    ink, _ = draw(written(material, "0000", style=replace(CALM, gap=gap)), SHAPE, CALM.pen)
    count, _ = cv2.connectedComponents((ink >= 0.5).astype(np.uint8))
    assert count - 1 == pieces


def test_links_join_zeros_that_stand_apart(material):
    style = replace(CALM, gap=0.2, linked=1.0)
    ink, _ = draw(written(material, "000", style=style), SHAPE, CALM.pen)
    count, _ = cv2.connectedComponents((ink >= 0.5).astype(np.uint8))
    assert count - 1 == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pen", [1.5, 3.0, 6.0])
def test_every_kind_of_hand_writes_with_the_pen_it_is_given(material, kind, pen):
    style = replace(CALM, height=60, pen=pen)
    ink, _ = draw(written(material, "00", kind, style).moved(np.array([0, 15])), SHAPE, pen)
    assert 0.6 * pen <= float(ink.sum()) / _length(ink) <= 1.7 * pen


def _length(ink):
    """Length of the strokes of closed rings: half of the length of their outlines."""
    outlines, _ = cv2.findContours((ink >= 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return max(1.0, sum(cv2.arcLength(outline, True) for outline in outlines) / 2)


def test_a_picture_worn_down_to_a_thin_line_does_not_break():
    ring = np.zeros((28, 28), np.uint8)
    cv2.ellipse(ring, (14, 14), (6, 8), 20, 0, 360, 255, 4, cv2.LINE_AA)
    glyph = from_image(ring)
    to_pixels = np.array([[60.0, 0, 60], [0, 60, 70]]) @ np.vstack([glyph.to_unit, [0, 0, 1]])
    thick, thin = (inked(glyph.field, to_pixels, pen, (120, 120)) for pen in (12.0, 2.5))
    count, _ = cv2.connectedComponents((thin >= 0.4).astype(np.uint8), connectivity=8)
    assert count - 1 == 1
    assert 0 < thin.sum() < 0.4 * thick.sum()


def test_who_writes_some_digits_in_one_way_may_write_others_in_another(material):
    kinds = [Scribe.random(material, np.random.default_rng(seed)).kinds for seed in range(200)]
    assert {len(one) for one in kinds} == {10}
    assert {kind for one in kinds for kind in one} == set(KINDS)
    mixed = np.mean([len(set(one)) > 1 for one in kinds])
    assert 0.25 < mixed < 0.55
    drawn = Scribe(material, np.random.default_rng(0), ("pen",) * 9 + ("image",), 0, STILL)
    assert [drawn.glyph(digit).field is None for digit in "0189"] == [True, True, True, False]


def test_some_hands_write_rare_shapes_and_others_common_ones_only(material):
    common = [
        len(shapes) - len(rarer) for shapes, rarer in zip(ALPHABET.values(), RARER.values(), strict=True)
    ]
    hands = [Scribe.random(material, np.random.default_rng(seed)).hand for seed in range(200)]
    rare = np.array([np.greater_equal(hand.shapes, common).any() for hand in hands])
    assert 0.4 < rare.mean() < 0.8
    plain = [Hand.random(np.random.default_rng(seed)) for seed in range(50)]
    assert all(np.less(hand.shapes, common).all() for hand in plain)


def test_no_letter_beside_a_number_could_be_taken_for_a_digit():
    assert not LOOK_ALIKES & {*SAFE_LETTERS, *"".join(WORDS)}
    drawable = {*MARKS, *SAFE_LETTERS, *"".join(WORDS), *"0123456789", " ", RAISED}
    rng = np.random.default_rng(2)
    assert {character for _ in range(500) for character in random_text(rng)} <= drawable


def test_amounts_often_end_in_zeros():
    rng = np.random.default_rng(3)
    texts = ["".join(c for c in random_text(rng) if c.isdigit()) for _ in range(1000)]
    assert 0.1 < np.mean([text.endswith("00") for text in texts]) < 0.6


@pytest.mark.parametrize(
    ("shape", "width"), [((30, 60), 80), ((80, 160), 80), ((50, 3), 8), ((40, 2000), 640)]
)
def test_an_ink_row_is_40_pixels_high_and_keeps_its_aspect_within_limits(shape, width):
    pixels = np.full((*shape, 3), 230, np.uint8)
    pixels[shape[0] // 3 : shape[0] // 2] = 40
    row = ink_row(pixels)
    assert row.shape == (40, width)
    assert row.dtype == np.float32
    assert 0 <= row.min() <= row.max() <= 1


def test_paper_of_every_kind_is_rgb_within_its_range():
    for seed in SEEDS:
        page = backgrounds.sheet((31, 77), 20.0, np.random.default_rng(seed))
        assert page.shape == (31, 77, 3)
        assert page.dtype == np.float32
        assert 0 <= page.min() <= page.max() <= 1


def test_what_is_held_out_shares_nothing_with_what_is_learned(data_dir):
    learned, held_out = (load_material(data_dir=data_dir, held_out=choice) for choice in (False, True))
    assert (len(learned.images), len(held_out.images)) == (55_000, 5_000)
    assert not {*learned.characters.contributors} & {*held_out.characters.contributors}
    assert not {*learned.writer_index} & {*held_out.writer_index}
    needed = {*SAFE_LETTERS, *"".join(WORDS)}
    assert needed <= {*learned.characters.labels}
    assert needed <= {*held_out.characters.labels}
