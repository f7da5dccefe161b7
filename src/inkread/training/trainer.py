"""The loop by which every network learns: steps, learning rate, averaging, checkpoints, early stopping.

A ``Task`` says what a network learns from and how wrong an answer is; a ``Plan`` says how its weights change.
The result depends on nothing else, so that an interrupted training ends like an uninterrupted one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import torch

from inkread.errors import TrainingError
from inkread.training import hardware
from inkread.training.checkpoint import Checkpoint, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inkread.training.recipe import TrainingConfig

EPOCH_SEEDS = 10_007
"""Seeds set apart for each seed of a plan: one for the initial weights and one per epoch."""

Answer = Callable[["Tensor"], "Tensor"]
"""The network that learns, in the plan's precision: its input -> its output in 32 bits."""

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


def one_cycle(progress: float, warmup: float) -> float:
    """Learning rate, as a share of the highest: half a cosine up, half a cosine down (Smith 2018).

    Like the other schedules, it takes the share of the steps that are done, 0..1, and the share during which
    the rate rises.
    """
    if progress < warmup:
        return (1 - math.cos(math.pi * progress / warmup)) / 2
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


def linear(progress: float, warmup: float) -> float:
    """Half a cosine up, a line down to zero."""
    return one_cycle(progress, warmup) if progress < warmup else (1 - progress) / (1 - warmup)


def constant(progress: float, warmup: float) -> float:
    """Half a cosine up, and no further change."""
    return one_cycle(progress, warmup) if progress < warmup else 1.0


def trapezoid(progress: float, warmup: float, decay: float) -> float:
    """A line up, a plateau, and over the last ``decay`` of the steps a line down to zero.

    After Hägele et al., "Scaling laws and compute-optimal training beyond fixed durations", 2024: a training
    that turns out to be too short can continue from its plateau.
    """
    rise = progress / warmup if warmup else 1.0
    fall = (1 - progress) / decay if decay else 1.0
    return min(1.0, rise, fall)


SCHEDULES = {"one-cycle": one_cycle, "linear": linear, "constant": constant}
"""By the names that recipes have for them."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The outcome of an epoch's steps.

    Attributes:
        epoch: its number, from 1.
        learning_rate: the rate of the last step.
        means: mean over the steps of what ``Task.loss`` counts, the loss first.
        seconds: since the epoch began.
    """

    epoch: int
    learning_rate: float
    means: NDArray[np.float64]
    seconds: float


