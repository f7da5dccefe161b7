"""A finished training, of whatever network: as it comes out of the loop, and as its folder keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import safetensors.torch

from inkread.errors import ModelFormatError, ModelNotFoundError, one_line
from inkread.models import load_model
from inkread.models.card import CARD_FILE, Card
from inkread.models.history import load_history
from inkread.training.detector_network import DetectorNetwork
from inkread.training.networks import build
from inkread.training.recipe import DetectorRecipe, recipe_from

if TYPE_CHECKING:
    from torch import nn

    from inkread.system.files import AnyPath

WEIGHTS_FILE = "model.safetensors"

Settings = TypeVar("Settings")
Figures = TypeVar("Figures")


@dataclass(frozen=True)
class Run(Generic[Settings, Figures]):
    """A finished training; ``Settings`` is the type of its recipe, ``Figures`` the dataclass of an epoch's.

    Attributes:
        out: the run's folder.
        recipe: with threads and precision as they were used.
        network: the averaged weights, in evaluation mode.
        history: one row an epoch.
    """

    out: Path
    recipe: Settings
    network: Any
    history: tuple[Figures, ...]

    @property
    def card(self) -> Card:
        """The model card, once the run is exported."""
        return Card.load(self.out / CARD_FILE)


@dataclass(frozen=True)
class Trained:
    """A finished run, as its folder has it.

    Attributes:
        folder: of the run.
        card: of its model.
        network: its weights, in evaluation mode.
        history: one dict an epoch, its figures by their names.
    """

    folder: Path
    card: Card
    network: Any
    history: tuple[dict[str, float], ...]


def load_run(folder: AnyPath) -> Trained:
    """A finished run from its folder; the weights are those of ``model.safetensors``, never a pickle.

    Raises:
        ModelNotFoundError: no finished run is there.
        ModelFormatError: its weights are not those of the network that its card names.
        ModelIntegrityError: its model is not the one that its card names.
    """
    folder = Path(folder)
    card = load_model(folder).card
    if not (folder / CARD_FILE).is_file():
        raise ModelNotFoundError(str(folder), "is no run, but a bundled model", "name the folder of a run")
    recipe = recipe_from(card.recipe)
    network: nn.Module
    if isinstance(recipe, DetectorRecipe):
        network = DetectorNetwork(len(card.labels))
    else:
        network = build(recipe, len(card.labels))
    weights = folder / WEIGHTS_FILE
    try:
        network.load_state_dict(safetensors.torch.load_file(weights))
    except FileNotFoundError as error:
        raise ModelNotFoundError(str(weights), "is missing", "restore it, or train again") from error
    except Exception as error:  # safetensors' own, PyTorch's and the system's share no base but this
        problem = f"does not hold the weights of {card.name} ({one_line(str(error))})"
        raise ModelFormatError(str(weights), problem, "restore it, or train again") from error
    network = network.eval().requires_grad_(requires_grad=False)
    return Trained(folder, card, network, load_history(folder))
