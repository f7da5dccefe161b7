"""How far a picture is reduced before it is read."""

from __future__ import annotations

from typing import Final

WORKING_SIDE: Final = 2000
"""Longest side of the working pixels.

A 12-megapixel photo is just twice that, so its JPEG is decoded at half size; an A4 page at 300 dpi is reduced
to 171 dpi, at which a digit 3 mm high still has MNIST's 20 pixels.
"""
LONG: Final = 32
"""Length of a picture, over its height, from which it is taken for a single line: its height counts."""
LONGEST: Final = 10
"""Longest side of such a picture, in longest sides of another."""


def longest_side(size: tuple[int, int], max_side: int) -> int:
    """Returns the longest side to which a picture of this size is reduced, pixels.

    That is ``max_side``, but more for a very long picture, such as a strip of 10,000×60 pixels: its shorter
    side would have too few pixels to be read, so it keeps a 32nd of ``max_side``.

    Args:
        size: width and height in pixels, in any order.
        max_side: longest side of pictures that are less long.
    """
    shorter, longer = sorted(size)
    return max(max_side, min(-(-max_side * longer // (LONG * shorter)), LONGEST * max_side))
