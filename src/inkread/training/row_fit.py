"""The training loop of the network that reads whole rows."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import update_bn

from inkread.errors import TrainingError
from inkread.evaluation.metrics import edit_distance
from inkread.recognizer import BLANK
from inkread.training.checkpoint import State, refuse, restore, save
from inkread.training.fit import average, one_cycle, resolved, seed_of, torch_settings
from inkread.training.row_batches import NOT_ASKED, RowBatch, batch_of, batches_of, changed, papered
from inkread.training.row_network import row_network, unfolded
from inkread.training.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

    from inkread.datasets.row_stock import RowBlock
    from inkread.files import AnyPath
    from inkread.training.recipe import RowRecipe

STATISTICS_BATCHES = 40
"""Batches of plain rows from which the averaged network's batch norms take their statistics."""

STEEPEST = 5.0
"""Norm to which a step's gradient is cut."""

VALIDATION_BATCH = 64


@dataclass(frozen=True)
class RowEpoch:
    """What one block of new rows, and the repeated ones, came to; a row of ``history.csv``.

    Losses are means over the steps, of changed rows and the weights of the moment: connectionist temporal classification, in
    nats a digit; cross-entropy of the columns; error of the boxes' sides, in heights of the strip. The validation figures are of
    plain rows and the averaged weights: the share read exactly, and the edits needed over the digits. The learning rate is the last
    step's.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    column_loss: float
    box_loss: float
    validation_accuracy: float
    validation_error_rate: float
    seconds: float

    def summary(self) -> dict[str, str]:
        """The figures that a person asks for, by name."""
        read = f"{self.validation_accuracy:.2%}, {self.validation_error_rate:.2%}"
        return {"Training loss": f"{self.train_loss:.4f}", "Validation rows right, character errors": read}


def fit_rows(
    recipe: RowRecipe,
    blocks: Iterable[RowBlock],
    validation: RowBlock,
    *,
    out: AnyPath,
    resume: bool = False,
    data: dict[str, Any] | None = None,
    on_epoch: Callable[[RowEpoch], object] = lambda _epoch: None,
    on_batch: Callable[[int, int], object] = lambda _done, _of: None,
) -> Run[RowRecipe, RowEpoch]:
    """Trains the network; the same recipe and rows give the same weights, interrupted or not.

    Args:
        recipe: every setting.
        blocks: as many as the recipe has epochs, of equal size.
        validation: rows that are watched, never learned from.
        out: the run's folder, where a checkpoint is kept after every epoch.
        resume: continues the interrupted run in ``out``.
        data: what else a run must have in common with the one that it resumes.
        on_epoch: called after every epoch, with its figures.
        on_batch: called after every step, with the steps done in this epoch and how many it has.

    Raises:
        TrainingError: if ``out`` holds another run, or the loss is no longer a number.
        OutputError: if ``out`` cannot be written to.
    """
    out = Path(out)
    refuse(out, resume=resume)
    recipe = resolved(recipe)
    identity = recipe.to_dict() | (data or {})
    with torch_settings(recipe):
        torch.manual_seed(seed_of(recipe, 0))
        network = row_network(recipe.dropout)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        state = State.start(recipe, network, RowEpoch)
        (restore if resume else save)(out, state, identity)
        seen: list[RowBlock] = []
        for block in blocks:
            seen.append(block)
            if len(seen) <= len(state.history):
                continue
            start = time.perf_counter()
            learned = learn(state, recipe, seen, on_batch)
            watched = evaluate(state.averaged, validation, recipe)
            epoch = RowEpoch(len(seen), *learned, *watched, time.perf_counter() - start)
            state.history.append(epoch)
            save(out, state, identity)
            on_epoch(epoch)
    return Run(out, recipe, state.averaged, tuple(state.history))


def learn(
    state: State[RowEpoch], recipe: RowRecipe, seen: list[RowBlock], on_batch: Callable[[int, int], object]
) -> tuple[float, float, float, float]:
    """One epoch: the newest block's rows, and several times as many of the others'; gives rate and losses."""
    number, newest = len(seen) - 1, len(seen[-1])
    rng = np.random.default_rng([recipe.seed, number])
    torch.manual_seed(seed_of(recipe, number))
    new = np.column_stack([np.full(newest, number), np.arange(newest)])
    block_of = rng.integers(0, max(1, number), (recipe.passes - 1) * newest)
    again = np.column_stack([block_of, rng.integers(0, newest, len(block_of))])
    batches = batches_of(seen, np.concatenate([new, again]), recipe.batch_size, rng)
    total = np.zeros(3)
    rate = 0.0
    state.network.train()
    for done, batch in enumerate(batches):
        step = number * len(batches) + done
        rate = recipe.learning_rate * one_cycle((step + 1) / (recipe.epochs * len(batches)), recipe.warmup)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        rows = batch_of([changed(seen[block].row(index), rng) for block, index in batch])
        losses = losses_of(state.network, rows, recipe)
        weights = losses.new_tensor([1.0, recipe.column_weight, recipe.box_weight])
        state.optimizer.zero_grad()
        (losses * weights).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(state.network.parameters(), STEEPEST)
        state.optimizer.step()
        average(state.averaged, state.network, min(recipe.averaging, step / (step + 10)))
        total += losses.detach().double().numpy() / len(batches)
        on_batch(done + 1, len(batches))
    # Batch norms need statistics of the averaged weights (Izmailov et al. 2018, section 3.2), over rows of every width.
    plain = (
        batch_of([papered(seen[block].row(index)) for block, index in batch]).ink
        for batch in batches[:STATISTICS_BATCHES]
    )
    update_bn(plain, state.averaged)
    if not math.isfinite(total.sum()):
        problem = "the loss is no longer a number"
        raise TrainingError(f"epoch {number + 1}", problem, "start again with a lower learning rate")
    text, columns, boxes = total.tolist()
    return rate, text, columns, boxes


def losses_of(network: nn.Sequential, batch: RowBatch, recipe: RowRecipe) -> Tensor:
    """Three losses: of the text, of the columns, of the boxes; see ``RowEpoch``."""
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        answer = network(batch.ink.to(memory_format=torch.channels_last))
    logits, sides = unfolded(answer.float())
    text = functional.ctc_loss(
        logits.log_softmax(dim=2).transpose(0, 1),
        batch.digits,
        batch.columns,
        batch.lengths,
        blank=BLANK,
        zero_infinity=True,
    )
    columns = functional.cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=NOT_ASKED)
    inside = (batch.labels >= 0) & (batch.labels < BLANK)
    boxes = functional.l1_loss(sides[inside], batch.sides[inside]) if inside.any() else 0.0 * sides.sum()
    return torch.stack([text, columns, boxes])


@torch.no_grad()
def evaluate(network: nn.Sequential, rows: RowBlock, recipe: RowRecipe) -> tuple[float, float]:
    """Share of rows read exactly, and edits over digits, by a network in evaluation mode."""
    order = np.argsort(np.diff(rows.ends, prepend=0))
    right = errors = length = 0
    for start in range(0, len(order), VALIDATION_BATCH):
        chosen = [papered(rows.row(int(index))) for index in order[start : start + VALIDATION_BATCH]]
        batch = batch_of(chosen)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            logits, _ = unfolded(network(batch.ink.to(memory_format=torch.channels_last)).float())
        best = logits.argmax(dim=2).numpy()
        for (_, text, _), labels, columns in zip(chosen, best, batch.columns.tolist(), strict=True):
            read = "".join(str(label) for label, _ in groupby(labels[:columns].tolist()) if label != BLANK)
            right += read == text
            errors += edit_distance(read, text)
            length += len(text)
    return right / len(rows), errors / max(1, length)
