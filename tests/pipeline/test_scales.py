"""Pyramid levels go from the picture's own size or larger to one that shrinks the largest digit enough."""

import numpy as np
import pytest

from inkread.pipeline.config import DEFAULT_CONFIG
from inkread.pipeline.scales import LARGEST_DIGIT, MARGIN, MULTIPLE, finer_level, pyramid_levels


@pytest.mark.parametrize(
    ("height", "width"), [(28, 28), (23, 44), (1, 1), (5, 900), (480, 640), (1500, 2000), (2000, 3)]
)
def test_every_look_shows_the_whole_picture_and_has_sides_that_the_network_takes(
    height: int, width: int
) -> None:
    pixels = sum(level.grey.size for level in pyramid_levels(np.zeros((height, width), np.uint8)))
    for level in pyramid_levels(np.zeros((height, width), np.uint8)):
        assert not any(side % MULTIPLE for side in level.grey.shape)
        assert level.grey.shape[1] >= level.size[0] + 2 * MARGIN
        assert level.size[0] == max(1, round(width * level.scale[0]))
    assert pixels < 40 * (height + 100) * (width + 100), "the cost is linear in the picture's pixels"


def test_some_look_makes_a_digit_that_fills_the_picture_small_enough() -> None:
    for side in (28, 100, 700, 2000):
        heights = [level.size[1] for level in pyramid_levels(np.zeros((side, side), np.uint8))]
        assert min(heights) <= LARGEST_DIGIT


def test_the_border_is_repeated_around_the_picture() -> None:
    grey = np.full((30, 40), 200, np.uint8)
    assert all((level.grey == 200).all() for level in pyramid_levels(grey))


def test_a_large_picture_is_reduced_first_and_then_looked_at_closer_up_to_its_own_size() -> None:
    grey = np.zeros((1500, 2000), np.uint8)
    level = next(iter(pyramid_levels(grey)))
    assert DEFAULT_CONFIG.first_side / 2 < max(level.size) <= DEFAULT_CONFIG.first_side
    sizes = []
    while closest := finer_level(grey, level):
        level = closest
        sizes.append(level.size)
    assert sizes == [(1000, 750), (2000, 1500)]


def test_no_closer_look_has_more_pixels_than_time_allows() -> None:
    grey = np.zeros((6000, 8000), np.uint8)
    level = next(iter(pyramid_levels(grey)))
    sizes = [level.size]
    while level := finer_level(grey, level):
        sizes.append(level.size)
    assert sizes[-1][0] * sizes[-1][1] <= DEFAULT_CONFIG.most_pixels < 4 * sizes[-1][0] * sizes[-1][1]
