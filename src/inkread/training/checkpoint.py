"""The state of a training between two epochs, kept in the run's folder: an interruption costs one epoch."""

from __future__ import annotations

import copy
import io
from dataclasses import asdict, dataclass, field
from pickle import UnpicklingError  # only to catch it: weights_only loads no pickled code
from typing import TYPE_CHECKING, Any, Generic, Self

import torch

from inkread.errors import OutputError, TrainingError
from inkread.models.card import CARD_FILE
from inkread.system.files import whole
from inkread.training.recipe import Recipe
from inkread.training.run import Figures

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from inkread.training.recipe import DetectorRecipe

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training glyphs came to; a row of ``history.csv``.

    Losses are mean cross-entropies (nats), accuracies shares of 0..1. The training figures are of augmented
    glyphs and the weights of the moment, with label smoothing in the loss; the validation figures are of plain
    glyphs and the averaged weights. The learning rate is the last step's.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    def summary(self) -> dict[str, str]:
        """The figures that a person asks for, by name."""
        return {
            "Training loss, accuracy": f"{self.train_loss:.4f}, {self.train_accuracy:.2%}",
            "Validation loss, accuracy": f"{self.validation_loss:.4f}, {self.validation_accuracy:.2%}",
        }


@dataclass
class State(Generic[Figures]):
    """All that changes in training; no random numbers, as each epoch draws from a seed of its own.

    ``network`` and ``averaged`` are the module that learns and the mean of its weights; ``figures`` is the dataclass of an epoch's.
    """

    network: Any
    averaged: Any
    optimizer: torch.optim.Optimizer
    figures: type[Figures]
    history: list[Figures] = field(default_factory=list)

    @classmethod
    def start(cls, recipe: Recipe | DetectorRecipe, network: nn.Module, figures: type[Figures]) -> Self:
        """A network with fresh weights, its average and its optimiser."""
        averaged = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        kernels = [weight for weight in network.parameters() if weight.ndim > 1]
        others = [weight for weight in network.parameters() if weight.ndim == 1]  # biases and batch norms
        decay = recipe.decay if isinstance(recipe, Recipe) else recipe.weight_decay
        groups = [
            {"params": kernels, "weight_decay": decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return cls(network, averaged, _optimizer(recipe, groups), figures)


def _optimizer(recipe: Recipe | DetectorRecipe, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """The recipe's optimizer, which takes ``weight_decay`` as its own kind of it; the detector always learns by AdamW."""
    match recipe:
        case Recipe(optimizer="adam"):
            return torch.optim.Adam(groups, lr=recipe.learning_rate)
        case Recipe(optimizer="sgd", momentum=momentum):
            return torch.optim.SGD(groups, recipe.learning_rate, momentum, nesterov=momentum > 0)
        case _:
            return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def refuse(out: Path, *, resume: bool) -> None:
    """Raises a ``TrainingError`` if the folder's content does not allow to start, or to resume, a run."""
    if (out / CARD_FILE).exists():
        raise TrainingError(
            str(out), "holds a finished run", "choose another folder, or remove this one first"
        )
    interrupted = (out / CHECKPOINT_FILE).exists()
    if interrupted and not resume:
        raise TrainingError(str(out), "holds an interrupted run", "resume it, or choose another folder")
    if resume and not interrupted:
        raise TrainingError(str(out), "holds no interrupted run", "start one without resuming")


def save(out: Path, state: State[Any], identity: dict[str, Any]) -> None:
    """Replaces the run's checkpoint in one step: at any moment, also on a full disk, the old one or the new one is there.

    Args:
        out: the run's folder, made if need be.
        state: after any number of whole epochs.
        identity: recipe and data, flat; a run is resumed with the same only.

    Raises:
        OutputError: if the folder cannot be written to.
    """
    content = io.BytesIO()
    torch.save(
        {
            "identity": identity,
            "network": state.network.state_dict(),
            "averaged": state.averaged.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "history": [asdict(epoch) for epoch in state.history],
        },
        content,
    )
    path = out / CHECKPOINT_FILE
    try:
        out.mkdir(parents=True, exist_ok=True)
        with whole(path) as partial:
            partial.write_bytes(content.getbuffer())
    except OSError as error:
        raise OutputError(
            str(out), f"cannot be written to ({error})", "make room, or choose another folder"
        ) from error


def restore(out: Path, state: State[Any], identity: dict[str, Any]) -> None:
    """Brings a fresh state to where the interrupted run was.

    Raises:
        TrainingError: if the checkpoint is damaged, or belongs to another recipe or other data.
    """
    path = out / CHECKPOINT_FILE
    try:
        saved = torch.load(path, weights_only=True)
        differing = [name for name in identity if identity[name] != saved["identity"].get(name)]
        if not differing:
            state.network.load_state_dict(saved["network"])
            state.averaged.load_state_dict(saved["averaged"])
            state.optimizer.load_state_dict(saved["optimizer"])
            state.history[:] = [state.figures(**row) for row in saved["history"]]
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, EOFError, UnpicklingError) as error:
        raise TrainingError(
            str(path), f"is no readable checkpoint ({type(error).__name__})", "remove it and start again"
        ) from error
    if differing:
        changes = ", ".join(
            f"{name} was {saved['identity'].get(name)!r}, is {identity[name]!r}" for name in differing
        )
        raise TrainingError(
            str(out),
            f"holds a run of another recipe or other data ({changes})",
            "resume it with what it was started with",
        )
