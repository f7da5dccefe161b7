"""A finished training of any network: as the loop returns it, and as its folder keeps it.

Also the spread of scores over runs that differ only in their seed: how much of a difference is luck.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import safetensors.torch

from inkread.errors import ModelFormatError, ModelNotFoundError, one_line
from inkread.models import load_model
from inkread.models.card import CARD_FILE, Card, load_history
from inkread.system.files import csv_of, write_whole
from inkread.training.detector_fit import DetectorNetwork
from inkread.training.recipe import DetectorRecipe, TextRecipe, recipe_from
from inkread.training.strip_network import StripNetwork
from inkread.training.to_torch import build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from inkread.system.files import AnyPath
    from inkread.training.recipe import AnyRecipe, FineTuneConfig

WEIGHTS_FILE, SEEDS_FILE = "model.safetensors", "seeds.csv"

HIGHEST_STRIP = 256
"""Pixels; the network has weights for each row of a strip."""

Settings = TypeVar("Settings")
Figures = TypeVar("Figures")


@dataclass(frozen=True)
class Run(Generic[Settings, Figures]):
    """A finished training; ``Settings`` is the type of its recipe, ``Figures`` the dataclass of an epoch's.

    Attributes:
        out: the run's folder.
        recipe: with threads and precision as they were used.
        network: the averaged weights, in evaluation mode.
        history: one row per epoch.
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
    """A finished run, loaded from its folder.

    Attributes:
        folder: the run's folder.
        card: its model's card.
        network: its network, in evaluation mode.
        history: one dict per epoch, figures by name.
    """

    folder: Path
    card: Card
    network: Any
    history: tuple[dict[str, float], ...]


def load_run(folder: AnyPath) -> Trained:
    """Loads a finished run from its folder; the weights come from ``model.safetensors``, never from a pickle.

    Raises:
        ModelNotFoundError: there is no finished run.
        ModelFormatError: the weights do not fit the network named in the card.
        ModelIntegrityError: the model is not the one named in the card.
    """
    folder = Path(folder)
    card = load_model(folder).card
    if not (folder / CARD_FILE).is_file():
        raise ModelNotFoundError(str(folder), "is not a run, but a bundled model", "name the folder of a run")
    recipe = recipe_from(card.recipe)
    weights = folder / WEIGHTS_FILE
    try:
        network = _network(recipe, card)
        network.load_state_dict(safetensors.torch.load_file(weights))
    except FileNotFoundError as error:
        raise ModelNotFoundError(str(weights), "is missing", "restore it, or train again") from error
    except Exception as error:  # safetensors' own, PyTorch's and the system's share no base but this
        problem = f"does not hold the weights of {card.name} ({one_line(str(error))})"
        raise ModelFormatError(str(weights), problem, "restore it, or train again") from error
    network = network.eval().requires_grad_(requires_grad=False)
    return Trained(folder, card, network, load_history(folder))


def _network(recipe: AnyRecipe | FineTuneConfig, card: Card) -> nn.Module:
    """Makes the network of a recipe, for the labels and the geometry on the card."""
    if isinstance(recipe, DetectorRecipe):
        return DetectorNetwork(len(card.labels))
    if isinstance(recipe, TextRecipe):
        height = card.geometry.get("height")
        if not isinstance(height, int) or not 8 <= height <= HIGHEST_STRIP:
            raise ValueError(f"its card has strips {height!r} pixels high")
        return StripNetwork(len(card.labels), height)
    return build(recipe, len(card.labels))


@dataclass(frozen=True, slots=True)
class Spread:
    """A score over several seeds; ``deviation`` is the sample standard deviation, 0 for a single one."""

    mean: float
    deviation: float
    low: float
    high: float


def spread(scores: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """Returns the spread of each score that all runs have; ``scores`` are those of a card per run."""
    shared = [name for name in scores[0] if all(name in each for each in scores)]
    found = {}
    for name in shared:
        values = [each[name] for each in scores]
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        found[name] = Spread(statistics.fmean(values), deviation, min(values), max(values))
    return found


def save_seeds(folder: Path, scores: Mapping[int, Mapping[str, float]]) -> Path:
    """Writes ``seeds.csv``, one row per seed with its scores; returns its path."""
    path = folder / SEEDS_FILE
    names = list(dict.fromkeys(name for each in scores.values() for name in each))
    rows = ({"seed": seed} | dict(each) for seed, each in scores.items())
    write_whole(path, csv_of(["seed", *names], rows).encode())
    return path
