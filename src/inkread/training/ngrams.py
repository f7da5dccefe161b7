"""Counts how words are spelled, for ``inkread.pipeline.ngrams``; and fits how much that counts in reading."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from inkread.evaluation.metrics import edit_distance
from inkread.pipeline.beam_search import BeamSearch, Weights
from inkread.pipeline.lexicon import SIGNS
from inkread.pipeline.ngrams import CODES, EDGE, ORDER, NGrams, folded, number_of, stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

POWER = 0.5
"""A word that was written n times counts as n to this power: a few texts were copied by many people."""
RECASED = 0.2
"""Share of each word's count that its forms in small letters, in capitals, and capitalized get."""
SPELLING, LENGTH = (0.4, 0.6, 0.8), (1.0, 2.0)
"""The weights that are tried, and the bonuses per character as multiples of them."""
KNOWN, FREQUENCY = (0.5, 0.8), (0.5, 0.75)
"""The probabilities of words that were written, and the powers of how often, that are tried."""


def count_ngrams(texts: Iterable[str]) -> NGrams:
    """Counts the words of texts, and their n-grams."""
    written = Counter(word for text in texts for word in text.split())
    words: defaultdict[str, float] = defaultdict(float)
    for word, times in Counter(map(folded, written.elements())).items():
        if set(word) <= CODES.keys():
            count = float(times**POWER)
            words[word] += count
            for other in {word.lower(), word.upper(), word.capitalize()} - {word}:
                if set(other) <= CODES.keys():
                    words[other] += RECASED * count
    followers: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    for word, count in words.items():
        text = EDGE + word + EDGE
        for place in range(1, len(text)):
            for length in range(min(ORDER - 1, place) + 1):
                followers[number_of(text[place - length : place])][CODES[text[place]]] += count
    return _arrays(followers, _whole_words(written))


def _whole_words(written: Mapping[str, int]) -> dict[str, float]:
    """Returns how often each word of letters was written, without signs around it.

    A capitalized word may also come in small letters.
    """
    counts: defaultdict[str, float] = defaultdict(float)
    for word, times in written.items():
        core = word.strip(SIGNS)
        if any(map(str.isalpha, core)) and not any(map(str.isdigit, core)) and set(core) <= CODES.keys():
            counts[core] += times
            if core == core.capitalize():
                counts[core.lower()] += RECASED * times
    return dict(sorted(counts.items()))


def _arrays(followers: dict[int, defaultdict[int, float]], words: Mapping[str, float]) -> NGrams:
    contexts = sorted(followers)
    entries = [sorted(followers[context].items()) for context in contexts]
    characters = np.array([code for part in entries for code, _ in part], np.uint8)
    counts = np.array([count for part in entries for _, count in part])
    starts = np.append(0, np.cumsum([len(part) for part in entries]))
    return NGrams(np.array(contexts, np.uint64), starts, characters, stored(counts), words)


def fit_weights(ngrams: NGrams, columns: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> Weights:
    """Returns the weights with the lowest sum of character and word error rate on held-out lines.

    ``columns`` are the probabilities of each line's columns, T×C, ``texts`` what the lines say.
    """
    characters, words = (sum(map(len, each)) for each in (texts, [text.split() for text in texts]))

    def errors(weights: Weights) -> float:
        search = BeamSearch(ngrams, weights)
        pairs = [(text, search.texts(each)[0][0].strip()) for each, text in zip(columns, texts, strict=True)]
        wrong = sum(edit_distance(text.split(), read.split()) for text, read in pairs)
        return sum(edit_distance(*pair) for pair in pairs) / characters + wrong / words

    tried = itertools.product(SPELLING, LENGTH, KNOWN, FREQUENCY)
    return min((_weights(*each) for each in tried), key=errors)


def _weights(spelling: float, length: float, known: float, frequency: float) -> Weights:
    return Weights(spelling, spelling * length, known=known, frequency=frequency)
