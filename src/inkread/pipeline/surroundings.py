"""What lies around a candidate: digits stand beside digits of their size, letters beside what is no digit, specks beside anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURES = ("smaller", "others", "digits")
"""What ``features`` tells, in this order."""

AROUND, ABOVE = 6.0, 1.5
"""How far around a candidate others tell the size of digits, in heights of the larger of both, to the side and up or down: they count 1 / e as
much there."""
GAP, ASIDE = 0.5, 0.5
"""How far apart neighbours in a row are, likewise: between their sides, and from middle to middle up or down."""


def features(boxes: NDArray[np.float32], probable: NDArray[np.floating]) -> NDArray[np.float64]:
    """What the others tell of each candidate, 0 where there are none.

    Args:
        boxes: N×4, x0, y0, x1, y1, hardly overlapping.
        probable: N in 0..1, how probable each is a digit.

    Returns:
        N×3: how much smaller it is than the digits around it, squared (logarithms of heights); how much stands beside it in its row, of its
        height, that is no digit; and how much that is one, both in 0..1.
    """
    count = len(boxes)
    found = np.zeros((count, len(FEATURES)))
    if count < 2:
        return found
    tall = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0).astype(np.float64)
    larger = np.maximum(tall[:, None], tall)
    middle = (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
    across, down = (np.abs(middle[:, None, axis] - middle[None, :, axis]) / larger for axis in (0, 1))
    itself = np.arange(count)

    weights = probable * np.exp(-across / AROUND - down / ABOVE)
    weights[itself, itself] = 0
    order = np.argsort(tall, kind="stable")
    sums = np.cumsum(weights[:, order], axis=1)
    together = sums[:, -1]
    usual = tall[order][np.argmax(sums >= together[:, None] / 2, axis=1)]
    found[:, 0] = together / (1 + together) * np.maximum(0.0, np.log(usual / tall)) ** 2

    gap = np.maximum(boxes[:, None, 0] - boxes[None, :, 2], boxes[None, :, 0] - boxes[:, None, 2])
    beside = np.exp(-np.maximum(gap, 0) / larger / GAP - (down / ASIDE) ** 2)
    beside *= np.minimum(tall[:, None], tall) / larger
    beside[itself, itself] = 0
    for column, share in ((1, 1 - probable), (2, probable)):
        mass = beside @ share.astype(np.float64)
        found[:, column] = mass / (1 + mass)
    return found
