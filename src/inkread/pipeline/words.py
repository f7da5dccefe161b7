"""From the columns of a line to its words, with their probabilities and what else they may be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.beam_search import IMPROBABLE
from inkread.pipeline.classifier import softmax
from inkread.pipeline.decoding import NOT_SPACE, SPACE, aligned, characters_of, restricted, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.beam_search import BeamSearch
    from inkread.pipeline.decoding import Character

LEAST_CHARACTER = 0.35
"""A word whose characters are less probable than this, as a geometric mean, is left out: it is not writing
that the network knows. Not measured."""
ALTERNATIVES = 3
"""Alternatives of each word, and of each character."""


@dataclass(frozen=True, slots=True)
class LineWord:
    """A word of a line.

    Attributes:
        characters: its characters, with their places in the line.
        texts: what it may say, with probabilities; the first is what it says.
    """

    characters: tuple[Character, ...]
    texts: tuple[tuple[str, float], ...]

    @property
    def text(self) -> str:
        """What it says."""
        return self.texts[0][0]

    @property
    def probability(self) -> float:
        """The probability of its text, in 0..1."""
        return self.texts[0][1]


def read_words(
    columns: NDArray[np.float32], search: BeamSearch | None, *, temperature: float
) -> list[LineWord]:
    """Returns the words of a line that are probable enough to be writing.

    The search for a whole line follows too few texts to try everything in each word, so the words of a line
    are searched again, each by itself. If it cannot have a space, that would find the same texts.

    Args:
        columns: T×C, the probabilities of each column.
        search: finds texts whose words are spelled as usual; without it, the best class of each column
            counts.
        temperature: divides the logarithms of words' probabilities without a search.
    """
    if search is None:
        return [
            _unspelled(characters, temperature)
            for characters in words_of(characters_of(columns))
            if _is_writing(characters)
        ]
    found = search.texts(columns)
    text = found[0][0]
    is_one_word = bool(columns[:, SPACE].max(initial=0.0) <= IMPROBABLE)
    words = []
    for characters in words_of(characters_of(columns, aligned(columns, text))) if text else ():
        start = max(0, int(characters[0].start))
        part = columns[start : int(np.ceil(characters[-1].end))]
        # The network's own choice shows whether this is writing, whatever words are usual.
        if _is_writing(characters_of(part) or characters):
            texts = found if is_one_word else search.texts(restricted(part, NOT_SPACE))
            words.append(_spelled(characters, part, start, texts, search.temperature))
    return words


def _is_writing(characters: Sequence[Character]) -> bool:
    return bool(np.mean([np.log(each.probability) for each in characters]) >= np.log(LEAST_CHARACTER))


def _unspelled(characters: Sequence[Character], temperature: float) -> LineWord:
    logs = sum(np.log(character.probability) for character in characters)
    return LineWord(tuple(characters), ((_text(characters), float(np.exp(logs / temperature))),))


def _spelled(
    characters: Sequence[Character],
    part: NDArray[np.float32],
    start: int,
    found: Sequence[tuple[str, float]],
    temperature: float,
) -> LineWord:
    """Makes a word at the columns ``part``, from ``start`` on, of the texts found for it and their scores."""
    scores = np.array([[score for _, score in found]], np.float32)
    probabilities = softmax(scores / temperature)[0].tolist()
    texts = [(text, share) for (text, _), share in zip(found, probabilities, strict=True) if text]
    if not texts:
        return LineWord(tuple(characters), ((_text(characters), 0.0),))
    best = texts[0][0]
    if best != _text(characters):
        again = characters_of(part, aligned(part, best))
        characters = [replace(each, start=each.start + start, end=each.end + start) for each in again]
    return LineWord(_judged(characters, texts), tuple(texts[: 1 + ALTERNATIVES]))


def _judged(characters: Sequence[Character], texts: Sequence[tuple[str, float]]) -> tuple[Character, ...]:
    """Gives each character the probability of the texts that have it at its place.

    Its alternatives are the characters that other texts have there, with the probabilities of those texts.
    Where other texts have fewer or more characters, none of theirs is an alternative.

    Args:
        characters: those of the first text.
        texts: what the word may say, with probabilities.
    """
    best = texts[0][0]
    shares: list[defaultdict[str, float]] = [defaultdict(float) for _ in best]
    for text, share in texts:
        for _, i, i_end, j, j_end in SequenceMatcher(None, best, text, autojunk=False).get_opcodes():
            if i_end - i == j_end - j:
                for there, label in zip(shares[i:i_end], text[j:j_end], strict=True):
                    there[label] += share
    return tuple(
        replace(
            character,
            probability=min(1.0, there.pop(character.label)),  # rounded sums may be more
            alternatives=tuple(sorted(there.items(), key=itemgetter(1), reverse=True)[:ALTERNATIVES]),
        )
        for character, there in zip(characters, shares, strict=True)
    )


def _text(characters: Sequence[Character]) -> str:
    return "".join(character.label for character in characters)
