"""Does what ``inkread train`` asks for: one run, a run per seed, or fine-tuning; and prints the outcome."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from inkread.cli.console import interruptible, printable, record, show, table
from inkread.errors import OptionError
from inkread.models.card import CARD_FILE, Card
from inkread.system.ranks import rank
from inkread.training.progress import Progress
from inkread.training.recipe import Recipe, TextRecipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from inkread.training import DetectorEpoch, Epoch, FineTuned, Run, TextEpoch
    from inkread.training.recipe import AnyRecipe, FineTuneConfig

MNIST, CORRECTIONS = "mnist", "corrections"
"""The default training data, and the corrections in a store."""

BUNDLED = "bundled"
"""The name of the default model in --init-from."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What the command asks for, besides the recipe.

    Attributes:
        out: the folder of the run, or of the runs of all seeds.
        words: the command that repeats the run, without ``--out``.
        data: training data by name.
        store: the store of the corrections.
        data_dir: the folder of the collections.
        log: loggers by name.
    """

    out: Path
    words: Sequence[str]
    data: Sequence[str]
    store: str | None
    data_dir: Path | None
    log: Sequence[str]
    resume: bool
    quiet: bool

    def run(self, recipe: AnyRecipe) -> Run[Any, Any]:
        """Trains one network, with a progress bar."""
        title, again = f"Training {recipe.network}", f"run the same command with --resume (--out {self.out})"
        console = _console(quiet=self.quiet or rank() > 0)
        with (
            interruptible(again),
            TrainingProgress(title, recipe.epochs, console) as progress,
            self._logged(progress, recipe) as watched,
        ):
            return self._trained(recipe, progress=watched, resume=self.resume, **self._options())

    def runs(self, recipe: AnyRecipe, seeds: int) -> dict[int, dict[str, float]]:
        """Trains with several seeds, each in its own folder; returns the scores by seed."""
        scores = {}
        for seed in range(recipe.seed, recipe.seed + seeds):
            out = self.out / f"seed-{seed}"
            if self.resume and (out / CARD_FILE).is_file():
                scores[seed] = Card.load(out / CARD_FILE).scores
            else:
                resume = self.resume and any(out.glob("checkpoint*"))
                one = dataclasses.replace(self, out=out, resume=resume)
                scores[seed] = one.run(dataclasses.replace(recipe, seed=seed)).card.scores
        return scores

    def fine_tune(self, config: FineTuneConfig, start: str) -> FineTuned:
        """Trains a model further, with a progress bar."""
        from inkread.training import fine_tune

        console = _console(quiet=self.quiet)
        with interruptible("start again"), TrainingProgress("Fine-tuning", 1, console) as progress:
            return fine_tune(
                config,
                start="default" if start == BUNDLED else start,
                data=self.data,
                store=self.store,
                progress=progress,
                **self._options(),
            )

    def _options(self) -> dict[str, Any]:
        command = shlex.join([*self.words, "--out", str(self.out)])
        return {"out": self.out, "data_dir": self.data_dir, "command": command}

    def _logged(self, progress: TrainingProgress, recipe: AnyRecipe) -> AbstractContextManager[Any]:
        """Yields the progress, which also logs if that is asked for."""
        if not self.log or rank():
            return nullcontext(progress)
        from inkread.training.progress import logged

        return logged(progress, self.log, self.out, recipe)

    def _trained(self, recipe: AnyRecipe, **options: Any) -> Run[Any, Any]:
        """Trains on glyphs, pages, or lines of text, depending on the recipe."""
        from inkread.training import train, train_detector, train_text

        if isinstance(recipe, TextRecipe):
            return train_text(recipe, data=[name for name in self.data if name != MNIST], **options)
        if isinstance(recipe, Recipe):
            return train(recipe, data=self.data or (MNIST,), store=self.store, **options)
        for name in self.data:
            if name not in (MNIST, CORRECTIONS):
                problem = f"has single glyphs, but the network {recipe.network} learns from whole pages"
                raise OptionError(f"--data {name}", problem, "use it with --network cnn or mlp")
        return train_detector(recipe, data=self.data, store=self.store, **options)


def _console(*, quiet: bool) -> Console:
    """Returns a console on standard error, whether that is a terminal or a log."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, quiet=quiet)


class TrainingProgress(Progress):
    """Two bars, for the training and the current download or epoch, and the loss and accuracy curves.

    Where nothing can be drawn, such as in a log, each epoch is a line.

    Args:
        title: the title of the upper bar.
        total: epochs of the training.
        console: where they are drawn, as long as the context lasts.
    """

    def __init__(self, title: str, total: int, console: Console) -> None:
        from rich.console import Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars
        from rich.text import Text

        self._title, self._total, self._console = title, total, console
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar, self._curves = Bars(*columns, console=console), Text()
        self._epochs = self._bar.add_task(title, total=total)
        self._steps = self._bar.add_task("Starting", total=None)
        shown = Group(self._bar, self._curves)
        self._live = Live(shown, console=console, transient=True, redirect_stdout=False)
        self._history: list[Epoch | DetectorEpoch | TextEpoch] = []

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

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
        if not self._console.is_terminal:
            line = f"{self._title}, epoch {epoch.epoch} of {self._total}: loss {epoch.train_loss:.4f}"
            line += f", validation accuracy {watched[-1]:.2%}" if watched else ""
            self._console.print(line, soft_wrap=True)


def show_run(run: Run[Any, Any]) -> None:
    """Prints the figures of a run."""
    last, card = run.history[-1], run.card
    rows = {
        "Network": run.recipe.network,
        "Parameters": f"{card.parameters:,}",
        "Epochs": f"{last.epoch} in {sum(epoch.seconds for epoch in run.history):.0f} s",
        **last.summary(),
        "Temperature": f"{card.temperature:.3f}",
        "Saved in": str(run.out),
    }
    show(record(rows))


def show_seeds(out: Path, scores: dict[int, dict[str, float]]) -> None:
    """Prints the spread of the scores over seeds, and saves them."""
    from inkread.training.run import save_seeds, spread

    rows = table("Score", ">mean", ">± deviation", ">lowest", ">highest")
    for name, found in spread(list(scores.values())).items():
        figures = (found.mean, found.deviation, found.low, found.high)
        rows.add_row(name.replace("_", " "), *(f"{figure:.4f}" for figure in figures))
    show(rows)
    show(f"Scores of {len(scores)} seeds in {save_seeds(out, scores)}")


def show_fine_tuned(tuned: FineTuned, start: str) -> None:
    """Prints the scores before and after, and whether the model became better."""
    rows = table("", ">before", ">after")
    rows.add_row(f"Your {tuned.glyphs} pictures, unseen", *(f"{right} correct" for right in tuned.own))
    rows.add_row("MNIST, held out", *(f"{share:.2%}" for share in tuned.mnist))
    if tuned.rejected:
        rows.add_row("No digit, rejected", *(f"{share:.2%}" for share in tuned.rejected))
    show(rows)
    if tuned.is_better:
        show(f"Better than {start}; to use it, add --model {tuned.run.out}")
    elif tuned.own[1] > tuned.own[0]:
        show(f"Better than {start} on your pictures, but it reads {' and '.join(tuned.worse)} worse.")
        show(f"If your pictures matter more, use --model {tuned.run.out}")
    else:
        show(f"Not better than {start}: keep {start}. Saved in {tuned.run.out} anyway")
