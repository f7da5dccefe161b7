"""Strips of ink -> the digits in them, read as a whole, without cutting them apart first.

A small convolutional network gives for each column of a strip the probabilities of the ten digits and of none, and where the
digit's box lies (connectionist temporal classification; Graves et al. 2006). It reads what overlaps, touches or is crossed by
lines, where no cut is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.classifier import DIGITS, softmax
from inkread.models import Model, load_model
from inkread.runtime import open_session
from inkread.strip import HEIGHT

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROWS = ("rows", "rows2")
"""The bundled models that read rows: the same network, from other rows and other weights to begin with."""

BLANK = len(DIGITS)
"""The class of columns that are no digit's (the blank of connectionist temporal classification)."""

CLASSES = BLANK + 1

SIDES = 4
"""Left, right, top and bottom of a digit's box."""

ANSWERS = 2
"""The network's columns are 4 pixels wide; each answers for two of 2 pixels."""

COLUMN = 2
"""Pixels of a strip to a column of the answer."""

LEAST_LIKELY = 1e-12
"""Probabilities are raised to this, so that no column by itself makes a text impossible."""

SCALED = 8
"""Columns after which the forward algorithm is scaled: so many cannot leave what floating point holds."""

MULTIPLE = COLUMN * ANSWERS
"""Widths of strips are padded to multiples of this."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What the network says of each of a strip's T columns.

    Attributes:
        probabilities: T×11 float32, the ten digits and none.
        boxes: T×4 float32, x0, y0, x1, y1 of the digit that a column belongs to, in pixels of the strip.
    """

    probabilities: NDArray[np.float32]
    boxes: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spotted:
    """A digit found in a strip.

    Attributes:
        digits: float32, the probabilities of the ten digits; what is missing to 1 is that of there being none.
        box: x0, y0, x1, y1 in pixels of the strip.
    """

    digits: NDArray[np.float32]
    box: tuple[float, float, float, float]


