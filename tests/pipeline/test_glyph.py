"""Glyphs have MNIST's own geometry."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inkread.pipeline import glyph


def ring(size: int, thickness: int) -> np.ndarray:
    field = np.zeros((size, size), np.uint8)
    cv2.circle(field, (size // 2, size // 2), size // 3, 255, thickness, cv2.LINE_AA)
    return field.astype(np.float32) / 255


@given(
    hnp.arrays(
        np.float32, st.tuples(st.integers(0, 60), st.integers(0, 60)), elements=st.floats(0, 1, width=32)
    )
)
def test_any_ink_gives_a_28_by_28_glyph_of_bytes(ink: np.ndarray) -> None:
    result = glyph.normalize(ink)
    assert result.shape == (28, 28)
    assert result.dtype == np.uint8
    assert result.any() == (ink >= glyph.EDGE).any()


@pytest.mark.parametrize("size", [12, 28, 60, 200, 900])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_the_longer_side_fills_twenty_pixels_at_any_size_and_pen(size: int, share: float) -> None:
    result = glyph.normalize(ring(size, max(1, round(size * share))))
    rows = np.flatnonzero(result.any(axis=1))
    assert rows[-1] - rows[0] + 1 == glyph.BOX


def test_the_aspect_is_kept() -> None:
    result = glyph.normalize(np.ones((100, 20), np.float32))
    rows, columns = np.flatnonzero(result.any(axis=1)), np.flatnonzero(result.any(axis=0))
    assert rows.size == 20
    assert columns.size == pytest.approx(4, abs=1)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_place_in_the_crop_does_not_matter(top: int, left: int) -> None:
    shape = ring(48, 5)
    moved = np.pad(shape, ((top, 40 - top), (left, 40 - left)))
    np.testing.assert_array_equal(glyph.normalize(moved), glyph.normalize(shape))


def test_the_centre_of_mass_falls_within_a_pixel_of_fifteen() -> None:
    heavy_below = np.zeros((60, 40), np.float32)
    heavy_below[:, 18:22] = 1
    heavy_below[45:] = 1
    result = glyph.normalize(heavy_below).astype(float)
    barycentre = (result.sum(axis=1) @ (np.arange(28) + 0.5)) / result.sum()
    assert 14 < barycentre < 16


@pytest.mark.parametrize(("share", "expected"), [(0.01, glyph.THIN), (0.35, glyph.THICK)])
def test_thin_and_thick_strokes_come_to_mnists_width(share: float, expected: float) -> None:
    field = np.zeros((400, 400), np.uint8)
    cv2.line(field, (200, 50), (200, 350), 255, max(1, round(300 * share)))
    cv2.line(field, (60, 200), (340, 200), 255, max(1, round(300 * share)))
    width = (
        glyph.stroke_width(cv2.resize(glyph.normalize(field / np.float32(255)), (280, 280)) / np.float32(255))
        / 10
    )
    assert width / glyph.BOX == pytest.approx(expected, abs=0.035)


def test_a_usual_stroke_is_left_as_it_is() -> None:
    shape = ring(100, 9)
    np.testing.assert_array_equal(glyph.normalize(shape), glyph.normalize(shape, keep_width=True))


def test_blank_ink_gives_a_blank_glyph() -> None:
    assert not glyph.normalize(np.zeros((30, 30), np.float32)).any()
    assert not glyph.normalize(np.zeros((0, 5), np.float32)).any()
    assert glyph.normalize_all([]).shape == (0, 28, 28)


def test_area_weights_give_every_pixel_its_footprint() -> None:
    for size in (20, 33, 57, 80):
        columns = glyph._area_weights(size).sum(axis=0)
        scale = glyph.BOX / size
        assert columns.max() == pytest.approx(scale, rel=1e-5)
        assert columns.min() >= glyph.FOOTPRINT * scale * (1 - 1e-5)


def test_mnists_own_digits_pass_through_nearly_unchanged(data_dir) -> None:  # type: ignore[no-untyped-def]
    from inkread.datasets.mnist import load_mnist

    digits = load_mnist("test", data_dir=data_dir, download=False).images[:1000]
    as_they_are = np.stack([glyph.normalize(d / np.float32(255), keep_width=True) for d in digits])
    usual = np.stack([glyph.normalize(d / np.float32(255)) for d in digits])
    identical = (as_they_are == digits).all(axis=(1, 2))
    assert identical.mean() > 0.8
    assert np.abs(as_they_are.astype(int) - digits).mean() < 0.2
    # One in ten is thinner or thicker than usual, and is supposed to change.
    assert (np.abs(usual.astype(int) - digits).mean(axis=(1, 2)) < 1).mean() > 0.85


@pytest.mark.parametrize("side", [300, 1000, 2000])
def test_specks_that_vanish_when_they_are_reduced_are_nothing(side: int) -> None:
    ink = np.zeros((side, side), np.float32)
    ink[0, 0] = ink[-1, -1] = 0.6
    assert not glyph.normalize(ink).any()


def test_the_place_of_nothing_is_nothing() -> None:
    assert not glyph.place(np.zeros((0, 0), np.float32)).any()
    assert not glyph.place(np.zeros((30, 20), np.float32)).any()
