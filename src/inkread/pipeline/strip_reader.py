"""Strips -> the digit centered at each column, with ONNX Runtime: a third prediction per candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.models import DIGIT_CLASSES
from inkread.models.network import Network
from inkread.pipeline.classifier import softmax
from inkread.pipeline.strips import HEIGHT, owners, planes, strips_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.pipeline.strips import Strip

NONE = len(DIGIT_CLASSES) - 1
ANSWERS, COLUMN = 2, 2
"""Each output column of the network covers 4 pixels, and has answers for two columns of 2 pixels."""
CORE = 0.2
"""Maximum distance from a box's center of the columns that judge it, relative to its width."""
BATCH = 32
"""Strips per call, of similar widths."""


class StripReader(Network):
    """A loaded model that reads strips; safe to share between threads."""

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
        return judged(self.columns(strips), owner, ends)

    def columns(self, strips: list[Strip]) -> list[NDArray[np.float32]]:
        """Returns (W / 2)×11 probabilities per strip."""
        widths = np.array([strip.pixels.shape[1] for strip in strips], np.int64)
        result: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(strips)
        order = np.argsort(widths, kind="stable")
        for first in range(0, len(order), BATCH):
            chosen = order[first : first + BATCH]
            multiple = ANSWERS * COLUMN
            pixels = np.zeros(
                (len(chosen), HEIGHT, -(-int(widths[chosen].max()) // multiple) * multiple), np.uint8
            )
            for row, index in enumerate(chosen):
                pixels[row, :, : widths[index]] = strips[index].pixels
            answer = self._run(planes(pixels, widths[chosen]))
            for row, index in enumerate(chosen):
                result[index] = softmax(unfolded(answer[row, :, 0]))[: -(-int(widths[index]) // COLUMN)]
        return result


def unfolded(answer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reshapes the network's output 22×(W / 4) to columns: (W / 2)×11."""
    rows, columns = answer.shape
    return answer.reshape(ANSWERS, rows // ANSWERS, columns).transpose(2, 0, 1).reshape(-1, rows // ANSWERS)


def judged(
    columns: list[NDArray[np.float32]], owner: NDArray[np.intp], ends: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Returns the strips' prediction for each box: the column in its core most confident of a digit.

    Args:
        columns: the output of ``StripReader.columns``.
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
