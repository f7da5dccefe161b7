"""Trains the network that reads text lines, on lines that are made during training.

The network labels every second column of a line with a character or the blank; it learns from texts alone, by
connectionist temporal classification (Graves et al. 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from inkread.datasets.strips import HEIGHT
from inkread.evaluation.metrics import edit_distance
from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.decoding import greedy
from inkread.synthetic.text_lines import make_line
from inkread.training import on_the_fly
from inkread.training.checkpoint import Checkpoint
from inkread.training.hardware import multiplies_bfloat16
from inkread.training.strip_network import StripNetwork, planes_of, unfolded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from inkread.datasets.strips import Strip
    from inkread.synthetic.text_lines import TextStock
    from inkread.training.checkpoint import State
    from inkread.training.recipe import TextRecipe
    from inkread.training.trainer import Answer, Passed

BLANK = len(TEXT_CLASSES) - 1
POOL = 400
"""Lines that are sorted by width before they are divided into batches."""
AHEAD = 32
"""Batches that each process prepares in advance."""
MEASURED = 1_000
"""Held-out lines that each epoch is measured on."""

Lines = list["Strip"]


@dataclass(frozen=True)
class TextEpoch:
    """The figures of an epoch; a row of ``history.csv``.

    Attributes:
        train_loss: in nats per character.
        validation_loss: edits per character (CER) on held-out lines, read greedily.
        validation_accuracy: share of held-out lines that are read exactly.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    def summary(self) -> dict[str, str]:
        """Returns the figures that a person asks for, by name."""
        return {
            "Training loss": f"{self.train_loss:.4f}",
            "Held out: CER, lines right": f"{self.validation_loss:.2%}, {self.validation_accuracy:.2%}",
        }


def _batches(stock: TextStock, recipe: TextRecipe, epoch: int, pool: int) -> Iterator[Lines]:
    """Makes the lines of a pool, and yields batches of similar widths."""
    rng = np.random.default_rng([recipe.seed, epoch, pool])
    lines = sorted((make_line(stock, rng) for _ in range(POOL)), key=_width)
    batches = list(split(lines, recipe.batch_size))
    return (batches[index] for index in rng.permutation(len(batches)))


def _width(line: Strip) -> int:
    return line.pixels.shape[1]


def split(lines: Sequence[Strip], pixels: int) -> Iterator[Lines]:
    """Divides lines, sorted by width, into batches of about ``pixels`` columns including padding."""
    batch: Lines = []
    for line in lines:
        if batch and _width(line) * (len(batch) + 1) > pixels:
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch


class TextTask:
    """Learns to read lines made of a stock, and measures each epoch on others; see ``trainer.Task``."""

    def __init__(self, recipe: TextRecipe, stock: TextStock, validation: Lines) -> None:
        self._recipe, self._stock, self._validation = recipe, stock, validation
        self._codes = {character: index for index, character in enumerate(TEXT_CLASSES[:-1])}

    def batches(self, epoch: int) -> Iterator[Lines]:
        """Returns the batches of an epoch."""
        make = partial(_batches, self._stock, self._recipe, epoch)
        return on_the_fly.stream(make, workers=self._recipe.workers, ahead=AHEAD, context="fork")

    def loss(self, answer: Answer, batch: Lines) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the loss per character."""
        inputs, columns = planes_of([line.pixels for line in batch])
        logits = unfolded(answer(inputs.contiguous(memory_format=torch.channels_last)))
        texts = [torch.tensor([self._codes[character] for character in line.text]) for line in batch]
        lengths = torch.tensor([len(text) for text in texts])
        loss = functional.ctc_loss(
            logits.log_softmax(dim=2).transpose(0, 1),
            torch.cat(texts).to(logits.device),
            columns,
            lengths,
            blank=BLANK,
            reduction="sum",
            zero_infinity=True,
        )
        return loss / int(lengths.sum()), ()

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> TextEpoch:
        """Measures the averaged network on held-out lines."""
        errors, exact = evaluate(averaged, self._validation, self._recipe.batch_size)
        return TextEpoch(
            passed.epoch, passed.learning_rate, float(passed.means[0]), errors, exact, passed.seconds
        )


@torch.no_grad()
def evaluate(network: nn.Module, lines: Lines, pixels: int = 5_000) -> tuple[float, float]:
    """Returns the edits per character and the share of lines read exactly, by a network that is evaluated."""
    device = next(network.parameters()).device.type
    errors = length = right = 0
    for batch in split(sorted(lines, key=_width), pixels):
        inputs, columns = planes_of([line.pixels for line in batch])
        with torch.autocast(device, dtype=torch.bfloat16, enabled=multiplies_bfloat16(device)):
            logits = unfolded(network(inputs.to(device, memory_format=torch.channels_last)).float())
        for line, best, count in zip(
            batch, logits.argmax(dim=2).cpu().numpy(), columns.tolist(), strict=True
        ):
            read = greedy(best[:count])
            errors += edit_distance(read, line.text)
            length += len(line.text)
            right += read == line.text
    return errors / max(1, length), right / max(1, len(lines))


def start_of(recipe: TextRecipe) -> StripNetwork:
    """Returns the network that a training starts from."""
    torch.manual_seed(recipe.seed)
    network = StripNetwork(len(TEXT_CLASSES), HEIGHT)
    if recipe.weights == "bundled":
        on_the_fly.load_weights(network, on_the_fly.TEXT)
    elif recipe.weights == "strip":
        on_the_fly.load_trunk(network, on_the_fly.STRIP)
    return network


@torch.no_grad()
def blend(network: nn.Module, start: nn.Module, share: float) -> None:
    """Moves a network's weights towards those of another one; their batch norms' statistics too."""
    others = start.state_dict()
    for name, weights in network.state_dict().items():
        if weights.is_floating_point():
            weights.lerp_(others[name], share)


def fit_text(
    recipe: TextRecipe,
    folder: Path,
    *,
    stock: TextStock,
    held_out: TextStock,
    resume: bool = False,
    **options: Any,
) -> State[TextEpoch]:
    """Trains the network on lines made of ``stock``, or continues the interrupted run in the folder.

    Lines made of ``held_out`` measure each epoch. See ``on_the_fly.fit`` for the options and errors.
    """
    network = start_of(recipe)
    rng = np.random.default_rng([recipe.seed, 0])
    task = TextTask(recipe, stock, [make_line(held_out, rng) for _ in range(MEASURED)])
    checkpoint = Checkpoint(folder, recipe.identity(), TextEpoch, resume=resume)
    return on_the_fly.fit(network, task, recipe, checkpoint=checkpoint, **options)
