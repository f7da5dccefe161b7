"""How a training reports its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.digits import Epoch
    from inkread.training.text_fit import TextEpoch


class Progress:
    """Receives reports while a training runs, and ignores those that a subclass does not override."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Receives the bytes of a download so far, and in all."""

    def on_picture(self, done: int, total: int) -> None:
        """Receives the number of pictures of a folder read so far, and in all."""

    def on_note(self, text: str) -> None:
        """Receives a note about the data, such as pictures that were left out."""

    def on_batch(self, done: int, total: int) -> None:
        """Receives the number of steps done in this epoch, and in all of it."""

    def on_epoch(self, epoch: Epoch | DetectorEpoch | TextEpoch) -> None:
        """Receives the figures of an epoch that has just ended."""
