"""The training of the row reader."""

from __future__ import annotations

import copy
import time
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import update_bn

from inkread.training.fit import average, one_cycle
from inkread.training.row_batches import NOT_ASKED, RowBatch, batch_of, batches_of, changed
from inkread.training.row_network import BLANK, row_network, unfolded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from inkread.datasets.row_stock import RowBlock

CHECKPOINT = "checkpoint.pt"

STATISTICS_BATCHES = 40
"""Batches of plain rows from which the averaged network's batch norms take their statistics."""


@dataclass(frozen=True, kw_only=True)
class RowRecipe:
    blocks: int = 60
    passes: int = 4
    batch_size: int = 64
    learning_rate: float = 2e-3
    warmup: float = 0.08
    weight_decay: float = 0.05
    dropout: float = 0.1
    averaging: float = 0.999
    column_weight: float = 0.5
    box_weight: float = 1.0
    seed: int = 0
    threads: int = 1


@dataclass
class RowState:
    network: nn.Sequential
    averaged: nn.Sequential
    optimizer: torch.optim.Optimizer
    history: list[dict[str, float]] = field(default_factory=list)

    @classmethod
    def start(cls, recipe: RowRecipe) -> RowState:
        torch.manual_seed(recipe.seed)
        network = row_network(recipe.dropout)
        network.to(memory_format=torch.channels_last)
        averaged = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        kernels = [weight for weight in network.parameters() if weight.ndim > 1]
        others = [weight for weight in network.parameters() if weight.ndim == 1]
        groups = [
            {"params": kernels, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return cls(network, averaged, torch.optim.AdamW(groups, lr=recipe.learning_rate))


def fit_rows(
    recipe: RowRecipe,
    blocks: Iterable[RowBlock],
    validation: RowBlock,
    *,
    out: Path,
    on_block: Callable[[RowState], object] = lambda _s: None,
) -> RowState:
    torch.set_num_threads(recipe.threads)
    state = RowState.start(recipe)
    out.mkdir(parents=True, exist_ok=True)
    if (out / CHECKPOINT).exists():
        saved = torch.load(out / CHECKPOINT, weights_only=True)
        for name in ("network", "averaged", "optimizer"):
            getattr(state, name).load_state_dict(saved[name])
        state.history = saved["history"]
    seen: list[RowBlock] = []
    for number, block in enumerate(blocks):
        seen.append(block)
        if number < len(state.history):
            continue
        start = time.perf_counter()
        row = learn_block(state, recipe, seen)
        row |= evaluate_rows(state.averaged, validation)
        row["seconds"] = time.perf_counter() - start
        state.history.append(row)
        part = (out / CHECKPOINT).with_suffix(".part")
        torch.save(
            {
                "network": state.network.state_dict(),
                "averaged": state.averaged.state_dict(),
                "optimizer": state.optimizer.state_dict(),
                "history": state.history,
            },
            part,
        )
        part.replace(out / CHECKPOINT)
        on_block(state)
    return state


def learn_block(state: RowState, recipe: RowRecipe, seen: list[RowBlock]) -> dict[str, float]:
    """The newest block's rows, and as many times again rows of the others."""
    number, newest = len(seen) - 1, len(seen[-1])
    rng = np.random.default_rng([recipe.seed, number])
    torch.manual_seed(recipe.seed * 10_007 + number)
    chosen = [np.column_stack([np.full(newest, number), np.arange(newest)])]
    again = rng.integers(0, max(1, number), (recipe.passes - 1) * newest)
    chosen.append(np.column_stack([again, rng.integers(0, newest, len(again))]))
    batches = batches_of(seen, np.concatenate(chosen), recipe.batch_size, rng)
    steps = recipe.blocks * len(batches)
    total: dict[str, float] = {}
    state.network.train()
    for done, batch in enumerate(batches):
        step = number * len(batches) + done
        rate = recipe.learning_rate * one_cycle((step + 1) / steps, recipe.warmup)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        rows = []
        for block, index in batch:
            ink, text, boxes = seen[block].row(index)
            rows.append((*changed(ink, boxes, rng), text))
        losses = losses_of(state.network, batch_of([(ink, text, boxes) for ink, boxes, text in rows]))
        loss = losses["ctc"] + recipe.column_weight * losses["columns"] + recipe.box_weight * losses["boxes"]
        state.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(state.network.parameters(), 5.0)
        state.optimizer.step()
        average(state.averaged, state.network, min(recipe.averaging, step / (step + 10)))
        for name, value in losses.items():
            total[name] = total.get(name, 0.0) + value.item() / len(batches)
    # Batch norms need statistics of the averaged weights, over rows of all widths (Izmailov et al. 2018, section 3.2).
    plain = (
        batch_of([seen[block].row(index) for block, index in batch]).ink for batch in batches[:STATISTICS_BATCHES]
    )
    update_bn(plain, state.averaged)
    return {"block": number + 1, "learning_rate": rate, **total}


def losses_of(network: nn.Sequential, batch: RowBatch) -> dict[str, torch.Tensor]:
    with torch.autocast("cpu", torch.bfloat16):
        answer = network(batch.ink.to(memory_format=torch.channels_last))
    logits, sides = unfolded(answer.float())
    ctc = functional.ctc_loss(
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
    return {"ctc": ctc, "columns": columns, "boxes": boxes}


@torch.no_grad()
def evaluate_rows(network: nn.Sequential, rows: RowBlock, batch_size: int = 64) -> dict[str, float]:
    order = np.argsort(np.diff(rows.ends, prepend=0))
    right = errors = length = 0
    for start in range(0, len(order), batch_size):
        triples = [rows.row(int(index)) for index in order[start : start + batch_size]]
        batch = batch_of(triples)
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = unfolded(network(batch.ink.to(memory_format=torch.channels_last)).float())
        best = logits.argmax(dim=2).numpy()
        for (_, text, _), row, columns in zip(triples, best, batch.columns.tolist(), strict=True):
            read = "".join(str(label) for label, _ in groupby(row[:columns].tolist()) if label != BLANK)
            right += read == text
            errors += distance(read, text)
            length += len(text)
    return {"exact": right / len(rows), "character_error_rate": errors / length}


def distance(one: str, other: str) -> int:
    """Levenshtein's."""
    previous = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        current = [i]
        for j, b in enumerate(other, start=1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (a != b)))
        previous = current
    return previous[-1]
