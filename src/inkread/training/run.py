"""A finished training, of whatever network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from inkread.models.card import CARD_FILE, Card

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

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
    network: nn.Sequential
    history: tuple[Figures, ...]

    @property
    def card(self) -> Card:
        """The model card, once the run is exported."""
        return Card.load(self.out / CARD_FILE)
