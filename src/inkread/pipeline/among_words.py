"""Digits that are letters: what the network of text lines sees on a page with doubtful digits.

The networks of digits know no words: an "o" or an "l" looks like a 0 or a 1, and a piece of an "m" like a 3.
The network of text lines reads the whole line, and the letters beside a digit speak against it. It is asked
only if a digit is not sure, so that most pages of digits take no longer.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.columns import COLUMN
from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.decoding import characters_of, words_of
from inkread.pipeline.detector import DIGITS
from inkread.pipeline.lines import signs_of
from inkread.pipeline.text import LONGEST, look_at
from inkread.pipeline.text_lines import find_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.choice import Choice
    from inkread.pipeline.decoding import Character
    from inkread.pipeline.detector import Detections
    from inkread.pipeline.fusion import WordWeights
    from inkread.pipeline.text import TextRecognizer
    from inkread.pipeline.text_lines import TextLine

LETTERS = 1.0
"""A digit stays as it is if its line has no more letters than this. The network of lines takes some digits of
unusual shapes for letters; numbers stand alone, and letters seldom do."""
MOST = (5.0, 10.0, 8.0)
"""What counts at most: letters of the same word, letters of the rest of its line, digits of the line."""
TALL = 40.0
"""Median height of the digits, pixels, at which lines are found, at most: larger pages take longer."""
LEAST = 0.02
"""Added to the probabilities of digits and of letters at a place before their logarithms."""
NEAR = 0.7
"""Distance of a digit's middle from the center of its line at most, in the line's heights."""
EVIDENCE = 12.0
"""The largest logarithm of odds."""

EVEN = ReaderConfig(turned=0.5)
"""The networks of digits have already weighed that few pages are turned."""
ANY = np.ones(len(TEXT_CLASSES), bool)
IS_DIGIT = np.array([label.isdecimal() for label in TEXT_CLASSES])
IS_LETTER = np.array([label.isalpha() for label in TEXT_CLASSES])


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
    """Returns the choice without the digits that are probably letters.

    Args:
        grey: uint8 H×W, the page.
        found: the candidates.
        choice: the digits among them.
        weights: how much what was seen counts.
        recognizer: reads the lines of the page.
        config: the settings of the pipeline.
    """
    read = np.array(choice.digits, np.intp)
    probable = probabilities(features_of(grey, found, choice, recognizer), weights)
    shares = choice.probabilities.copy()
    shares[read, :DIGITS] *= (probable / np.maximum(1 - shares[read, DIGITS], 1e-6))[:, None]
    shares[read, DIGITS] = 1 - probable
    kept = set(read[probable >= 0.5].tolist())
    rows = (tuple(index for index in row if index in kept) for row in choice.rows)
    left = tuple(row for row in rows if row)
    signs = tuple(signs_of(left, found, choice.kept, near=config.sign_beside))
    return replace(choice, probabilities=shares, rows=left, signs=signs)


def probabilities(features: NDArray[np.float64], weights: WordWeights) -> NDArray[np.float64]:
    """Returns the probability of being a digit, N, given the result of ``features_of``, N×6."""
    scores = features @ np.array(astuple(weights)[:-1]) + weights.bias
    return np.asarray(1 / (1 + np.exp(-np.where(is_among_words(features), scores, features[:, 0]))))


def is_among_words(features: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tests for each digit whether its line has letters beside it; all others stay as they are."""
    return np.asarray(features[:, 2] + features[:, 4] > LETTERS)


def features_of(
    grey: NDArray[np.uint8], found: Detections, choice: Choice, recognizer: TextRecognizer
) -> NDArray[np.float64]:
    """Returns the features of ``fusion.WordWeights`` for each digit of a page, in the order of its rows: N×6.

    A digit that is on no line has zeros, but for the first.
    """
    read = choice.digits
    boxes = found.boxes[read].astype(np.float64)
    odds = _odds(1 - choice.probabilities[read, DIGITS].astype(np.float64))
    features = np.zeros((len(read), 6))
    features[:, 0] = odds
    scale = min(1.0, TALL / float(np.median(boxes[:, 3] - boxes[:, 1]))) if len(boxes) else 1.0
    if scale < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    boxes *= scale
    lines = find_lines(grey)
    nearest = _nearest(lines, boxes)
    asked = [line for index, line in enumerate(lines) if index in nearest]
    columns = recognizer.probabilities_of([line.pixels for line in asked])
    for line, shares, index in zip(asked, columns, np.unique(nearest[nearest >= 0]), strict=True):
        members = np.flatnonzero(nearest == index)
        ends = (boxes[members][:, [0, 2]] - line.left) * line.scale / COLUMN
        features[members, 1:] = _of_line(shares, ends, odds[members])
    return features


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


def _of_line(
    columns: NDArray[np.float32], ends: NDArray[np.float64], odds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns the features but the first for the digits of one line: N×5.

    Args:
        columns: T×C, the probabilities of each column.
        ends: N×2, the columns at which each digit begins and ends.
        odds: the logarithm of the odds of each digit.
    """
    words = words_of(characters_of(columns))
    letters = np.array([_letters(word, ends) for word in words])
    features = np.zeros((len(ends), 5))
    within = np.array([_word_at(words, float(middle)) for middle in ends.mean(axis=1)])
    for member, (start, end) in enumerate(ends):
        word = within[member]
        same = (within == word) & (word >= 0) & (np.arange(len(ends)) != member)
        inside = float(letters[word]) if word >= 0 else 0.0
        most_inside, most_around, most_digits = MOST
        features[member] = (
            odds[same].mean() if same.any() else 0.0,
            min(most_inside, inside),
            _digit_here(columns[max(0, int(start)) : max(0, int(end)) + 1]),
            min(most_around, float(letters.sum()) - inside),
            min(most_digits, len(ends)),
        )
    return features


def _digit_here(columns: NDArray[np.float32]) -> float:
    """Returns the logarithm of the odds of a digit, not a letter, in some columns."""
    if not len(columns):
        return 0.0
    digit, letter = (float(columns[:, kind].sum(axis=1).max()) for kind in (IS_DIGIT, IS_LETTER))
    return float(np.log(digit + LEAST) - np.log(letter + LEAST))


def _word_at(words: Sequence[Sequence[Character]], column: float) -> int:
    """Returns the index of the word at a column, or -1."""
    at = (index for index, word in enumerate(words) if word[0].start <= column <= word[-1].end)
    return next(at, -1)


def _letters(word: Sequence[Character], ends: NDArray[np.float64]) -> float:
    """Returns how many letters of a word are at none of the digits, each counted by its probability."""
    count = 0.0
    for character in word:
        middle = (character.start + character.end) / 2
        is_read = ((ends[:, 0] <= middle) & (middle <= ends[:, 1])).any()
        count += character.probability * (character.label.isalpha() and not is_read)
    return count
