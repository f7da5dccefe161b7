"""Glyphs from strokes, bitmaps and fonts use the same transforms, and their boxes contain the ink."""

import cv2
import numpy as np
import pytest

from inkread.synthetic.vectors import Layer, VectorGlyph, compose, normalised, traced, transform

STROKE = np.array([[0, 0], [30, 10], [10, 90]], np.float32)


def ring() -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    cv2.circle(image, (14, 14), 8, 255, 3)
    return image


def test_a_glyph_is_one_high_on_the_baseline_and_centered() -> None:
    points = normalised([STROKE]).points
    assert points[:, 1].min() == pytest.approx(-1)
    assert points[:, 1].max() == pytest.approx(0)
    assert points[:, 0].min() == pytest.approx(-points[:, 0].max())


@pytest.mark.parametrize("glyph", [normalised([STROKE]), normalised((), traced(ring()))])
def test_the_box_of_a_glyph_fits_its_ink_exactly(glyph: VectorGlyph) -> None:
    layer = Layer((80, 80))
    box = layer.glyph(glyph, np.array([[40.0, 3, 38], [-2, 44, 66]]), 4.0)
    y, x = np.nonzero(layer.coverage() > 0.3)
    assert np.abs(box - [x.min(), y.min(), x.max() + 1, y.max() + 1]).max() < 1.5


def test_a_ring_stays_open() -> None:
    layer = Layer((40, 40))
    layer.glyph(normalised((), traced(ring())), np.array([[30.0, 0, 20], [0, 30, 35]]), 1.0)
    assert layer.coverage()[20, 20] == 0


def test_maps_compose_in_order() -> None:
    outer, inner = np.array([[2.0, 0, 1], [0, 2, 0]]), np.array([[0.0, -1, 5], [1, 0, 0]])
    assert np.allclose(transform(STROKE, compose(outer, inner)), transform(transform(STROKE, inner), outer))
