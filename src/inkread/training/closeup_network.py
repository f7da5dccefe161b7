"""The network for close-ups: whether a box holds exactly one digit, and which, from the box and around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from inkread.pipeline.closeups import SIDE
from inkread.training.detector_network import Residual, _convolution

if TYPE_CHECKING:
    from torch import Tensor

WIDTHS = (24, 64, 112)
DROPPED = 0.2


class CloseupNetwork(nn.Module):
    """Halves the resolution three times, with residual blocks in between; two layers see all that is left.

    Args:
        classes: how many, including "not a single digit".
        widths: channels at a half, a quarter and an eighth of the resolution.
    """

    def __init__(self, classes: int, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        half, quarter, eighth = widths
        self.stem = _convolution(2, half, stride=2)
        self.fine = Residual(half)
        self.to_middle = _convolution(half, quarter, stride=2)
        self.middle = Residual(quarter)
        self.to_coarse = _convolution(quarter, eighth, stride=2)
        self.coarse = Residual(eighth)
        self.flat = nn.Conv2d(eighth, 128, SIDE // 8)
        self.output = nn.Conv2d(128, classes, 1)

    def forward(self, planes: Tensor) -> Tensor:
        """Maps N×2×48×48, see ``pipeline.closeups``, to N×classes logits."""
        relu = functional.relu
        x = self.fine(relu(self.stem(planes)))
        x = self.middle(relu(self.to_middle(x)))
        x = self.coarse(relu(self.to_coarse(x)))
        x = functional.dropout(relu(self.flat(x)), DROPPED, self.training)
        return self.output(x).flatten(1)
