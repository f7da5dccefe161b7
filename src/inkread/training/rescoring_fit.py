"""The networks that judge a candidate among its neighbors, see ``pipeline.rescoring``.

They learn from candidates from held-out pages.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inkread.pipeline.detector import DIGITS
from inkread.pipeline.fusion import LEAST
from inkread.pipeline.rescoring import FEATURES, NEIGHBORS, OWN, PAIR
from inkread.training.trainer import Answer, Passed, Plan, linear, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

WIDTH, HIDDEN, NARROW = 64, 64, 32
DROPPED = 0.1
MEMBERS = 4
"""Networks in the ensemble, from different initial weights (Lakshminarayanan et al. 2017): if they disagree,
their mean is less confident."""
EPOCHS, BATCH, RATE, WEIGHT_DECAY = 20, 256, 2e-3, 0.05
"""Passes over the candidates; candidates per step; the learning rate, which falls to zero; AdamW's weight
decay."""


class RescoringNetwork(nn.Module):
    """Encodes the neighbors, pools them by maximum and mean, and corrects the candidate (Zaheer et al. 2017).

    Maps N×277, see ``pipeline.rescoring.features``, to N×classes, which is added to the logarithms of the
    fused probabilities; it is 0 before training. The classes include "not a single digit".
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
    """Returns the mean answer of several networks."""

    def __init__(self, members: Sequence[RescoringNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, features: Tensor) -> Tensor:
        """Maps N×277 to N×classes."""
        return torch.stack([member(features) for member in self.members]).mean(dim=0)


def fit_rescoring(
    features: NDArray[np.float32],
    fused: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    seed: int,
    epochs: int = EPOCHS,
    members: int = MEMBERS,
) -> RescoringEnsemble:
    """Trains the networks of the ensemble.

    Args:
        features: N×277, see ``pipeline.rescoring.features``.
        fused: N×11, the probabilities before.
        truth: N, the digit of each candidate, ``DIGITS`` for none; negative for those that do not count.
        seed: the seed of the weights and the order.
        epochs: passes over the candidates.
        members: networks of the ensemble.
    """
    counted = truth >= 0
    before = np.log(np.maximum(fused[counted], LEAST))
    examples = (torch.from_numpy(each) for each in (features[counted], before, truth[counted]))
    task = RescoringTask(*examples)
    steps = -(-len(task.truth) // BATCH)
    plan = Plan(
        steps=epochs * steps,
        epoch=steps,
        learning_rate=RATE,
        schedule=partial(linear, warmup=0.0),
        seed=seed,
        weight_decay=WEIGHT_DECAY,
    )
    networks = []
    for member in range(members):
        torch.manual_seed(seed + member)
        network = RescoringNetwork(DIGITS + 1)
        _scale(network, features[counted])
        networks.append(train(network, task, dataclasses.replace(plan, seed=seed + member)).network)
    return RescoringEnsemble(networks).eval()


@dataclass(frozen=True, slots=True)
class RescoringTask:
    """Learns which digit each candidate is; see ``trainer.Task``.

    The attributes are the examples of ``fit_rescoring``; ``before`` has the logarithms of ``fused``.
    """

    features: Tensor
    before: Tensor
    truth: Tensor

    def batches(self, epoch: int) -> Sequence[Tensor]:  # noqa: ARG002  the plan's seed decides the order
        """Returns the indices of all candidates in random order, in parts."""
        return torch.randperm(len(self.truth)).split(BATCH)  # type: ignore[no-untyped-call]

    def loss(self, answer: Answer, batch: Tensor) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the cross-entropy, in nats."""
        logits = self.before[batch] + answer(self.features[batch])
        return functional.cross_entropy(logits, self.truth[batch]), ()

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> Passed:  # noqa: ARG002
        """Returns the figures as they are."""
        return passed


def _scale(network: RescoringNetwork, features: NDArray[np.float32]) -> None:
    """Scales all features to mean 0 and deviation 1; those of existing neighbors alike."""
    own, pairs = features[:, :OWN], features[:, OWN:].reshape(-1, PAIR)
    pairs = pairs[pairs[:, 0] > 0]
    for name, measure, default in (("mean", np.mean, 0.0), ("deviation", np.std, 1.0)):
        of_pairs = measure(pairs, axis=0) if len(pairs) else np.full(PAIR, default)
        values = np.concatenate([measure(own, axis=0), np.tile(of_pairs, NEIGHBORS)])
        if name == "deviation":
            values = np.where(values > LEAST, values, 1.0)
        getattr(network, name).copy_(torch.from_numpy(values.astype(np.float32)))
