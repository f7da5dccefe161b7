"""Trains the networks that judge candidates among their neighbors, on what is found on held-out pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inkread.pipeline.detector import DIGITS
from inkread.pipeline.fusion import LEAST
from inkread.pipeline.rescoring import NEIGHBORS, OWN, PAIR
from inkread.training.rescoring_network import MEMBERS, RescoringEnsemble, RescoringNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

EPOCHS, BATCH, RATE, WEIGHT_DECAY = 20, 256, 2e-3, 0.05
"""Passes over the candidates; how many a step; the learning rate of AdamW, which falls to nothing; its weight decay."""


def fit_rescoring(
    features: NDArray[np.float32],
    fused: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    seed: int,
    epochs: int = EPOCHS,
    members: int = MEMBERS,
) -> RescoringEnsemble:
    """The trained networks.

    Args:
        features: N×277, see ``pipeline.rescoring.features``.
        fused: N×11, the probabilities before.
        truth: N, the digit that each candidate is, ``DIGITS`` for none; negative for those that do not count.
        seed: of the weights and the order.
        epochs: passes over the candidates.
        members: networks of the ensemble.
    """
    counted = truth >= 0
    given = torch.from_numpy(features[counted])
    before = torch.from_numpy(np.log(np.maximum(fused[counted], LEAST)))
    target = torch.from_numpy(truth[counted])
    networks = []
    for member in range(members):
        torch.manual_seed(seed + member)
        network = RescoringNetwork(DIGITS + 1)
        _scale(network, features[counted])
        _learn(network, given, before, target, epochs)
        networks.append(network)
    return RescoringEnsemble(networks).eval()


def _learn(network: RescoringNetwork, given: Tensor, before: Tensor, target: Tensor, epochs: int) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    steps = epochs * -(-len(target) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    network.train()
    for _ in range(epochs):
        for some in torch.randperm(len(target)).split(BATCH):  # type: ignore[no-untyped-call]
            loss = functional.cross_entropy(before[some] + network(given[some]), target[some])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


def _scale(network: RescoringNetwork, features: NDArray[np.float32]) -> None:
    """Brings all features to mean 0 and deviation 1; those of the neighbors alike, the ones that exist."""
    own, pairs = features[:, :OWN], features[:, OWN:].reshape(-1, PAIR)
    pairs = pairs[pairs[:, 0] > 0]
    for name, measure, default in (("mean", np.mean, 0.0), ("deviation", np.std, 1.0)):
        of_pairs = measure(pairs, axis=0) if len(pairs) else np.full(PAIR, default)
        values = np.concatenate([measure(own, axis=0), np.tile(of_pairs, NEIGHBORS)])
        if name == "deviation":
            values = np.where(values > LEAST, values, 1.0)
        getattr(network, name).copy_(torch.from_numpy(values.astype(np.float32)))
