"""The state of a training between two epochs, kept in the run's folder: an interruption costs one epoch."""

from __future__ import annotations

import copy
import io
from dataclasses import asdict, dataclass, field
from pickle import UnpicklingError  # only to catch it: weights_only loads no pickled code
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import torch

from inkread.errors import TrainingError
from inkread.models.card import CARD_FILE
from inkread.system.files import whole, writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from inkread.training.trainer import Plan

CHECKPOINT_FILE = "checkpoint.pt"
UNREADABLE = (OSError, RuntimeError, ValueError, TypeError, LookupError, EOFError, UnpicklingError)
"""What a damaged checkpoint may raise."""

Row = TypeVar("Row")


@dataclass
class State(Generic[Row]):
    """All that changes during training; no random numbers, because each epoch draws from a seed of its own.

    Attributes:
        averaged: the mean of the network's weights and batch-norm statistics, in evaluation mode.
        history: the figures of the epochs so far.
        best_epoch: that with the lowest validation loss; the last if there is no such figure; 0 at first.
        best: the averaged weights after it.
    """

    network: Any
    averaged: Any
    optimizer: torch.optim.Optimizer
    history: list[Row] = field(default_factory=list)
    best_epoch: int = 0
    best: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(cls, network: nn.Module, plan: Plan) -> Self:
        """Begins with a network's weights, their average, and a fresh optimizer."""
        network.requires_grad_(requires_grad=True)
        averaged = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        return cls(network, averaged, _optimizer(network, plan))

    @torch.no_grad()
    def average(self, decay: float) -> None:
        """Takes one step of the exponential moving average of the weights and of batch-norm statistics."""
        now = self.network.state_dict()
        for name, kept in self.averaged.state_dict().items():
            if kept.dtype.is_floating_point:
                kept.lerp_(now[name], 1 - decay)
            else:
                kept.copy_(now[name])

    def note_best(self, *, keep: bool) -> None:
        """Notes the last epoch as the best if its validation loss is the lowest, or if it has none.

        The averaged weights of the best epoch are kept if ``keep``.
        """
        losses = [getattr(row, "validation_loss", 0.0) for row in self.history]
        if not self.best_epoch or losses[-1] < losses[self.best_epoch - 1] or not any(losses):
            self.best_epoch = len(losses)
            self.best = copy.deepcopy(self.averaged.state_dict()) if keep else {}

    def restore_best(self) -> None:
        """Gives the averaged network the weights of the best epoch."""
        if self.best:
            self.averaged.load_state_dict(self.best)


def _optimizer(network: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    groups = [
        {"params": [each for each in weights if each.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [each for each in weights if each.ndim <= 1], "weight_decay": 0.0},  # biases, batch norms
    ]
    match plan.optimizer:
        case "adam":
            return torch.optim.Adam(groups, lr=plan.learning_rate)
        case "sgd":
            return torch.optim.SGD(groups, plan.learning_rate, plan.momentum, nesterov=plan.momentum > 0)
        case _:
            return torch.optim.AdamW(groups, lr=plan.learning_rate)


@dataclass(frozen=True)
class Checkpoint(Generic[Row]):
    """Where a training's state is kept.

    Attributes:
        folder: the run's folder; created if needed.
        identity: recipe and data, flat, with readable names; only the same training is resumed.
        row: makes the figures of an epoch from their names and values.
        resume: continues the training in the folder.
        writes: saves; of several processes, only one does.
    """

    folder: Path
    identity: dict[str, Any]
    row: Callable[..., Row]
    resume: bool = False
    writes: bool = True

    def open(self, state: State[Row]) -> None:
        """Restores a training to be resumed, or saves a fresh one.

        Raises:
            TrainingError: the checkpoint is damaged, or belongs to another recipe or other data.
            OutputError: the folder cannot be written to.
        """
        if self.resume:
            self._restore(state)
        else:
            self.save(state)

    def save(self, state: State[Row]) -> None:
        """Replaces the checkpoint in one step: even on a full disk, the old or the new one always exists.

        Raises:
            OutputError: the folder cannot be written to.
        """
        if not self.writes:
            return
        content = io.BytesIO()
        saved = {
            "identity": self.identity,
            "network": state.network.state_dict(),
            "averaged": state.averaged.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "history": [asdict(row) for row in state.history],  # type: ignore[call-overload]
            "best_epoch": state.best_epoch,
            "best": state.best,
        }
        torch.save(saved, content)
        with writing(self.folder, "make room, or choose another folder"):
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole(self.folder / CHECKPOINT_FILE) as partial:
                partial.write_bytes(content.getbuffer())

    def _restore(self, state: State[Row]) -> None:
        path = self.folder / CHECKPOINT_FILE
        try:
            saved = torch.load(path, weights_only=True)
            before = saved["identity"]
            differing = [name for name in self.identity if self.identity[name] != before.get(name)]
            if not differing:
                state.network.load_state_dict(saved["network"])
                state.averaged.load_state_dict(saved["averaged"])
                state.optimizer.load_state_dict(saved["optimizer"])
                state.history[:] = [self.row(**row) for row in saved["history"]]
                state.best_epoch, state.best = saved["best_epoch"], saved["best"]
        except UNREADABLE as error:
            problem = f"is not a readable checkpoint ({type(error).__name__})"
            raise TrainingError(str(path), problem, "remove it and start again") from error
        if differing:
            changes = (f"{each} was {before.get(each)!r}, is {self.identity[each]!r}" for each in differing)
            problem = f"holds a run of another recipe or other data ({', '.join(changes)})"
            raise TrainingError(str(self.folder), problem, "resume it with what it was started with")


def refuse(out: Path, *, resume: bool) -> None:
    """Raises a ``TrainingError`` if the folder's content does not allow a run to start, or to be resumed."""
    if (out / CARD_FILE).exists():
        remedy = "choose another folder, or remove this one first"
        raise TrainingError(str(out), "holds a finished run", remedy)
    interrupted = (out / CHECKPOINT_FILE).exists()
    if interrupted and not resume:
        raise TrainingError(str(out), "holds an interrupted run", "resume it, or choose another folder")
    if resume and not interrupted:
        raise TrainingError(str(out), "holds no interrupted run", "start one without resuming")
