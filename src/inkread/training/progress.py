"""Whoever wants to know how far a training is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.digits import Epoch


class Progress(Protocol):
    """Whoever wants to know how far the training is."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Bytes of a file, if one must be downloaded."""

    def on_picture(self, done: int, total: int) -> None:
        """Pictures of a folder that are read, and how many it has."""

    def on_note(self, text: str) -> None:
        """What a person should know of the data, such as pictures that were left out."""

    def on_batch(self, done: int, total: int) -> None:
        """Steps done in this epoch, and how many it has."""

    def on_epoch(self, epoch: Epoch | DetectorEpoch) -> None:
        """The figures of an epoch that has just ended."""


class NullProgress:
    """The progress of nobody watching."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Nothing."""

    def on_picture(self, done: int, total: int) -> None:
        """Nothing."""

    def on_note(self, text: str) -> None:
        """Nothing."""

    def on_batch(self, done: int, total: int) -> None:
        """Nothing."""

    def on_epoch(self, epoch: Epoch | DetectorEpoch) -> None:
        """Nothing."""
