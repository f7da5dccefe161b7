"""The network that reads strips: for each of their columns which digit it is the middle of, or none.

Columns are 2 pixels wide. It sees some 90 pixels to each side, about eight digits, so that each is read as one of its hand's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from inkread.pipeline.strips import HEIGHT
from inkread.training.detector_network import Residual, _convolution

if TYPE_CHECKING:
    from torch import Tensor

WIDTHS = (32, 64, 96, 192)
DILATIONS = (1, 2, 4)
DROPPED = 0.2
ANSWERS = 2
"""The network's columns are 4 pixels wide; each answers for two of 2 pixels."""
COLUMN = 2


def _along(channels: int, dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, (1, 5), padding=(0, 2 * dilation), dilation=(1, dilation), bias=False),
        nn.BatchNorm2d(channels),
    )


class Along(nn.Module):
    """Two convolutions along a line beside an identity, the second reaching farther (dilated; Yu and Koltun 2016)."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first, self.second = _along(channels, 1), _along(channels, dilation)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×1×W -> the same."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class StripNetwork(nn.Module):
    """Three reductions of the height with residual blocks between them, then blocks along what is left, a line.

    Args:
        classes: how many, none included.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        half, quarter, eighth, line = WIDTHS
        self.classes = classes
        self.stem = _convolution(1, half, size=5, stride=2)
        self.fine = Residual(half)
        self.to_middle = _convolution(half, quarter, stride=2)
        self.middle = nn.Sequential(Residual(quarter), Residual(quarter))
        self.to_coarse = nn.Sequential(
            nn.Conv2d(quarter, eighth, 3, (2, 1), 1, bias=False), nn.BatchNorm2d(eighth)
        )
        self.coarse = nn.Sequential(Residual(eighth), Residual(eighth))
        self.to_line = nn.Sequential(
            nn.Conv2d(eighth, line, (HEIGHT // 8, 1), bias=False), nn.BatchNorm2d(line)
        )
        self.line = nn.Sequential(*(Along(line, dilation) for dilation in DILATIONS))
        self.output = nn.Conv2d(line, ANSWERS * classes, 1)

    def forward(self, planes: Tensor) -> Tensor:
        """N×1×40×W, W a multiple of 4, see ``pipeline.strips.planes`` -> N×(2 * classes)×1×(W / 4) logits."""
        relu = functional.relu
        x = self.fine(relu(self.stem(planes)))
        x = self.middle(relu(self.to_middle(x)))
        x = self.coarse(relu(self.to_coarse(x)))
        x = self.line(relu(self.to_line(x)))
        return self.output(functional.dropout(x, DROPPED, self.training))


def unfolded(answer: Tensor) -> Tensor:
    """The network's answer column by column: N×(W / 2)×classes."""
    count, rows, _, columns = answer.shape
    each = answer.reshape(count, ANSWERS, rows // ANSWERS, columns).permute(0, 3, 1, 2)
    return each.reshape(count, columns * ANSWERS, rows // ANSWERS)
