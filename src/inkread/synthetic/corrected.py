"""Crops of pages that people corrected, at the sizes that the detector is trained for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.synthetic.counting import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.datasets.corrections import CorrectedPage

HEIGHTS = (9.0, 40.0)
"""Heights of the digits in a scene, in pixels."""
EMPTY = 0.15
"""Share of crops that are anywhere on the page, not around one of its digits."""


def corrected_part(
    pages: Sequence[CorrectedPage],
    rng: np.random.Generator,
    size: int,
    *,
    sizes: tuple[float, float],
    margins: tuple[float, float],
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Crops a square from a page, with the page's border repeated beyond it, and the digits that count.

    See ``counting.counted`` for the latter.

    Args:
        pages: at least one.
        rng: source of all randomness.
        size: side of the square, pixels.
        sizes: range of digit heights to detect.
        margins: range of digit heights that may be detected.
    """
    page = pages[int(rng.integers(len(pages)))]
    height, width = page.pixels.shape
    tall = float(np.median(page.boxes[:, 3] - page.boxes[:, 1])) if len(page.boxes) else height / 8
    wanted = math.exp(rng.uniform(math.log(HEIGHTS[0]), math.log(HEIGHTS[1])))
    scale = wanted / max(tall, 1.0)
    middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    if len(page.boxes) and rng.random() >= EMPTY:
        x0, y0, x1, y1 = page.boxes[int(rng.integers(len(page.boxes)))].tolist()
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    # The digit may be anywhere in the square.
    corner = middle * scale - rng.uniform(0.1, 0.9, 2) * size
    source = page.pixels
    while scale < 0.5 and min(source.shape) >= 4:
        source = np.asarray(cv2.resize(source, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2
    own = np.array([source.shape[1] / width, source.shape[0] / height])
    whole = scale * own  # from page pixels to square pixels
    matrix = np.array([[scale, 0, 0.5 * scale - 0.5 - corner[0]], [0, scale, 0.5 * scale - 0.5 - corner[1]]])
    pixels = cv2.warpAffine(
        source, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    boxes = page.boxes * np.tile(whole, 2) - np.tile(corner, 2)
    heights = boxes[:, 3] - boxes[:, 1]
    found = counted(boxes, heights, page.classes, (0, 0, size, size), sizes=sizes, margins=margins)
    return np.asarray(pixels, np.uint8), *found
