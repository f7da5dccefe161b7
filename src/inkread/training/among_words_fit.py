"""Fits which lines of a page of digits are words, see ``inkread.pipeline.among_words``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inkread.evaluation.metrics import edit_distance
from inkread.pipeline.among_words import seen_lines
from inkread.pipeline.choice import choose, is_doubtful
from inkread.pipeline.detector import DIGITS
from inkread.pipeline.fusion import WordWeights
from inkread.synthetic.scenes import Scene
from inkread.synthetic.text_lines import make_line
from inkread.training.minimizing import minimize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.strips import Number
    from inkread.pipeline.fusion import Fusion
    from inkread.pipeline.rescoring import Rescorer
    from inkread.pipeline.text import TextRecognizer
    from inkread.synthetic.text_lines import TextStock
    from inkread.training.detector_fusion import Eyes

    Known = tuple[NDArray[np.uint8], Scene | str]
    """A picture, and what it shows: a scene, or the text of its one line."""

MARGIN = 12
"""Paper around a line, pixels."""
COUNTS = (1.0, 4.0, 4.0)
"""How much the digits of lines of words, of numbers, and of pages count: people who ask for digits mostly
have numbers."""
DECAY = 1e-3
"""Penalty of large weights, which a few lines would not justify."""
BESIDE = 0.6
"""Distance of a digit from those read on a line, in their heights, up to which it is on that line."""
SLOPE = 0.1
"""Distance along a line that counts as distance from it: lines may slope."""
WEIGHTS = len(WordWeights.__slots__)


@dataclass(frozen=True, slots=True)
class Seen:
    """Lines of which one kind of networks reads the digits better.

    Attributes:
        features: N×3, see ``SeenLine``.
        gain: N, by how many edits the digits of the network of text lines are nearer to the truth.
        digits: how many digits were there, and how many were read, of all lines, also those without letters.
    """

    features: NDArray[np.float64]
    gain: NDArray[np.float64]
    digits: int


def lines_of(stock: TextStock, count: int, seed: int) -> Iterator[Known]:
    """Yields made lines of words."""
    for index in range(count):
        line = make_line(stock, np.random.default_rng([seed, index]))
        yield np.pad(line.pixels, MARGIN, mode="edge"), line.text


def numbers_of(numbers: Iterable[Number]) -> Iterator[Known]:
    """Yields real numbers."""
    return ((np.pad(number.pixels, MARGIN, mode="edge"), number.text) for number in numbers)


def gather(
    eyes: Eyes, fusion: Fusion, rescorer: Rescorer, recognizer: TextRecognizer, pictures: Iterable[Known]
) -> Seen:
    """Reads pictures, and returns what is seen of the lines on doubtful ones."""
    features, gain, digits = [], [], 0
    for pixels, known in pictures:
        scene = known if isinstance(known, Scene) else _unknown(pixels)
        opinions = eyes.judge(scene).opinions
        choice = choose(opinions, fusion, rescorer, single=False)
        if not is_doubtful(choice):
            continue
        boxes, shares = opinions.found.boxes, choice.probabilities
        lines = list(seen_lines(pixels, opinions.found, choice, recognizer))
        if isinstance(known, str) and len(lines) != 1:
            continue  # which digits are on which of them is not known
        for line in lines:
            wanted = _digits_of(known, boxes[[*line.read]])
            order = sorted(line.read, key=lambda index: boxes[index, 0] + boxes[index, 2])
            own = "".join(str(shares[index, :DIGITS].argmax()) for index in order)
            of_text = "".join(str(digit) for index, digit, _ in line.characters if index >= 0)
            digits += len(own) + len(wanted)
            if line.has_letters:
                features.append(line.features)
                gain.append(edit_distance(own, wanted) - edit_distance(of_text, wanted))
    return Seen(np.array(features).reshape(-1, WEIGHTS - 1), np.array(gain, np.float64), digits)


def _unknown(pixels: NDArray[np.uint8]) -> Scene:
    return Scene(pixels, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), "line")


def _digits_of(known: Scene | str, read: NDArray[np.float32]) -> str:
    """Returns the digits that are really on a line, on which those with the boxes ``read`` were read."""
    if isinstance(known, str):
        return "".join(character for character in known if character.isdecimal())
    near = BESIDE * np.median(read[:, 3] - read[:, 1])
    middles, there = _middles(read), _middles(known.boxes)
    on_line = [
        index
        for index in np.flatnonzero((known.classes >= 0) & (known.classes < DIGITS))
        if _apart(middles, there[index]) < near
    ]
    return "".join(str(known.classes[index]) for index in sorted(on_line, key=lambda index: there[index, 0]))


def _middles(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float32)


def _apart(row: NDArray[np.float32], middle: NDArray[np.float32]) -> float:
    """Returns how far above or below a row with these middles a digit is; far beside it, slopes count."""
    across, down = np.abs(row - middle).T
    return float((down + SLOPE * across).min())


def fit_words(parts: Sequence[Seen], counts: Sequence[float] = COUNTS) -> WordWeights | None:
    """Returns the weights with which the kind of networks that reads a line better is most probable.

    Each line counts by the difference in edits. ``None`` if there is nothing to distinguish. All digits of a
    part together count as much as ``counts`` says.
    """
    features = np.concatenate([part.features for part in parts])
    gain = np.concatenate([part.gain for part in parts])
    shares = np.concatenate(
        [
            np.full(len(part.gain), count / max(1, part.digits))
            for part, count in zip(parts, counts, strict=True)
        ]
    )
    if not (gain > 0).any() or not (gain < 0).any():
        return None
    much = torch.from_numpy(shares * np.abs(gain))
    inputs = torch.from_numpy(np.column_stack([features, np.ones(len(features))]))
    target = torch.from_numpy((gain > 0).astype(np.float64))
    weights = torch.zeros(inputs.shape[1], dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        each = functional.binary_cross_entropy_with_logits(inputs @ weights, target, reduction="none")
        return (each * much).sum() / much.sum() + DECAY * weights.square().sum()

    minimize(weights, loss)
    return WordWeights(*weights.tolist())
