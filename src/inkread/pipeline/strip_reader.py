"""Strips -> the digit centered at each column, with ONNX Runtime: a third prediction per candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.models import DIGIT_CLASSES
from inkread.pipeline.columns import ANSWERS, COLUMN, ColumnNetwork
from inkread.pipeline.strips import HEIGHT, owners, strips_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = len(DIGIT_CLASSES) - 1
CORE = 0.2
"""Maximum distance from a box's center of the columns that judge it, relative to its width."""


class StripReader(ColumnNetwork):
    """A loaded model that reads strips; safe to share between threads."""

    height = HEIGHT
    takes = "strips", [None, 1, HEIGHT, None]
    gives = "columns", [None, ANSWERS * len(DIGIT_CLASSES), 1, None]

    def probabilities(
        self, grey: NDArray[np.uint8], boxes: NDArray[np.float32], likely: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Returns N×11 for the ten digits and "not a single digit"; uniform for a box outside every strip.

        Args:
            grey: uint8 H×W.
            boxes: N×4, x0, y0, x1, y1 in pixels.
            likely: M×4, the boxes along which the strips are cut.
        """
        strips = strips_of(grey, likely) if len(likely) else []
        owner, ends = owners(strips, boxes)
        return judged(self.probabilities_of([strip.pixels for strip in strips]), owner, ends)


def judged(
    columns: list[NDArray[np.float32]], owner: NDArray[np.intp], ends: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Returns the strips' prediction for each box: the column in its core most confident of a digit.

    Args:
        columns: the output of ``probabilities_of``.
        owner: N, the index of each box's strip, or -1.
        ends: N×2, start and end of the box in its strip, pixels.
    """
    opinions = np.full((len(owner), NONE + 1), 1 / (NONE + 1), np.float32)
    middle, reach = ends.mean(axis=1), CORE * np.diff(ends)[:, 0]
    for index in np.flatnonzero(owner >= 0):
        own = columns[owner[index]]
        first, last = (
            min(max(0, int(end / COLUMN)), len(own) - 1)
            for end in (middle[index] - reach[index], middle[index] + reach[index])
        )
        core = own[first : last + 1]
        opinions[index] = core[core[:, NONE].argmin()]
    return opinions
