"""Fits how much the letters of a line speak against a digit on it, see ``inkread.pipeline.among_words``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inkread.evaluation.metrics import edits
from inkread.pipeline.among_words import features_of, is_among_words
from inkread.pipeline.choice import choose, is_doubtful
from inkread.pipeline.detector import DIGITS
from inkread.pipeline.fusion import WordWeights
from inkread.synthetic.scenes import Scene
from inkread.synthetic.text_lines import make_line
from inkread.training.alignment import DOUBTFUL, matched
from inkread.training.minimizing import minimize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.strips import Number
    from inkread.pipeline.choice import Choice
    from inkread.pipeline.detector import Detections
    from inkread.pipeline.fusion import Fusion
    from inkread.pipeline.rescoring import Rescorer
    from inkread.pipeline.text import TextRecognizer
    from inkread.synthetic.text_lines import TextStock
    from inkread.training.detector_fusion import Eyes

    Known = tuple[NDArray[np.uint8], Scene | str]
    """A picture, and what it shows: a scene, or the text of its one line."""
    Seen = tuple[NDArray[np.float64], NDArray[np.bool_]]
    """The features of digits that were read, N×6, and whether each is a digit."""

MARGIN = 12
"""Paper around a line, pixels."""
COUNTS = (1.0, 4.0, 4.0)
"""How much all doubtful digits of lines of words, of numbers, and of pages count: people who ask for digits
mostly have numbers."""
DECAY = 1e-3
"""Penalty of large weights, which a few digits would not justify."""


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
    """Reads pictures, and returns the features and the truth of all digits on doubtful ones."""
    features, truth = [np.zeros((0, len(WordWeights.__slots__) - 1))], [np.zeros(0, bool)]
    for pixels, known in pictures:
        scene = known if isinstance(known, Scene) else _unknown(pixels)
        opinions = eyes.judge(scene).opinions
        choice = choose(opinions, fusion, rescorer, single=False)
        if not is_doubtful(choice):
            continue
        seen = features_of(pixels, opinions.found, choice, recognizer)
        counts, is_digit = _truth(opinions.found, choice, known)
        features.append(seen[counts])
        truth.append(is_digit[counts])
    return np.concatenate(features), np.concatenate(truth)


def _unknown(pixels: NDArray[np.uint8]) -> Scene:
    return Scene(pixels, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), "line")


def _truth(
    found: Detections, choice: Choice, known: Scene | str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns which of the digits that were read count, and which are digits.

    In a line with a known text, those are digits that an alignment with the fewest edits matches to one.
    """
    read = choice.digits
    if isinstance(known, Scene):
        labels = matched(found.boxes[read], known)
        return labels != DOUBTFUL, labels < DIGITS
    got = "".join(str(digit) for digit in choice.probabilities[read, :DIGITS].argmax(axis=1))
    wanted = "".join(character for character in known if character.isdecimal())
    is_digit = [bool(expected) for expected, shown in edits(wanted, got) if shown]
    return np.ones(len(read), bool), np.array(is_digit, bool)


def fit_words(parts: Sequence[Seen], counts: Sequence[float] = COUNTS) -> WordWeights | None:
    """Returns the weights that make the truth of digits among letters most probable.

    ``None`` if there is nothing to distinguish. All digits of a part together count as much as ``counts``
    says; those without letters beside them take their share of it, although nothing is fitted to them.
    """
    features = np.concatenate([each for each, _ in parts])
    truth = np.concatenate([each for _, each in parts])
    shares = np.concatenate(
        [
            np.full(len(each), count / max(1, len(each)))
            for (_, each), count in zip(parts, counts, strict=True)
        ]
    )
    beside = is_among_words(features)
    features, truth, shares = features[beside], truth[beside], shares[beside]
    if not truth.any() or truth.all():
        return None
    much = torch.from_numpy(shares)
    inputs = torch.from_numpy(np.column_stack([features, np.ones(len(features))]))
    target = torch.from_numpy(truth.astype(np.float64))
    weights = torch.zeros(inputs.shape[1], dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        each = functional.binary_cross_entropy_with_logits(inputs @ weights, target, reduction="none")
        return (each * much).sum() / much.sum() + DECAY * weights.square().sum()

    minimize(weights, loss)
    return WordWeights(*weights.tolist())
