"""Ink is found whatever the paper, the light and the pen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inkread.ink import find_ink, polarity


def stroke_mask(height: int = 240, width: int = 320, thickness: int = 6) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    points = [(width // 4, height // 4), (width // 2, 3 * height // 4), (3 * width // 4, height // 4)]
    cv2.polylines(mask, [np.array(points)], isClosed=False, color=1, thickness=thickness)
    return mask


def painted(mask: np.ndarray, paper: object, ink: object) -> np.ndarray:
    pixels = np.empty((*mask.shape, 3), np.float32)
    pixels[:] = paper
    pixels[mask > 0] = np.broadcast_to(np.asarray(ink, np.float32), pixels.shape)[mask > 0]
    return pixels.clip(0, 255).astype(np.uint8)


def overlap(found: np.ndarray, mask: np.ndarray) -> float:
    """Intersection over union of the ink found and the ink drawn."""
    solid = found >= 0.5
    return float((solid & (mask > 0)).sum() / (solid | (mask > 0)).sum())


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((255, 255, 255), (0, 0, 0)),
        ((235, 230, 215), (30, 40, 150)),
        ((255, 255, 255), (190, 190, 190)),
        ((255, 255, 255), (230, 40, 40)),
        ((255, 255, 255), (40, 200, 60)),
        ((90, 90, 95), (30, 30, 35)),
    ],
    ids=["black on white", "blue on cream", "faint pencil", "red", "green", "in the dark"],
)
def test_dark_ink_of_any_colour_is_found_on_any_paper(paper: object, ink: object) -> None:
    mask = stroke_mask()
    result = find_ink(painted(mask, paper, ink))
    assert not result.light_on_dark
    assert overlap(result.map, mask) > 0.9


@pytest.mark.parametrize(("paper", "ink"), [((0, 0, 0), (255, 255, 255)), ((35, 60, 45), (225, 225, 220))])
def test_light_ink_on_a_dark_ground_is_found(paper: object, ink: object) -> None:
    mask = stroke_mask()
    result = find_ink(painted(mask, paper, ink))
    assert result.light_on_dark
    assert overlap(result.map, mask) > 0.9


def test_a_light_gradient_and_a_shadow_are_not_ink() -> None:
    mask = stroke_mask()
    light = np.linspace(250, 110, mask.shape[1])[None, :, None] * np.ones((mask.shape[0], 1, 3))
    shadow = cv2.GaussianBlur(np.where(np.arange(320) > 200, 0.7, 1.0).astype(np.float32)[None], (0, 0), 12)
    paper = light * shadow[0][None, :, None]
    assert overlap(find_ink(painted(mask, paper, paper * 0.35)).map, mask) > 0.85


def test_noise_on_blank_paper_is_hardly_ever_ink() -> None:
    rng = np.random.default_rng(0)
    pixels = (200 + rng.normal(0, 4, (300, 300, 3))).astype(np.uint8)
    assert (find_ink(pixels).map >= 0.5).mean() < 0.002


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_has_no_ink(level: int) -> None:
    assert not find_ink(np.full((50, 70, 3), level, np.uint8)).map.any()


def test_thick_strokes_that_fill_the_picture_are_solid() -> None:
    mask = stroke_mask(28, 28, thickness=5)
    assert overlap(find_ink(painted(mask, (255, 255, 255), (0, 0, 0))).map, mask) > 0.9


@pytest.mark.parametrize("width", [6, 30, 60])
def test_on_paper_of_one_tone_a_stroke_of_any_width_is_solid(width: int) -> None:
    pixels = np.full((200, 200, 3), 255, np.uint8)
    pixels[30:170, 60 : 60 + width] = 0
    assert find_ink(pixels).map[32:168, 62 : 58 + width].min() > 0.9


def test_a_white_sheet_in_a_black_frame_has_ink_on_the_sheet_only() -> None:
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[15:185, 15:185] = 255
    pixels[50:150, 95:105] = 0
    found = find_ink(pixels, light_on_dark=False).map[30:170, 30:170]
    assert found[25:115, 67:73].min() > 0.9
    assert (found >= 0.5).sum() < 1.3 * 1000


@pytest.mark.parametrize("x", [13.5, 13.75, 14.0])
def test_a_hairline_of_a_tiny_picture_stays_whole_wherever_it_falls(x: float) -> None:
    columns = np.arange(28)
    coverage = np.clip(np.minimum(columns + 1, x + 0.5) - np.maximum(columns, x - 0.5), 0, 1)
    pixels = np.full((28, 28, 3), 250, np.uint8)
    pixels[6:22] = (250 - 150 * coverage)[None, :, None]
    pixels[4:24, 20:23] = 40  # a firm stroke beside it
    found = find_ink(pixels, light_on_dark=False).map
    assert found[8:20, 12:16].max(axis=1).min() >= 0.5


def test_polarity_follows_the_minority() -> None:
    mask = stroke_mask()
    assert polarity(painted(mask, (200, 200, 200), (20, 20, 20))) < -0.9
    assert polarity(painted(mask, (20, 20, 20), (200, 200, 200))) > 0.9
    assert polarity(np.full((30, 40, 3), 90, np.uint8)) == 0


@settings(max_examples=40)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_the_map_of_any_picture_lies_between_0_and_1(pixels: np.ndarray) -> None:
    result = find_ink(pixels)
    assert result.map.shape == pixels.shape[:2]
    assert result.map.dtype == np.float32
    assert 0 <= result.map.min() <= result.map.max() <= 1


def test_the_dark_half_of_a_picture_is_no_ink() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((900, 1200, 3), 250, np.uint8)
    pixels[:, 600:] = rng.normal(8, 3, (900, 600, 1)).clip(0, 255).astype(np.uint8)
    assert (find_ink(pixels, light_on_dark=False).map[:, 700:] >= 0.5).mean() < 0.02
