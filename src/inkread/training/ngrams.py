"""Counts how words are spelled, for ``inkread.pipeline.ngrams``; and fits how much that counts in reading."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from inkread.evaluation.metrics import edit_distance
from inkread.pipeline.beam_search import BeamSearch, Weights
from inkread.pipeline.ngrams import CODES, EDGE, LEAST, ORDER, STEPS, NGrams, folded, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

POWER = 0.5
"""A word that was written n times counts as n to this power: a few texts were copied by many people."""
RECASED = 0.2
"""Share of each word's count that its forms in small letters, in capitals, and capitalized get."""
SPELLING = (0.4, 0.6, 0.8)
LENGTH = (1.0, 2.0)
"""The weights that are tried, and the bonuses per character as multiples of them."""


def count_ngrams(texts: Iterable[str]) -> NGrams:
    """Counts the n-grams of the words of texts."""
    words: defaultdict[str, float] = defaultdict(float)
    for word, times in Counter(word for text in texts for word in folded(text).split()).items():
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
    return _arrays(followers)


def _arrays(followers: dict[int, defaultdict[int, float]]) -> NGrams:
    contexts = sorted(followers)
    entries = [sorted(followers[context].items()) for context in contexts]
    characters = np.array([code for part in entries for code, _ in part], np.uint8)
    counts = np.array([count for part in entries for _, count in part])
    stored = np.clip(np.round(STEPS * (np.log2(counts) - LEAST)), 0, 255).astype(np.uint8)
    starts = np.append(0, np.cumsum([len(part) for part in entries]))
    return NGrams(np.array(contexts, np.uint64), starts, characters, stored)


def fit_weights(ngrams: NGrams, columns: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> Weights:
    """Returns the weights with the fewest edits per character on held-out lines with these texts.

    ``columns`` are the probabilities of each line's columns, T×C.
    """

    def edits(weights: Weights) -> int:
        search = BeamSearch(ngrams, weights)
        read = (search.texts(each)[0][0].strip() for each in columns)
        return sum(edit_distance(one, other) for one, other in zip(read, texts, strict=True))

    return min((Weights(each, each * length) for each in SPELLING for length in LENGTH), key=edits)
