"""Parts of pages that people corrected, at the sizes that the detector knows."""

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
"""Of the digits in a scene, pixels."""
EMPTY = 0.15
"""How often the part is anywhere on the page, not around one of its digits."""


def corrected_part(
    pages: Sequence[CorrectedPage],
    rng: np.random.Generator,
    size: int,
    *,
    sizes: tuple[float, float],
    margins: tuple[float, float],
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """A square of a page, its border repeated where it ends, and the digits on it that count, see ``counting.counted``.

    Args:
        pages: at least one.
        rng: all that is random comes from it.
        size: side of the square, pixels.
        sizes: heights of the digits that are to be found.
        margins: heights of those that may be.
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
    whole = scale * own  # from pixels of the page to those of the square
    matrix = np.array([[scale, 0, 0.5 * scale - 0.5 - corner[0]], [0, scale, 0.5 * scale - 0.5 - corner[1]]])
    pixels = cv2.warpAffine(
        source, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    boxes = page.boxes * np.tile(whole, 2) - np.tile(corner, 2)
    heights = boxes[:, 3] - boxes[:, 1]
    found = counted(boxes, heights, page.classes, (0, 0, size, size), sizes=sizes, margins=margins)
    return np.asarray(pixels, np.uint8), *found
