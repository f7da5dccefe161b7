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
    ends = [*(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    found, start = [], 0
    for end in ends:
        if best[start] != BLANK:
            sure = columns.probabilities[start:end, best[start]]
            box = np.average(columns.boxes[start:end], axis=0, weights=sure)
            x0, y0, x1, y1 = box.tolist()
            found.append(Spotted(columns.probabilities[start + int(sure.argmax()), :BLANK], (x0, y0, x1, y1)))
        start = end
    return found


def log_likelihood(columns: Columns, text: str) -> float:
    """Logarithm of the probability that a strip says ``text``, over all ways to lay it over the columns.

    The forward algorithm of Graves et al. (2006), section 4.1; minus infinity where the text is longer than the columns allow.
    """
    labels = [BLANK]
    for digit in text:
        labels += [int(digit), BLANK]
    logs = np.log(np.maximum(columns.probabilities, np.float32(1e-12))).astype(np.float64)[:, labels]
    # A digit may follow the one before it at once, unless they are the same.
    skips = np.array(
        [i >= 2 and labels[i] != BLANK and labels[i] != labels[i - 2] for i in range(len(labels))]
    )
    forward = np.full(len(labels), -np.inf)
    forward[:2] = logs[0, :2]
    for row in logs[1:]:
        one = np.concatenate([[-np.inf], forward[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], forward])[: len(labels)], -np.inf)
        forward = np.logaddexp(np.logaddexp(forward, one), two) + row
    return float(np.logaddexp.reduce(forward[-2:]))
