"""The network that judges a candidate among its neighbors, see ``pipeline.rescoring``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from inkread.pipeline.rescoring import FEATURES, NEIGHBORS, OWN, PAIR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

WIDTH, HIDDEN, NARROW = 64, 64, 32
DROPPED = 0.1
MEMBERS = 4
"""Networks in the ensemble, from different initial weights (Lakshminarayanan et al. 2017): if they disagree,
their mean is less confident."""


class RescoringNetwork(nn.Module):
    """Encodes the neighbors, pools them by maximum and mean, and corrects the candidate (Zaheer et al. 2017).

    Maps N×277, see ``pipeline.rescoring.features``, to N×classes, which is added to the logarithms of the
    fused probabilities; it is 0 before training.

    Args:
        classes: how many, including "not a single digit".
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))
        self.first, self.second = nn.Linear(PAIR, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.together, self.narrow = nn.Linear(OWN + 2 * WIDTH, HIDDEN), nn.Linear(HIDDEN, NARROW)
        self.drop = nn.Dropout(DROPPED)
        self.output = nn.Linear(NARROW, classes)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Maps N×277 to N×classes."""
        scaled = (features - self.mean) / self.deviation
        pairs = scaled[:, OWN:].reshape(-1, NEIGHBORS, PAIR)
        present = features[:, OWN:].reshape(-1, NEIGHBORS, PAIR)[..., :1]
        heard = torch.relu(self.second(torch.relu(self.first(pairs)))) * present
        pooled = torch.cat([scaled[:, :OWN], heard.amax(dim=1), heard.mean(dim=1)], dim=1)
        inner = self.drop(torch.relu(self.together(pooled)))
        answer: Tensor = self.output(torch.relu(self.narrow(inner)))
        return answer


class RescoringEnsemble(nn.Module):
    """Returns the mean answer of several networks.

    Args:
        members: the networks.
    """

    def __init__(self, members: Sequence[RescoringNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, features: Tensor) -> Tensor:
        """Maps N×277 to N×classes."""
        return torch.stack([member(features) for member in self.members]).mean(dim=0)
