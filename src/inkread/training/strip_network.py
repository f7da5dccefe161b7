"""The network that reads strips: which digit each column is the middle of, or none.

Columns are 2 pixels wide. The network sees some 90 pixels to each side, about eight digits, and so adapts to
the hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from inkread.pipeline.strips import HEIGHT, planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

ANSWERS = 2
"""The network's columns are 4 pixels wide; each answers for two columns of 2 pixels."""
COLUMN = 2
DROPPED = 0.1


class StripNetwork(nn.Sequential):
    """Thirteen convolutions, and one for the answer; the height shrinks step by step.

    Maps N×1×H×W, W a multiple of 4, see ``pipeline.strips.planes``, to N×(2 * classes)×1×(W / 4) logits. The
    last four convolutions, along a single line, are dilated more and more (Yu and Koltun 2016). It has
    1,368,438 parameters for digits on strips 40 pixels high, 1,440,204 for text lines 48 pixels high. The
    classes include none, and H must be a multiple of 8.
    """

    def __init__(self, classes: int, height: int = HEIGHT) -> None:
        super().__init__(
            *_layers(1, 32, 5, stride=2),  # H / 2 high
            *[*_layers(32, 48, 3), *_layers(48, 48, 3), nn.MaxPool2d(2)],  # H / 4
            *[*_layers(48, 96, 3), *_layers(96, 96, 3), *_layers(96, 96, 3), nn.MaxPool2d((2, 1))],  # H / 8
            *[*_layers(96, 128, 3), *_layers(128, 128, 3)],
            *_layers(128, 192, (height // 8, 1), padding=(0, 0)),  # 1
            *[layer for dilation in (1, 1, 2, 4) for layer in _layers(192, 192, (1, 5), dilation=dilation)],
            nn.Dropout(DROPPED),
            nn.Conv2d(192, ANSWERS * classes, 1),
        )
        self.classes, self.height = classes, height


def _layers(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, int],
    *,
    stride: int = 1,
    padding: tuple[int, int] | None = None,
    dilation: int = 1,
) -> list[nn.Module]:
    """Returns a convolution, batch norm (whose shift is the bias), and ReLU; keeps the size by default."""
    rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (rows // 2, dilation * (columns // 2)) if padding is None else padding
    layer = nn.Conv2d(
        inputs, outputs, (rows, columns), stride=stride, padding=padding, dilation=(1, dilation), bias=False
    )
    return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]


def planes_of(strips: Sequence[NDArray[np.uint8]]) -> tuple[Tensor, Tensor]:
    """Returns strips, uint8 H×W, as input N×1×H×W, padded on the right, and how many columns each has."""
    widths = np.array([strip.shape[1] for strip in strips], np.int64)
    multiple = ANSWERS * COLUMN
    width = -(-int(widths.max()) // multiple) * multiple
    pixels = np.zeros((len(strips), len(strips[0]), width), np.uint8)
    for row, strip in enumerate(strips):
        pixels[row, :, : strip.shape[1]] = strip
    return torch.from_numpy(planes(pixels, widths)), torch.from_numpy(-(-widths // COLUMN))


def unfolded(answer: Tensor) -> Tensor:
    """Returns the network's answer column by column: N×(W / 2)×classes."""
    count, rows, _, columns = answer.shape
    each = answer.reshape(count, ANSWERS, rows // ANSWERS, columns).permute(0, 3, 1, 2)
    return each.reshape(count, columns * ANSWERS, rows // ANSWERS)
