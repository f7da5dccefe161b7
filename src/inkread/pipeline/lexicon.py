"""Words that a text probably consists of, and how probable each is."""

from __future__ import annotations

import codecs
import hashlib
import math
from bisect import bisect_left, bisect_right
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import OptionError
from inkread.models.card import TEXT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

LONGEST = 40
"""Characters of a word; longer ones are left out."""
MOST_WORDS, MOST_BYTES = 2_000_000, 64 * 2**20
RECASED = 0.2
"""Share of each word's weight that its forms in capitals and capitalized get, unless they are listed
themselves; as in ``count_ngrams``."""
SIGNS = ".,;:!?()\"'"
"""May stand before and after a word without being listed."""
SIGN = -math.log(len(SIGNS) + 1)
"""Log probability of each of them: any of them, or none."""
REMEMBERED = 32_768
"""Beginnings of words whose probabilities are kept in memory."""


class Lexicon:
    """Words with weights; safe to share between threads.

    They are kept in order, so the words with the same beginning are neighbors: their share of the sum of all
    weights is the probability of that beginning.

    Args:
        weights: any number of words, with how probable each is relative to the others; those with
            characters that the network does not know are left out.
        sha256: hash of the file that they are from, hexadecimal; empty if there is none.
    """

    def __init__(self, weights: Mapping[str, float], *, sha256: str = "") -> None:
        self.sha256 = sha256
        known = frozenset(TEXT_CLASSES)
        self.words = sorted(word for word in weights if 0 < len(word) <= LONGEST and known.issuperset(word))
        values = np.array([weights[word] for word in self.words])
        self._forms = [_Forms(self.words, values)]
        for form in (str.upper, _capitalized):
            recased = [form(word) for word in self.words]
            new = (at for at, word in enumerate(recased) if word not in weights)
            # Words in order are almost in order in capitals too, which makes this fast.
            order = sorted(new, key=recased.__getitem__)
            self._forms.append(_Forms([recased[at] for at in order], RECASED * values[order]))
        self._total = max(sum(forms.total for forms in self._forms), 1.0)
        self.log_probability = lru_cache(REMEMBERED)(self._log_probability)

    @classmethod
    def load(cls, path: AnyPath) -> Lexicon:
        """Reads a file of equally probable words, in UTF-8, UTF-16, or, failing that, Windows' encoding.

        Spaces and lines separate them.

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
        words = _decoded(content)
        if "\0" in words:
            raise OptionError(str(path), "is not a text file", "give one word per line")
        sha256 = hashlib.sha256(content).hexdigest()
        lexicon = cls(dict.fromkeys(words.split()[:MOST_WORDS], 1.0), sha256=sha256)
        if not lexicon.words:
            raise OptionError(str(path), "has no words", "give one word per line")
        return lexicon

    def _log_probability(self, text: str, *, whole: bool) -> float:
        """Returns the log probability that a word is a text, or begins with it.

        Args:
            text: characters without spaces; signs around a word count little.
            whole: whether the word ends there.
        """
        listed = self._share(text, whole)
        if listed > 0 or not text:
            return math.log(listed) if listed else -math.inf
        begun = text.lstrip(SIGNS)
        core = begun.rstrip(SIGNS)
        listed = self._share(core, whole or core != begun) if core else float(not whole)
        return math.log(listed) + SIGN * (len(text) - len(core)) if listed else -math.inf

    def _share(self, text: str, whole: bool) -> float:
        return sum(forms.weight(text, whole) for forms in self._forms) / self._total


class _Forms:
    """Words in order, so that those with the same beginning are neighbors; with their weights, float64."""

    def __init__(self, words: list[str], weights: NDArray[np.float64]) -> None:
        self._words = words
        self._sums = np.append(0.0, np.cumsum(weights))

    @property
    def total(self) -> float:
        """The weight of all words."""
        return float(self._sums[-1])

    def weight(self, text: str, whole: bool) -> float:
        """Returns the weight of a word, or of all words with a beginning."""
        first = bisect_left(self._words, text)
        end = bisect_right(self._words, text if whole else text + "\U0010ffff", first)
        return float(self._sums[end] - self._sums[first])


def _capitalized(word: str) -> str:
    return word[0].upper() + word[1:]


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
