"""A list of words that a text probably consists of; names, codes, and numbers are never forced into it."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import OptionError
from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.decoding import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.decoding import Character
    from inkread.system.files import AnyPath

LONGEST = 40
"""Characters of a word; longer ones are left out."""
MOST_WORDS, MOST_BYTES = 2_000_000, 64 * 2**20
GAIN = 3.0
"""Log odds of a word of the lexicon before it is read. Not measured."""
CANDIDATES = 24
"""Candidates that are scored by the network for each word."""
SHORTEST = 3
"""Shorter words have too many neighbors to be corrected."""
EDGE = "\\"
"""Marks both ends of a word in its n-grams."""


class Lexicon:
    """Words, and for each pair of letters the words that have it.

    Args:
        words: any number of words; those with characters that the network does not know are left out.
    """

    def __init__(self, words: Iterable[str]) -> None:
        known = set(TEXT_CLASSES)
        self.words = sorted({w for w in words if 0 < len(w) <= LONGEST and set(w) <= known})
        lengths = np.array([len(word) for word in self.words], np.int32)
        self._lengths = lengths
        found: defaultdict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(self.words):
            for gram in _grams(word.lower()):
                found[gram].append(index)
        self._having = {gram: np.array(indices, np.int32) for gram, indices in found.items()}

    @classmethod
    def load(cls, path: AnyPath) -> Lexicon:
        """Reads a file of words, one per line, in UTF-8 or, failing that, in Windows' encoding.

        Raises:
            OptionError: the file cannot be read, is too long, or has no words.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise OptionError(
                str(path), f"cannot be read ({error.strerror})", "give a list of words"
            ) from error
        if len(content) > MOST_BYTES:
            raise OptionError(str(path), "is longer than 64 MB", "give at most two million words")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
        lexicon = cls(word.strip() for word in text.splitlines()[:MOST_WORDS])
        if not lexicon.words:
            raise OptionError(str(path), "has no words", "give one word per line")
        return lexicon

    def corrected(
        self, columns: NDArray[np.float32], characters: Sequence[Character], probability: float
    ) -> tuple[tuple[str, float], ...]:
        """Returns the most probable of what was read and the words like it, and others, with probabilities.

        Args:
            columns: the probabilities of the line's columns.
            characters: the word that was read.
            probability: probability of the word that was read.
        """
        read = "".join(character.label for character in characters)
        core = read.strip(".,;:!?()\"'")
        if len(core) < SHORTEST or not core.isalpha():
            return ((read, probability),)
        part = columns[max(0, int(characters[0].start)) : int(characters[-1].end) + 1]
        before, after = read[: read.index(core)], read[read.index(core) + len(core) :]
        scores = {read: score(part, read) + (GAIN if core in self._near(core)[:1] else 0.0)}
        for word in self._near(core):
            scores[before + _cased(word, core) + after] = (
                score(part, before + _cased(word, core) + after) + GAIN
            )
        best, *others = sorted(scores, key=lambda text: -scores[text])
        total = np.logaddexp.reduce(list(scores.values()))
        shares = {text: float(math.exp(scores[text] - total)) for text in scores}
        sure = (
            max(probability, shares[best]) if best != read else max(probability, shares[read] * probability)
        )
        return ((best, sure), *((text, shares[text]) for text in others[:3]))

    def _near(self, read: str) -> list[str]:
        """Returns the words that have the most pairs of letters in common with what was read."""
        votes = np.zeros(len(self.words), np.float32)
        for gram in _grams(read.lower()):
            votes[self._having.get(gram, [])] += 1
        votes -= 0.5 * np.abs(self._lengths - len(read))
        most = min(CANDIDATES, len(votes))
        best = np.argpartition(-votes, most - 1)[:most]
        return [
            self.words[index] for index in best[np.argsort(-votes[best], kind="stable")] if votes[index] > 0
        ]


def _grams(word: str) -> set[str]:
    padded = EDGE + word + EDGE
    return {padded[i : i + 2] for i in range(len(padded) - 1)}


def _cased(word: str, like: str) -> str:
    """Returns a word in capitals, or capitalized, like another."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
