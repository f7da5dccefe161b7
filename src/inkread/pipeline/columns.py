"""Networks that read strips: for every second column of pixels, the probability of each class there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from inkread.models.onnx_session import Network
from inkread.pipeline.classifier import softmax
from inkread.pipeline.strips import planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANSWERS, COLUMN = 2, 2
"""Each output column of a network covers 4 pixels, and has answers for two columns of 2 pixels."""
BATCH = 32
"""Strips per call, of similar widths."""
WIDEST_BATCH = 16_384
"""Most pixels of a call, along the strips."""


class ColumnNetwork(Network):
    """A loaded model that reads strips; safe to share between threads."""

    height: ClassVar[int]

    def probabilities_of(self, strips: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Returns (W / 2)×classes probabilities per strip.

        Args:
            strips: uint8 ``height``×W each.
        """
        widths = np.array([strip.shape[1] for strip in strips], np.int64)
        result: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(strips)
        order = np.argsort(widths, kind="stable")
        multiple = ANSWERS * COLUMN
        while len(order):
            count = min(BATCH, max(1, WIDEST_BATCH // int(widths[order[min(BATCH, len(order)) - 1]])))
            chosen, order = order[:count], order[count:]
            wide = -(-int(widths[chosen].max()) // multiple) * multiple
            pixels = np.zeros((len(chosen), self.height, wide), np.uint8)
            for row, index in enumerate(chosen):
                pixels[row, :, : widths[index]] = strips[index]
            answer = self._run(planes(pixels, widths[chosen]))
            for row, index in enumerate(chosen):
                result[index] = softmax(unfolded(answer[row, :, 0]))[: -(-int(widths[index]) // COLUMN)]
        return result


def unfolded(answer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reshapes the network's output (2 * classes)×(W / 4) to columns: (W / 2)×classes."""
    rows, columns = answer.shape
    return answer.reshape(ANSWERS, rows // ANSWERS, columns).transpose(2, 0, 1).reshape(-1, rows // ANSWERS)
