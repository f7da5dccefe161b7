"""The progress display of a training run."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inkread.cli.console import printable
from inkread.training.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.text import Text

    from inkread.training import DetectorEpoch, Epoch, TextEpoch


class TrainingProgress(Progress):
    """Two bars, for the training and the current download or epoch, and the loss and accuracy curves."""

    def __init__(self, bar: Bars, epochs: TaskID, steps: TaskID, curves: Text) -> None:
        self._bar, self._epochs, self._steps, self._curves = bar, epochs, steps, curves
        self._history: list[Epoch | DetectorEpoch | TextEpoch] = []

    @classmethod
    @contextmanager
    def over(cls, title: str, total: int, console: Console) -> Iterator[TrainingProgress]:
        """Shows the bars during a training of ``total`` epochs."""
        from rich import progress
        from rich.console import Group
        from rich.live import Live
        from rich.text import Text

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
        )
        bar, curves = progress.Progress(*columns, console=console), Text()
        epochs = bar.add_task(title, total=total)
        shown = cls(bar, epochs, bar.add_task("Starting", total=None), curves)
        with Live(Group(bar, curves), console=console, transient=True, redirect_stdout=False):
            yield shown

    def on_download(self, name: str, done: int, total: int) -> None:
        """Advances the lower bar, in bytes."""
        self._bar.update(self._steps, description=f"Downloading {name}", completed=done, total=total)

    def on_picture(self, done: int, total: int) -> None:
        """Advances the lower bar, in pictures."""
        self._bar.update(self._steps, description="Reading pictures", completed=done, total=total)

    def on_note(self, text: str) -> None:
        """Prints a note above the bars."""
        sys.stderr.write(f"note: {printable(text)}\n")

    def on_batch(self, done: int, total: int) -> None:
        """Advances both bars, so that the remaining time is known before the first epoch ends."""
        self._bar.update(self._steps, description="This epoch", completed=done, total=total)
        epochs = self._history[-1].epoch if self._history else 0
        self._bar.update(self._epochs, completed=epochs + done / total)

    def on_epoch(self, epoch: Epoch | DetectorEpoch | TextEpoch) -> None:
        """Advances the bar of the training, and extends the curves."""
        from inkread.evaluation.figures import sparkline
        from inkread.training import DetectorEpoch

        self._history.append(epoch)
        self._bar.update(self._epochs, completed=epoch.epoch)
        losses = sparkline([each.train_loss for each in self._history])
        self._curves.plain = f"Training loss        {losses} {epoch.train_loss:.4f}"
        watched = [each.validation_accuracy for each in self._history if not isinstance(each, DetectorEpoch)]
        if watched:
            self._curves.plain += f"\nValidation accuracy  {sparkline(watched)} {watched[-1]:.2%}"
