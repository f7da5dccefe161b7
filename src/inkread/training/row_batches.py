"""Batches of rows for training: rows of like widths side by side, each changed at random, with what is to be answered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from inkread.recognizer import BLANK, COLUMN, MULTIPLE
from inkread.strip import HEIGHT, NARROWEST, PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.datasets.row_stock import Row, RowBlock

STRETCH = 0.25
"""Largest change of a row's width, as a logarithm."""
GROW = (0.8, 1.1)
"""Change of a row's size within its 40 pixels."""
GAMMA = 0.35
"""Largest change of the ink's darkness, as the logarithm of an exponent."""
ELASTIC, ELASTIC_REACH = 1.5, 10
"""Largest standard deviation of each point's own displacement, pixels of the strip, and how far apart displacements are
independent: what a hand does to the shape of a digit (Simard et al. 2003, section 2)."""
CORE = 0.2
"""A digit is to be answered in the columns that lie within this share of its width of its middle."""
NOT_ASKED = -100
"""The label of columns that are padding."""


@dataclass(frozen=True)
class RowBatch:
    """What a step learns from.

    Attributes:
        ink: float32 N×1×40×W, 0..1.
        columns: int64 N, how many columns of the answer are not padding.
        digits: int64, the digits of all rows, one row after the other.
        lengths: int64 N, how many digits each row has.
        labels: int64 N×(W / 2), what each column is to answer; ``NOT_ASKED`` in the padding.
        sides: float32 N×(W / 2)×4, the box of the column's digit, see ``row_network.unfolded``.
    """

    ink: Tensor
    columns: Tensor
    digits: Tensor
    lengths: Tensor
    labels: Tensor
    sides: Tensor


def changed(row: Row, rng: np.random.Generator) -> Row:
    """A row made wider or narrower, larger or smaller, higher or lower, darker or lighter, its shapes bent, with more paper or less."""
    ink, text, boxes = row
    width = ink.shape[1]
    size = float(rng.uniform(*GROW))
    across = size * math.exp(rng.uniform(-STRETCH, STRETCH))
    spare = HEIGHT * (1 - size)
    up = float(rng.uniform(min(0, spare), max(0, spare)))
    target = max(NARROWEST, round(width * across))
    bent = ELASTIC * float(rng.random()) * _displacements(target, rng)
    # Where each pixel comes from; OpenCV's integers are the middles of pixels.
    x = (np.arange(target, dtype=np.float32)[None] + bent[0] + 0.5) / across - 0.5
    y = (np.arange(HEIGHT, dtype=np.float32)[:, None] + bent[1] + 0.5 - up) / size - 0.5
    ink = np.asarray(cv2.remap(ink, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR))
    gamma = math.exp(rng.uniform(-GAMMA, GAMMA))
    table = np.round(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    scale, shift = np.array([across, size] * 2, np.float32), np.array([0, up] * 2, np.float32)
    left, right = rng.integers(0, 2 * PAPER + 1, 2).tolist()
    return papered((table[ink], text, boxes * scale + shift), left, right)


def papered(row: Row, left: int = PAPER, right: int = PAPER) -> Row:
    """A row with columns of blank paper at its ends, as many as it is read with unless told otherwise."""
    ink, text, boxes = row
    return np.pad(ink, ((0, 0), (left, right))), text, boxes + np.array([left, 0, left, 0], np.float32)


def _displacements(width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise, 2×40×W, along x and along y, of standard deviation about 1."""
    coarse = (2 + HEIGHT // ELASTIC_REACH, 2 + width // ELASTIC_REACH)
    noise = rng.standard_normal((2, *coarse), np.float32)
    return np.stack([cv2.resize(one, (width, HEIGHT), interpolation=cv2.INTER_CUBIC) for one in noise])


def batch_of(rows: Sequence[Row]) -> RowBatch:
    """Rows of ink, texts and boxes as tensors, padded at the right with paper."""
    widths = [ink.shape[1] for ink, _, _ in rows]
    width = -(-max(widths) // MULTIPLE) * MULTIPLE
    ink = np.zeros((len(rows), 1, HEIGHT, width), np.uint8)
    labels = np.full((len(rows), width // COLUMN), NOT_ASKED, np.int64)
    sides = np.zeros((len(rows), width // COLUMN, 4), np.float32)
    columns = np.array([-(-one // COLUMN) for one in widths])
    for index, (row, text, boxes) in enumerate(rows):
        ink[index, 0, :, : row.shape[1]] = row
        labels[index, : columns[index]] = BLANK
        for digit, (x0, y0, x1, y1) in zip(text, boxes.tolist(), strict=True):
            middle, reach = (x0 + x1) / 2, CORE * (x1 - x0)
            first = min(int((middle - reach) / COLUMN), columns[index] - 1)
            last = min(max(first, int((middle + reach) / COLUMN)), columns[index] - 1)
            labels[index, first : last + 1] = int(digit)
            for column in range(first, last + 1):
                x = (column + 0.5) * COLUMN
                sides[index, column] = (x - x0, x1 - x, y0, y1)
    digits = np.array([int(digit) for _, text, _ in rows for digit in text], np.int64)
    return RowBatch(
        torch.from_numpy(ink).float() / 255,
        torch.from_numpy(columns),
        torch.from_numpy(digits),
        torch.tensor([len(text) for _, text, _ in rows]),
        torch.from_numpy(labels),
        torch.from_numpy(sides) / HEIGHT,
    )


def batches_of(
    blocks: Sequence[RowBlock], chosen: NDArray[np.intp], size: int, rng: np.random.Generator
) -> list[list[tuple[int, int]]]:
    """The rows (block, index) in ``chosen``, K×2, in batches of like widths and random order."""
    of_blocks = [np.diff(block.ends, prepend=0) for block in blocks]
    widths = np.array([of_blocks[block][index] for block, index in chosen], np.float64)
    order = np.argsort(widths * np.exp(rng.normal(0, 0.05, len(widths))))
    batches = [chosen[order[start : start + size]].tolist() for start in range(0, len(order), size)]
    return [batches[index] for index in rng.permutation(len(batches))]
