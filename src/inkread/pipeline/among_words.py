"""Lines of words on a page of digits: there, the digits of the network of text lines count.

The networks of digits know no words: an "o" or an "l" looks like a 0 or a 1, and a piece of an "m" like a 3.
The network of text lines reads the whole line, but is worse at numbers that stand alone. Where it sees many
letters, and is surer of them than the networks of digits are of their digits, its digits take their place. It
is asked only about lines with a digit that is not sure, so that most pages of digits take no longer.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.columns import COLUMN
from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.decoding import characters_of
from inkread.pipeline.detector import DIGITS
from inkread.pipeline.lines import rows_of, signs_of
from inkread.pipeline.text import LONGEST, look_at
from inkread.pipeline.text_lines import find_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.choice import Choice
    from inkread.pipeline.decoding import Character
    from inkread.pipeline.detector import Detections
    from inkread.pipeline.fusion import WordWeights
    from inkread.pipeline.text import TextRecognizer
    from inkread.pipeline.text_lines import TextLine

LETTERS = 2.0
"""A line with no more letters stays as it is: the network of lines takes some digits of unusual
shapes for letters; chosen on the held-out lines, numbers, and pages on which the weights are fitted."""
MOST_LETTERS = 10.0
"""Letters of a line that count at most."""
TALL = 40.0
"""Median height of the digits, pixels, at which lines are found, at most: larger pages take longer."""
MARGIN = 2.0
"""Paper above and below a row of digits in which its line is found, in heights of a digit. Not measured."""
LEAST = 0.02
"""Added to probabilities before their logarithms."""
FARTHEST = 4.0
"""Columns from the middle of a character to that of the candidate that it is, by which a candidate is e times
less probable."""
NEAR = 0.7
"""Distance of a digit's middle from the center of its line at most, in the line's heights."""
EVIDENCE = 12.0
"""The largest logarithm of odds."""

EVEN = ReaderConfig(turned=0.5)
"""The networks of digits have already weighed that few pages are turned."""
ANY = np.ones(len(TEXT_CLASSES), bool)


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line with digits, as both kinds of networks see it.

    Attributes:
        features: those of ``fusion.WordWeights``, but for the bias.
        read: indices of the candidates that the networks of digits read as digits.
        characters: the digits of the network of text lines, from left to right: the index of the candidate
            (-1 for none), the digit, and its probability.
    """

    features: NDArray[np.float64]
    read: tuple[int, ...]
    characters: tuple[tuple[int, int, float], ...]

    @property
    def has_letters(self) -> bool:
        """Whether it may be a line of words."""
        return bool(self.features[0] > LETTERS)

    def is_words(self, weights: WordWeights) -> float:
        """Returns the probability that the network of text lines is right about its digits."""
        if not self.has_letters:
            return 0.0
        score = float(self.features @ np.array(astuple(weights)[:-1])) + weights.bias
        return float(1 / (1 + np.exp(-score)))


def is_turned(grey: NDArray[np.uint8], turns: int, recognizer: TextRecognizer) -> bool:
    """Tests whether the network of text lines reads a page more surely after some quarter turns.

    Upside down, letters look like digits, so words alone would turn a page.

    Args:
        grey: uint8 H×W, the page or the part of it that has most of what may be digits.
        turns: counterclockwise.
        recognizer: reads the lines; if it has no model of orientation, the page is turned.
    """
    if not recognizer.turning:
        return True
    looks = {
        each: look_at(np.rot90(grey, each), recognizer, ANY, LONGEST).confidence() for each in (0, turns)
    }
    return recognizer.turning.best_of(looks, EVEN) == turns


def judged(
    grey: NDArray[np.uint8],
    found: Detections,
    choice: Choice,
    weights: WordWeights,
    recognizer: TextRecognizer,
    *,
    config: ReaderConfig = DEFAULT_CONFIG,
) -> Choice:
    """Returns the choice with the digits of lines of words as the network of text lines reads them.

    The probabilities are those of both kinds of networks, weighed by whether a line is one of words.

    Args:
        grey: uint8 H×W, the page.
        found: the candidates.
        choice: the digits among them.
        weights: how much what was seen counts.
        recognizer: reads the lines of the page.
        config: the settings of the pipeline.
    """
    shares = choice.probabilities.copy()
    read = set(choice.digits)
    for line in seen_lines(grey, found, choice, recognizer, config=config):
        words = line.is_words(weights)
        if not words:
            continue
        others = [index for index, _, _ in line.characters if index >= 0 and index not in line.read]
        shares[[*line.read], :DIGITS] *= 1 - words
        shares[others, :DIGITS] = 0
        for index, digit, probability in line.characters:
            if index >= 0:
                shares[index, digit] += words * probability
        changed = [*line.read, *others]
        shares[changed, DIGITS] = np.maximum(0, 1 - shares[changed, :DIGITS].sum(axis=1))
        read = read - {*changed} | {index for index in changed if shares[index, DIGITS] < 0.5}
    if read == set(choice.digits):
        return replace(choice, probabilities=shares)
    left = np.array(sorted(read), np.intp)
    rows = tuple(
        tuple(int(left[index]) for index in row) for row in rows_of(found.boxes[left], apart=config.row_apart)
    )
    signs = tuple(signs_of(rows, found, choice.kept, near=config.sign_beside))
    return replace(choice, probabilities=shares, rows=rows, signs=signs)


