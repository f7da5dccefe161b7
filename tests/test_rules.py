"""Printed lines and boxes are removed, and what is written stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.ink import find_ink
from inkread.rules import without_rules

WHITE = (255, 255, 255)
BLACK = (20, 20, 20)
ORANGE = (235, 140, 60)


def read_ink(pixels: np.ndarray) -> np.ndarray:
    return without_rules(find_ink(pixels).map, pixels) >= 0.5


def page(height: int = 300, width: int = 500) -> np.ndarray:
    return np.full((height, width, 3), 255, np.uint8)


def draw_seven(
    pixels: np.ndarray, x: int, y: int, colour: tuple[int, int, int] = BLACK, size: int = 60
) -> np.ndarray:
    """Draws a 7 and gives its mask."""
    points = np.array([(x, y), (x + size // 2, y), (x + size // 5, y + size)])
    cv2.polylines(pixels, [points], isClosed=False, color=colour, thickness=5)
    mask = np.zeros(pixels.shape[:2], np.uint8)
    cv2.polylines(mask, [points], isClosed=False, color=1, thickness=5)
    return mask > 0


def kept(result: np.ndarray, mask: np.ndarray) -> float:
    return float(result[mask].mean())


def test_ruled_lines_go_and_writing_across_them_stays() -> None:
    pixels = page()
    for y in (60, 120, 180, 240):
        cv2.line(pixels, (0, y), (499, y + 3), (120, 120, 120), 2)
    mask = draw_seven(pixels, 200, 95)
    result = read_ink(pixels)
    assert kept(result, mask) > 0.9
    assert result.sum() < 1.4 * mask.sum()


def test_a_grid_goes_and_writing_in_it_stays() -> None:
    pixels = page()
    for y in range(20, 300, 50):
        cv2.line(pixels, (0, y), (499, y), (140, 160, 200), 2)
    for x in range(20, 500, 50):
        cv2.line(pixels, (x, 0), (x, 299), (140, 160, 200), 2)
    mask = draw_seven(pixels, 230, 90)
    result = read_ink(pixels)
    assert kept(result, mask) > 0.85
    assert result.sum() < 1.5 * mask.sum()


@pytest.mark.parametrize("colour", [ORANGE, BLACK], ids=["printed in colour", "printed in the pen's colour"])
def test_boxes_go_and_digits_in_them_stay(colour: tuple[int, int, int]) -> None:
    pixels = page()
    masks = []
    for x in (60, 160, 260, 360):
        cv2.rectangle(pixels, (x, 100), (x + 70, 195), colour, 3)
        masks.append(draw_seven(pixels, x + 18, 117))
    result = read_ink(pixels)
    mask = np.logical_or.reduce(masks)
    assert kept(result, mask) > 0.95
    assert result.sum() < 1.3 * mask.sum()


def test_a_digit_that_touches_its_coloured_box_is_kept_whole() -> None:
    pixels = page()
    cv2.rectangle(pixels, (160, 100), (230, 195), ORANGE, 3)
    cv2.rectangle(pixels, (260, 100), (330, 195), ORANGE, 3)
    masks = [draw_seven(pixels, 178, 117), draw_seven(pixels, 278, 117)]
    touching = np.zeros(pixels.shape[:2], np.uint8)
    cv2.line(pixels, (275, 150), (345, 150), BLACK, 5)
    cv2.line(touching, (275, 150), (345, 150), 1, 5)
    result = read_ink(pixels)
    assert kept(result, np.logical_or.reduce([*masks, touching > 0])) > 0.9


def test_the_sides_of_boxes_go_wherever_else_their_colour_is() -> None:
    pixels = page()
    pixels[220:, 20:480] = ORANGE  # a table, much thicker than any line
    sides, masks = np.zeros(pixels.shape[:2], np.uint8), []
    for x in (60, 160, 260, 360):
        for drawn, colour in ((pixels, ORANGE), (sides, 1)):
            cv2.rectangle(drawn, (x, 80), (x + 60, 175), colour, 3)
        masks.append(draw_seven(pixels, x + 14, 97))
        for y in (110, 150):  # strokes that cross a side, one above the other
            cv2.line(pixels, (x - 1, y), (x + 8, y), BLACK, 5)
    ink = (pixels.min(axis=2) < 200).astype(np.float32)
    result = without_rules(ink, pixels)
    assert kept(result, np.logical_or.reduce(masks)) > 0.95
    between = np.zeros(sides.shape, bool)
    between[116:145] = sides[116:145] > 0
    assert kept(ink, between) == 1
    assert kept(result, between) < 0.05


@pytest.mark.parametrize("thickness", [3, 8, 16])
def test_a_zero_of_any_thickness_is_no_box(thickness: int) -> None:
    pixels = page(200, 200)
    cv2.ellipse(pixels, (100, 100), (45, 60), 0, 0, 360, BLACK, thickness)
    expected = find_ink(pixels).map
    np.testing.assert_array_equal(without_rules(expected, pixels), expected)


def test_small_zeros_among_other_digits_are_no_boxes() -> None:
    pixels = page()
    for x in range(40, 460, 40):
        cv2.ellipse(pixels, (x, 60), (10, 15), 0, 0, 360, BLACK, 3)
        draw_seven(pixels, x, 120, size=30)
    expected = find_ink(pixels).map
    np.testing.assert_array_equal(without_rules(expected, pixels), expected)


def test_a_lone_digit_of_straight_strokes_is_no_rule() -> None:
    pixels = page(120, 90)
    mask = draw_seven(pixels, 4, 4, size=112)
    assert kept(read_ink(pixels), mask) > 0.95


def test_a_tiny_picture_is_left_as_it_is() -> None:
    pixels = page(28, 28)
    cv2.line(pixels, (0, 14), (27, 14), BLACK, 1)
    ink = find_ink(pixels).map
    assert without_rules(ink, pixels) is ink
