"""The most probable texts of a line, by its columns and by how words are spelled.

Prefix beam search (Hannun et al. 2014): the probability of a text is the sum over its paths through the
columns, times the probability of its words to a power, times a bonus for each character.
"""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.decoding import BLANK
from inkread.pipeline.lexicon import Lexicon
from inkread.pipeline.ngrams import CODES, load_ngrams
from inkread.pipeline.spelling import Spelled, Spelling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.pipeline.ngrams import NGrams

KEPT, KEPT_LISTED = 8, 16
"""Texts that are followed at the same time; and if whole words are known, which may look improbable long."""
IMPROBABLE, MOST = 0.003, 12
"""Characters less probable than this in a column, or beyond so many, do not extend a text there."""
EMPTY = 0.998
"""A column in which the blank is more probable than this extends no text."""
NEVER = -1e9
"""Log probability of a text without a path."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much spelling counts; fitted on held-out lines, see ``inkread.training.ngrams``.

    Attributes:
        spelling: the power of the probability of words; 0 if only the columns count.
        length: the logarithm of the bonus per character, which balances that words are never certain.
        unknown: the probability that a word is a name, code, or number that is spelled in no usual way.
            Not fitted; see docs/experiments.md.
        known: the probability that any other word is one of those that were counted.
        frequency: the power of how often each of those was written.
    """

    spelling: float = 0.0
    length: float = 0.0
    unknown: float = 0.1
    known: float = 0.0
    frequency: float = 1.0


class BeamSearch:
    """Finds the most probable texts; safe to share between threads.

    Args:
        ngrams: how words are usually spelled; None if any string of characters may come.
        weights: how much spelling counts.
        lexicon: words that the text probably consists of.
        temperature: divides the logarithms of whole words' probabilities, fitted on held-out words.
        sha256: hash of the file of n-grams, hexadecimal; empty if there is none.
    """

    def __init__(
        self,
        ngrams: NGrams | None,
        weights: Weights,
        *,
        lexicon: Lexicon | None = None,
        temperature: float = 1.0,
        sha256: str = "",
    ) -> None:
        self.weights, self.temperature, self.sha256 = weights, temperature, sha256
        words = None
        if ngrams and weights.known:
            words = Lexicon({word: count**weights.frequency for word, count in ngrams.words.items()})
        self._spelling = Spelling(ngrams, weights.unknown, words=words, known=weights.known, lexicon=lexicon)
        self._kept = KEPT_LISTED if words or lexicon else KEPT

    @classmethod
    def load(cls, folder: Path, *, usual: bool = True, lexicon: Lexicon | None = None) -> BeamSearch:
        """Loads n-grams with their weights.

        Args:
            folder: has the n-grams and their card.
            usual: whether words that are spelled as usual are more probable.
            lexicon: words that the text probably consists of.

        Raises:
            ModelError: they are missing, damaged, or others than their card describes.
        """
        ngrams, card = load_ngrams(folder)
        return cls(
            ngrams if usual else None,
            Weights(**card.fusion),
            lexicon=lexicon,
            temperature=card.temperature,
            sha256=card.sha256,
        )

    def texts(self, columns: NDArray[np.float32]) -> list[tuple[str, float]]:
        """Returns a few texts with their scores, the best first.

        Args:
            columns: T×C, the probabilities of each column.

        Returns:
            Pairs of a text and the logarithm of its unnormalized probability.
        """
        # The probabilities of all paths of a text that end in a blank, and in its last character.
        beam: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
        known = {"": _Known(Spelled(), 0.0)}
        scale = 0.0
        for column in columns:
            blank = float(column[BLANK])
            if blank > EMPTY:
                beam = {text: ((ends + goes_on) * blank, 0.0) for text, (ends, goes_on) in beam.items()}
                continue
            grown = _extended(beam, column)
            best = self._best(grown, known)
            total = sum(ends + goes_on for ends, goes_on in (grown[text] for text in best)) or 1.0
            scale += math.log(total)
            beam = {text: (grown[text][0] / total, grown[text][1] / total) for text in best}
            known = {text: known[text] for text in best}
        # A space ends the last word, and is no character of the text.
        ended = {
            text: scale
            + _log(ends + goes_on)
            + self._known(known[text], text + " ").prior
            - self.weights.length
            for text, (ends, goes_on) in beam.items()
        }
        return sorted(ended.items(), key=lambda item: -item[1])

    def _best(self, grown: Mapping[str, tuple[float, float]], known: dict[str, _Known]) -> list[str]:
        """Returns the texts with the highest scores, the best first, and adds them to those that are known.

        A longer text is never more probable than its beginning, so those whose beginning is too improbable
        need no spelling.
        """
        bounds = []
        for text, (ends, goes_on) in grown.items():
            paths, before = _log(ends + goes_on), known.get(text)
            most = paths + (before.prior if before else known[text[:-1]].prior + self.weights.length)
            bounds.append((most, text, paths))
        bounds.sort(reverse=True)
        best: list[tuple[float, str]] = []
        for most, text, paths in bounds:
            if len(best) == self._kept and most <= -best[-1][0]:
                break
            if text not in known:
                known[text] = self._known(known[text[:-1]], text)
            insort(best, (-paths - known[text].prior, text))
            del best[self._kept :]
        return [text for _, text in best]

    def _known(self, before: _Known, text: str) -> _Known:
        """Spells a text whose last character is new."""
        spelled = self._spelling.extended(before.spelled, text)
        words = self._spelling.log_probability(spelled)
        return _Known(spelled, self.weights.spelling * words + self.weights.length * len(text))


class _Known(NamedTuple):
    """How a text is spelled, and what that adds to its score, whatever the columns are."""

    spelled: Spelled
    prior: float


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else NEVER


def _extended(
    beam: Mapping[str, tuple[float, float]], column: NDArray[np.float32]
) -> dict[str, tuple[float, float]]:
    """Returns the texts that are possible after one more column, with the probabilities of their paths."""
    blank = float(column[BLANK])
    order = np.argsort(-column[:BLANK])[:MOST]
    codes = [int(code) for code in order if column[code] > IMPROBABLE]
    labels = [(TEXT_CLASSES[code], float(column[code])) for code in codes]
    grown: dict[str, tuple[float, float]] = {}
    for text, (ends, goes_on) in beam.items():
        last = text[-1:]
        stays = float(column[CODES[last]]) if last else 0.0
        before = grown.get(text, (0.0, 0.0))
        grown[text] = (before[0] + (ends + goes_on) * blank, before[1] + goes_on * stays)
        for label, probability in labels:
            added = (ends if label == last else ends + goes_on) * probability
            longer = text + label
            before = grown.get(longer, (0.0, 0.0))
            grown[longer] = (before[0], before[1] + added)
    return grown