class Task(Protocol[Row_co]):
    """What a network learns."""

    def batches(self, epoch: int) -> Iterable[Any]:
        """Returns at least as many batches as an epoch has steps; the same for the same epoch."""

    def loss(self, answer: Answer, batch: Any) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the loss of the network's answer, and further figures of this step."""

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> Row_co:
        """Returns the figures of an epoch; may measure the averaged network, and set its batch norms."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the weights change; what is not explained here has the meaning that it has in ``recipe.Recipe``.

    Attributes:
        steps: in all.
        epoch: steps of an epoch; the last one may be shorter.
        schedule: share of the steps done, 0..1 -> share of the highest rate.
        seed: seeds PyTorch's global generator, for dropout and for whatever a task draws from it.
        weight_decay: as the optimizer means it; none on biases and batch norms.
        clip: norm that gradients are clipped to.
        device: ``hardware.resolved``, like the precision.
    """

    steps: int
    epoch: int
    learning_rate: float
    schedule: Callable[[float], float]
    seed: int
    optimizer: str = "adamw"
    momentum: float = 0.0
    weight_decay: float = 0.0
    averaging: float = 0.0
    clip: float = math.inf
    device: str = "cpu"
    precision: str = "float32"
    patience: int = 0
    keep: str = "last"

    @property
    def epochs(self) -> int:
        """How many there are if none is spared."""
        return -(-self.steps // self.epoch)


def plan_of(
    config: TrainingConfig, *, steps: int, epoch: int, schedule: Callable[[float], float], **further: Any
) -> Plan:
    """Returns the plan of settings that are ``hardware.resolved``; ``further`` are fields of ``Plan``."""
    return Plan(
        steps=steps,
        epoch=epoch,
        schedule=schedule,
        seed=config.seed,
        learning_rate=config.learning_rate,
        weight_decay=config.optimizer_decay,
        averaging=config.averaging,
        device=config.device,
        precision=config.precision,
        **further,
    )


def seed_of(seed: int, epoch: int) -> int:
    """Returns a seed per epoch, so that a resumed run draws what an uninterrupted one would have drawn."""
    return seed * EPOCH_SEEDS + epoch


def train(
    network: nn.Module,
    task: Task[Row],
    plan: Plan,
    *,
    checkpoint: Checkpoint[Row] | None = None,
    on_epoch: Callable[[Row], object] = lambda _row: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> State[Row]:
    """Trains a network, in all processes that are ``hardware.joined``.

    ``State.averaged`` is the result, in evaluation mode.

    Args:
        network: with the weights to start from.
        task: what it learns.
        plan: how.
        checkpoint: where the state is kept after each epoch; none for a short training.
        on_epoch: called after each epoch with its figures; for a resumed training, also with earlier ones.
        on_batch: called after each step with the number of steps done in this epoch, and in all of it.

    Raises:
        TrainingError: the checkpoint is damaged or of another training, or the loss is no longer a number.
        OutputError: the checkpoint cannot be written.
    """
    state: State[Row] = State.start(network.to(plan.device), plan)
    if checkpoint:
        checkpoint.open(state)
        for row in state.history:
            on_epoch(row)
    network = hardware.parallel(state.network)
    while not _is_done(state, plan):
        state.history.append(hardware.agreed(_epoch(state, network, task, plan, on_batch=on_batch)))
        state.note_best(keep=plan.keep == "best")
        if checkpoint:
            checkpoint.save(state)
        on_epoch(state.history[-1])
    if plan.keep == "best":
        state.restore_best()
    return state


def _is_done(state: State[Any], plan: Plan) -> bool:
    done = len(state.history)
    return done >= plan.epochs or (0 < plan.patience <= done - state.best_epoch)


def _epoch(
    state: State[Any],
    network: nn.Module,
    task: Task[Row],
    plan: Plan,
    *,
    on_batch: Callable[[int, int], object],
) -> Row:
    """Trains for one epoch; ``network`` is the state's, or its parallel twin."""
    epoch, began = len(state.history) + 1, time.perf_counter()
    first = (epoch - 1) * plan.epoch
    count = min(plan.epoch, plan.steps - first)
    sums: NDArray[np.float64] = np.zeros(1)
    rate = 0.0
    state.network.train()
    torch.manual_seed(seed_of(plan.seed, epoch))
    for done, batch in enumerate(islice(task.batches(epoch), count)):
        step = first + done
        rate = plan.learning_rate * plan.schedule((step + 1) / plan.steps)
        sums = sums + _step(state, network, task, plan, batch, rate=rate)
        if plan.averaging:
            # A decay that rises from zero soon forgets the random first weights.
            state.average(min(plan.averaging, step / (step + 10)))
        on_batch(done + 1, count)
    if not plan.averaging:
        state.average(0.0)
    sums = hardware.mean(sums, plan.device)
    if not np.isfinite(sums).all():
        remedy = "start again with a lower learning rate"
        raise TrainingError(f"epoch {epoch}", "the loss is no longer a number", remedy)
    return task.end_epoch(state.averaged, Passed(epoch, rate, sums / count, time.perf_counter() - began))


def _step(
    state: State[Any], network: nn.Module, task: Task[Any], plan: Plan, batch: Any, *, rate: float
) -> NDArray[np.float64]:
    """Trains for one step; returns the loss, and the task's further figures."""

    def answer(inputs: Tensor) -> Tensor:
        with torch.autocast(plan.device, torch.bfloat16, enabled=plan.precision == "bfloat16"):
            return network(inputs.to(plan.device)).float()

    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.optimizer.zero_grad()
    loss, further = task.loss(answer, batch)
    loss.backward()  # type: ignore[no-untyped-call]
    if plan.clip == math.inf or torch.isfinite(
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), plan.clip)
    ):
        state.optimizer.step()
    return np.array([loss.item(), *further])
