"""The row reader's network: a row of ink to a label, and a box, for each of its columns.

Rows are (N, 1, 40, W), float32, 0..1, ink bright, W a multiple of 4; columns of the answer are 2 pixels wide. The network sees
no further than 92 pixels to each side, so that a digit is read as one of its hand's, and no row is too long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from inkread.recognizer import ANSWERS, CLASSES, SIDES

if TYPE_CHECKING:
    from torch import Tensor


def row_network(dropout: float = 0.0) -> nn.Sequential:
    """Thirteen convolutions, and one for the answer, the height taken away step by step. 1,369,982 parameters.

    The last four, of a single line, look further each (dilated; Yu and Koltun 2016).
    """
    return nn.Sequential(
        *_layers(1, 32, 5, stride=2),  # 20 high
        *[*_layers(32, 48, 3), *_layers(48, 48, 3), nn.MaxPool2d(2)],  # 10
        *[*_layers(48, 96, 3), *_layers(96, 96, 3), *_layers(96, 96, 3), nn.MaxPool2d((2, 1))],  # 5
        *[*_layers(96, 128, 3), *_layers(128, 128, 3)],
        *_layers(128, 192, (5, 1), padding=(0, 0)),  # 1
        *[layer for dilation in (1, 1, 2, 4) for layer in _layers(192, 192, (1, 5), dilation=dilation)],
        nn.Dropout(dropout),
        nn.Conv2d(192, ANSWERS * (CLASSES + SIDES), 1),
    )


def _layers(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, int],
    *,
    stride: int = 1,
    padding: tuple[int, int] | None = None,
    dilation: int = 1,
) -> list[nn.Module]:
    """A convolution, batch norm (whose shift is the bias), and the rectifier; the size is kept unless told otherwise."""
    rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (rows // 2, dilation * (columns // 2)) if padding is None else padding
    layer = nn.Conv2d(
        inputs, outputs, (rows, columns), stride=stride, padding=padding, dilation=(1, dilation), bias=False
    )
    return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]


def unfolded(answer: Tensor) -> tuple[Tensor, Tensor]:
    """The network's answer (N, 30, 1, W / 4), column by column.

    Returns:
        Logits (N, W / 2, 11), and sides (N, W / 2, 4): the distance from the column's middle to the left and right of its
        digit, and from the row's top to the digit's top and bottom, all in heights of the row.
    """
    count, _, _, columns = answer.shape
    each = answer.reshape(count, ANSWERS, CLASSES + SIDES, columns).permute(0, 3, 1, 2)
    each = each.reshape(count, columns * ANSWERS, CLASSES + SIDES)
    return torch.split(each, [CLASSES, SIDES], dim=2)  # type: ignore[return-value]
