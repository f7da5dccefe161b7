"""Strips -> for each of their columns which digit it is the middle of, by a network in ONNX Runtime; a third opinion of each candidate."""

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
"""The network's columns are 4 pixels wide; each answers for two of 2 pixels."""
CORE = 0.2
"""A box is judged by the columns that lie within this share of its width of its middle."""
BATCH = 32
"""Strips of one call, of like widths."""


class StripReader(Network):
    """Reads strips."""

    takes = "strips", [None, 1, HEIGHT, None]
    gives = "columns", [None, ANSWERS * len(DIGIT_CLASSES), 1, None]

    def probabilities(
        self, grey: NDArray[np.uint8], boxes: NDArray[np.float32], likely: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """N×11: the ten digits and "not a single digit"; all alike for a box that lies in no strip.

        Args:
            grey: uint8 H×W.
            boxes: N×4, x0, y0, x1, y1 in pixels.
            likely: M×4, along which the strips lie.
        """
        strips = strips_of(grey, likely) if len(likely) else []
        owner, ends = owners(strips, boxes)
        return judged(self.columns(strips), owner, ends)

    def columns(self, strips: list[Strip]) -> list[NDArray[np.float32]]:
        """Of each strip, (W / 2)×11 probabilities."""
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
    """The network's answer 22×(W / 4) column by column: (W / 2)×11."""
    rows, columns = answer.shape
    return answer.reshape(ANSWERS, rows // ANSWERS, columns).transpose(2, 0, 1).reshape(-1, rows // ANSWERS)


def judged(
    columns: list[NDArray[np.float32]], owner: NDArray[np.intp], ends: NDArray[np.float64]
) -> NDArray[np.float32]:
    """What the strips say of each box: the column within its core that is surest of a digit.

    Args:
        columns: of each strip, see ``StripReader.columns``.
        owner: N, the strip that each box lies in, or -1.
        ends: N×2, where it begins and ends there, pixels of the strip.
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
