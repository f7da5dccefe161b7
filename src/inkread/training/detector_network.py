"""The digit detector: a small fully convolutional hourglass that sees objects as points.

Each place of its output, at a quarter of the picture's resolution, says how probable the center of each class
is there, and how far away the sides of the box are (Zhou, Wang & Krähenbühl, "Objects as Points", 2019). A
coarse branch at an eighth and a sixteenth of the resolution sees the surroundings: whether a stroke is a 1,
or part of something larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

STRIDE = 4
BOX_UNIT = 16.0
"""The unit of the distances to the sides of a box, in pixels."""
RARE = -4.6
"""Initial logit of a class: a probability of about one in a hundred."""


def _convolution(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Residual(nn.Module):
    """Two convolutions of 3×3, added to the identity (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _convolution(channels, channels), _convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps N×C×H×W to the same shape."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class DetectorNetwork(nn.Module):
    """The network; see the module.

    Args:
        classes: how many.
        widths: channels at a half, a quarter, an eighth and a sixteenth of the resolution.
        depths: residual blocks at a quarter and an eighth going down, at a sixteenth, and at an eighth and a
            quarter going up.
    """

    def __init__(
        self,
        classes: int,
        widths: tuple[int, int, int, int] = (32, 64, 96, 128),
        depths: tuple[int, int, int, int, int] = (2, 3, 2, 1, 2),
    ) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.classes = classes
        self.stem_half = _convolution(2, half, stride=2)
        self.stem_quarter = _convolution(half, quarter, stride=2)
        self.quarter_down = nn.Sequential(*(Residual(quarter) for _ in range(depths[0])))
        self.to_eighth = _convolution(quarter, eighth, stride=2)
        self.eighth_down = nn.Sequential(*(Residual(eighth) for _ in range(depths[1])))
        self.to_sixteenth = _convolution(eighth, sixteenth, stride=2)
        self.sixteenth = nn.Sequential(*(Residual(sixteenth) for _ in range(depths[2])))
        self.from_sixteenth = _convolution(sixteenth, eighth, size=1)
        self.eighth_up = nn.Sequential(*(Residual(eighth) for _ in range(depths[3])))
        self.from_eighth = _convolution(eighth, quarter, size=1)
        self.quarter_up = nn.Sequential(*(Residual(quarter) for _ in range(depths[4])))
        self.head = _convolution(quarter, quarter)
        self.output = nn.Conv2d(quarter, classes + 4, 1)
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            start = torch.zeros(classes + 4)
            start[:classes] = RARE
            self.output.bias = nn.Parameter(start)

    def forward(self, planes: Tensor) -> Tensor:
        """Maps N×2×H×W, see ``pipeline.contrast``, to N×(classes + 4)×H/4×W/4.

        The output has logits, then the distances to left, top, right, and bottom in ``BOX_UNIT``.
        """
        relu = functional.relu
        quarter = self.quarter_down(relu(self.stem_quarter(relu(self.stem_half(planes)))))
        eighth = self.eighth_down(relu(self.to_eighth(quarter)))
        coarse = self.sixteenth(relu(self.to_sixteenth(eighth)))
        coarse = functional.interpolate(self.from_sixteenth(coarse), scale_factor=2, mode="nearest")
        eighth = self.eighth_up(relu(eighth + coarse))
        eighth = functional.interpolate(self.from_eighth(eighth), scale_factor=2, mode="nearest")
        fine = self.quarter_up(relu(quarter + eighth))
        return self.output(relu(self.head(fine)))
