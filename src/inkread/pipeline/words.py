"""From the columns of a line to its words, with their probabilities and what else they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.classifier import softmax
from inkread.pipeline.decoding import NOT_SPACE, aligned, characters_of, restricted, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.pipeline.beam_search import BeamSearch
    from inkread.pipeline.decoding import Character

LEAST_CHARACTER = 0.35
"""A word whose characters are less probable than this, as a geometric mean, is left out: it is not writing
that the network knows. Not measured."""
ALTERNATIVES = 3
"""Alternatives of each word."""


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

    Args:
        columns: T×C, the probabilities of each column.
        search: finds texts whose words are spelled as usual; without it, the best class of each column
            counts.
        temperature: divides the logarithms of words' probabilities without a search.
    """
    text = search.texts(columns)[0][0] if search else None
    path = aligned(columns, text) if text else None
    words = []
    for characters in words_of(characters_of(columns, path)):
        part = columns[max(0, int(characters[0].start)) : int(np.ceil(characters[-1].end))]
        # The network's own choice shows whether this is writing, whatever words are usual.
        seen = characters if path is None else characters_of(part) or characters
        if np.mean([np.log(character.probability) for character in seen]) < np.log(LEAST_CHARACTER):
            continue
        texts = _texts(characters, part, search, temperature)
        words.append(LineWord(tuple(characters), texts))
    return words


def _texts(
    characters: Sequence[Character],
    part: NDArray[np.float32],
    search: BeamSearch | None,
    temperature: float,
) -> tuple[tuple[str, float], ...]:
    """Returns what a word may say with probabilities, its text first."""
    text = "".join(character.label for character in characters)
    if search is None:
        logs = sum(np.log(character.probability) for character in characters)
        return ((text, float(np.exp(logs / temperature))),)
    found = search.texts(restricted(part, NOT_SPACE))
    scores = np.array([[score for _, score in found]], np.float32)
    probabilities = softmax(scores / search.temperature)[0].tolist()
    shares = {each: share for (each, _), share in zip(found, probabilities, strict=True)}
    others = [(each, share) for each, share in shares.items() if each not in {text, ""}]
    return ((text, shares.get(text, 0.0)), *others[:ALTERNATIVES])
