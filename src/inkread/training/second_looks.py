"""The loop by which the networks for close-ups and strips learn, and how their weights come to be."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch

from inkread.training.detector_fit import average_all
from inkread.training.hardware import multiplies_bfloat16
from inkread.training.starts import load_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Tensor, nn

STEEPEST = 5.0
"""Norm that gradients are clipped to."""
WARMUP = 300
"""Steps in which the rate rises."""

Network = TypeVar("Network", bound="nn.Module")


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from.

    Attributes:
        planes: the network's input.
        loss: of its answer, in 32 bits.
    """

    planes: Tensor
    loss: Callable[[Tensor], Tensor]


def learn(
    network: Network,
    batches: Iterator[Batch],
    *,
    steps: int,
    rate: float,
    weight_decay: float,
    averaging: float,
    start: Path | None,
    on_step: Callable[[int, float, Network], object],
) -> Network:
    """The mean of the weights after so many steps of AdamW, in evaluation mode.

    Args:
        network: with random weights.
        batches: one per step.
        steps: in all.
        rate: the learning rate at its highest, which falls over the second half of the steps.
        weight_decay: decoupled (Loshchilov and Hutter 2019).
        averaging: decay of the exponential moving average of the weights.
        start: weights to go on from, see ``starts``; none for the random ones.
        on_step: is given the number of each step, its loss, and the mean of the weights so far.
    """
    if start:
        load_weights(network, start)
    network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=weight_decay)
    fast = multiplies_bfloat16("cpu")
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / WARMUP, (steps - step) / (0.5 * steps))
        batch = next(batches)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast):
            answer = network(batch.planes.to(memory_format=torch.channels_last))
        loss = batch.loss(answer.float())
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), STEEPEST)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        average_all(mean, network, min(averaging, step / (step + 10)))
        on_step(step + 1, loss.item(), mean)
    return mean