class Recognizer:
    """A loaded model of rows; safe to share between threads.

    Args:
        model: a verified model, or what ``load_model`` takes.
        threads: of one call; 0 lets the runtime take one a core.

    Raises:
        ModelError: the model cannot be loaded, or its inputs and outputs are others than expected.
    """

    def __init__(self, model: Model | str | os.PathLike[str] = ROWS[0], *, threads: int = 0) -> None:
        self.model = model if isinstance(model, Model) else load_model(model)
        self._session = open_session(
            self.model,
            threads=threads,
            takes=("strips", [None, 1, HEIGHT, None]),
            gives=("columns", [None, ANSWERS * (CLASSES + SIDES), 1, None]),
            meaning=f"strips (N, 1, {HEIGHT}, W)",
        )
        self._paper = int(self.model.card.geometry.get("paper", 0))

    def columns(self, strip: NDArray[np.float32]) -> Columns:
        """What the network says of each column.

        Args:
            strip: float32 40×W in 0..1, ink bright, see ``strip.make_strip``.
        """
        if strip.ndim != 2 or strip.shape[0] != HEIGHT or strip.shape[1] == 0:
            message = f"a strip has shape {strip.shape}, not ({HEIGHT}, W)"
            raise ValueError(message)
        width = strip.shape[1]
        around = (self._paper, self._paper + -(width + 2 * self._paper) % MULTIPLE)
        padded = np.pad(strip.astype(np.float32, copy=False), ((0, 0), around))
        answer = self._session.run(["columns"], {"strips": padded[None, None]})[0]
        logits, sides = unfold(answer[0, :, 0])
        count = -(-width // COLUMN)
        own = slice(self._paper // COLUMN, self._paper // COLUMN + count)
        logits, sides = logits[own] / np.float32(self.model.card.temperature), sides[own] * HEIGHT
        middles = (np.arange(count, dtype=np.float32) + 0.5) * COLUMN
        left, right, top, bottom = sides.T
        boxes = np.stack([middles - left, top, middles + right, bottom], axis=1)
        return Columns(softmax(logits), boxes)


def unfold(answer: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The network's answer 30×(W / 4) column by column: logits (W / 2)×11 and sides (W / 2)×4."""
    rows, columns = answer.shape
    each = answer.reshape(ANSWERS, rows // ANSWERS, columns).transpose(2, 0, 1).reshape(-1, rows // ANSWERS)
    return each[:, :CLASSES], each[:, CLASSES:]


def spotted(columns: Columns) -> list[Spotted]:
    """Neighbouring columns of the same digit as one digit: the most probable path, its repeats merged.

    A digit has the probabilities of its surest column, and the mean box of its columns, each weighted by how sure it is.
    """
    best = columns.probabilities.argmax(axis=1)
    sure = columns.probabilities[np.arange(len(best)), best]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(best)) + 1])
    boxes = (
        np.add.reduceat(columns.boxes * sure[:, np.newaxis], starts)
        / np.add.reduceat(sure, starts)[:, np.newaxis]
    )
    ends = [*starts[1:].tolist(), len(best)]
    found = []
    for start, end, (x0, y0, x1, y1) in zip(starts.tolist(), ends, boxes.tolist(), strict=True):
        if best[start] != BLANK:
            surest = start + int(sure[start:end].argmax())
            found.append(Spotted(columns.probabilities[surest, :BLANK], (x0, y0, x1, y1)))
    return found


def log_likelihoods(looks: Sequence[Columns], texts: Sequence[str]) -> NDArray[np.float64]:
    """Logarithms of the probabilities that a strip says each text, over all ways to lay it over the columns of each look.

    The forward algorithm of Graves et al. (2006), section 4.1, scaled as they do, for all texts at once; minus
    infinity where a text is longer than the columns allow, or hopeless beyond what floating point holds.

    Args:
        looks: at least one; their numbers of columns may differ.
        texts: digits, at least one.

    Returns:
        looks×texts float64.
    """
    states = 2 * max(map(len, texts)) + 1
    labels = np.full((len(texts), states), BLANK)
    for row, text in zip(labels, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [int(digit) for digit in text]
    # A digit may follow the one before it at once, unless they are the same.
    skips = np.zeros(labels.shape)
    skips[:, 2:] = (labels[:, 2:] != BLANK) & (labels[:, 2:] != labels[:, :-2])
    ends = np.array([2 * len(text) for text in texts])
    return np.stack([_forward(columns.probabilities, labels, skips, ends) for columns in looks])


def _forward(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    skips: NDArray[np.float64],
    ends: NDArray[np.int64],
) -> NDArray[np.float64]:
    """One look's logarithms of N texts.

    Args:
        probabilities: T×11, of the columns.
        labels: N×S, what each state of a text emits: its digits between blanks, and blanks behind them.
        skips: N×S, 1 where a state may follow the last but one, else 0.
        ends: N, the last state of each text.
    """
    likely = np.maximum(probabilities, np.float32(LEAST_LIKELY)).astype(np.float64)
    count, states = labels.shape
    # Two states in front that are never reached save every step from asking where a text begins.
    forward, stepped = np.zeros((count, states + 2)), np.zeros((count, states + 2))
    here, one, two, new = forward[:, 2:], forward[:, 1:-1], forward[:, :-2], stepped[:, 2:]
    here[:, :2] = likely[0, labels[:, :2]]
    total = np.zeros(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(1, len(likely), SCALED):
            for emitted in likely[start : start + SCALED, labels]:
                np.multiply(two, skips, out=new)
                new += one
                new += here
                np.multiply(new, emitted, out=here)
            largest = here.max(axis=1)
            total += np.log(largest)
            here /= largest[:, np.newaxis]
        every = np.arange(count)
        last = here[every, ends] + np.where(ends > 0, here[every, ends - 1], 0.0)
        logs = total + np.log(last)
    return np.where(np.isnan(logs), -np.inf, logs)