def seen_lines(
    grey: NDArray[np.uint8],
    found: Detections,
    choice: Choice,
    recognizer: TextRecognizer,
    *,
    config: ReaderConfig = DEFAULT_CONFIG,
) -> Iterator[SeenLine]:
    """Yields the lines of a page with a digit that is not sure; arguments as for ``judged``."""
    read = np.array(choice.digits, np.intp)
    if not len(read):
        return
    unsure = {*read[choice.probabilities[read, :DIGITS].max(axis=1) < config.sure].tolist()}
    boxes = found.boxes.astype(np.float64)
    tall = float(np.median(boxes[read, 3] - boxes[read, 1]))
    scale = min(1.0, TALL / tall)
    odds = _odds(1 - choice.probabilities[:, DIGITS].astype(np.float64))
    possible = choice.kept[found.is_digit[choice.kept]]
    rows = [boxes[[*row]] for row in choice.rows if not unsure.isdisjoint(row)]
    for top, bottom in _bands(rows, MARGIN * tall, len(grey)):
        part = grey[top:bottom]
        if scale < 1:
            size = max(1, round(scale * part.shape[1])), max(1, round(scale * len(part)))
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        within = (boxes - [0, top, 0, top]) * scale
        lines = find_lines(part)
        own = _nearest(lines, within)
        asked = sorted({int(own[index]) for index in unsure} - {-1})
        columns = recognizer.probabilities_of([lines[index].pixels for index in asked])
        for index, shares in zip(asked, columns, strict=True):
            members = read[own[read] == index]
            candidates = possible[own[possible] == index]
            ends = (within[candidates][:, [0, 2]] - lines[index].left) * lines[index].scale / COLUMN
            characters = characters_of(shares)
            yield SeenLine(
                _features(characters, odds[members]),
                tuple(members.tolist()),
                tuple(_digits(characters, candidates, ends, choice.probabilities[candidates])),
            )


def _bands(rows: Sequence[NDArray[np.float64]], margin: float, height: int) -> list[tuple[int, int]]:
    """Returns the parts of a page, from y to y, around rows of boxes; rows that are near share one."""
    ends = sorted((float(row[:, 1].min()) - margin, float(row[:, 3].max()) + margin) for row in rows)
    bands: list[tuple[int, int]] = []
    for top, bottom in ends:
        first, last = max(0, int(top)), min(height, int(np.ceil(bottom)))
        if bands and first <= bands[-1][1]:
            bands[-1] = bands[-1][0], max(last, bands[-1][1])
        else:
            bands.append((first, last))
    return bands


def _features(characters: Sequence[Character], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    letters = sum(each.probability for each in characters if each.label.isalpha())
    sure = [_logarithm(each.probability) for each in characters]
    return np.array([min(MOST_LETTERS, letters), np.mean(sure) if sure else _logarithm(0.0), odds.mean()])


def _logarithm(probability: float) -> float:
    return float(np.log(probability + LEAST))


def _digits(
    characters: Sequence[Character],
    candidates: NDArray[np.intp],
    ends: NDArray[np.float64],
    shares: NDArray[np.float32],
) -> Iterator[tuple[int, int, float]]:
    """Yields the digits among the characters of a line; see ``SeenLine.characters``.

    Args:
        characters: from left to right.
        candidates: their indices, N.
        ends: N×2, the columns at which each begins and ends.
        shares: N×11, their probabilities.
    """
    middles, reach = ends.mean(axis=1), np.maximum(np.ptp(ends, axis=1) / 2, 1)
    free = np.ones(len(candidates), bool)
    for each in characters:
        if each.label.isdecimal():
            digit, index = int(each.label), -1
            away = np.abs(middles - (each.start + each.end) / 2)
            near = free & (away <= reach)
            if near.any():
                score = np.log(shares[:, digit] + LEAST) - away / FARTHEST
                best = int(np.where(near, score, -np.inf).argmax())
                index, free[best] = int(candidates[best]), False
            yield index, digit, each.probability


def _odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logarithm of the odds."""
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.clip(np.log(inside / (1 - inside)), -EVIDENCE, EVIDENCE)


def _nearest(lines: Sequence[TextLine], boxes: NDArray[np.float64]) -> NDArray[np.intp]:
    """Returns the index of the line that each box is on, or -1."""
    across, down = ((boxes[:, axis] + boxes[:, axis + 2]) / 2 for axis in (0, 1))
    least, nearest = np.full(len(boxes), NEAR), np.full(len(boxes), -1)
    for index, line in enumerate(lines):
        place = (across - line.left) * line.scale
        apart = np.abs(line.course[0] * across + line.course[1] - down) / line.tall
        better = (place >= 0) & (place < line.pixels.shape[1]) & (apart < least)
        least[better], nearest[better] = apart[better], index
    return nearest
