"""How probable a word is, character by character: it is listed, a usual word, spelled as usual, or none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from inkread.pipeline.decoding import SPACE
from inkread.pipeline.ngrams import CODES

if TYPE_CHECKING:
    from inkread.pipeline.lexicon import Lexicon
    from inkread.pipeline.ngrams import NGrams

UNUSUAL = -math.log(60.0)
"""Log probability of each character of a word that is spelled in no usual way: about as many are in use."""
LISTED = 0.9
"""The probability that a word is one of the lexicon, where there is one. Not measured."""


class Spelled(NamedTuple):
    """Log probabilities of a text: of its finished words; and of its last one, by each way of spelling."""

    finished: float = 0.0
    usual: float = 0.0
    unusual: float = 0.0
    known: float = 0.0
    listed: float = 0.0


class Spelling:
    """The probability of words; safe to share between threads.

    Args:
        ngrams: how words are usually spelled; None if any string of characters may come.
        unknown: the probability that a word is a name, code, or number that is spelled in no usual way.
        words: the words that people usually write.
        known: the probability that any other word is one of them.
        lexicon: words that the text probably consists of.
    """

    def __init__(
        self,
        ngrams: NGrams | None,
        unknown: float,
        *,
        words: Lexicon | None = None,
        known: float = 0.0,
        lexicon: Lexicon | None = None,
    ) -> None:
        self._ngrams, self._words, self._lexicon = ngrams, words, lexicon
        listed = LISTED if lexicon else 0.0
        usual = 1 - unknown if ngrams else 0.0
        known = known if words else 0.0
        others = [usual * (1 - known), 1 - usual, usual * known]
        shares = [*((1 - listed) * share for share in others), listed]
        self._shares = [math.log(share) if share else -math.inf for share in shares]

    def extended(self, before: Spelled, text: str) -> Spelled:
        """Returns the spelling of a text whose last character is new."""
        word = text[text.rfind(" ", 0, -1) + 1 : -1]
        code = CODES[text[-1]]
        usual = before.usual
        if self._ngrams:
            usual += float(self._ngrams.log_probabilities(word)[code])
        ended = code == SPACE
        begun = word if ended else word + text[-1]
        spelled = Spelled(
            before.finished,
            usual,
            before.unusual + UNUSUAL,
            self._words.log_probability(begun, whole=ended) if self._words else -math.inf,
            self._lexicon.log_probability(begun, whole=ended) if self._lexicon else -math.inf,
        )
        return Spelled(before.finished + self._word(spelled)) if ended else spelled

    def log_probability(self, spelled: Spelled) -> float:
        """Returns the log probability of all words of a text; the last one may go on."""
        return spelled.finished + (self._word(spelled) if spelled.unusual else 0.0)

    def _word(self, spelled: Spelled) -> float:
        usual, unusual, known, listed = self._shares
        usual, unusual = usual + spelled.usual, unusual + spelled.unusual
        known, listed = known + spelled.known, listed + spelled.listed
        most = max(usual, unusual, known, listed)
        exp = math.exp
        return most + math.log(
            exp(usual - most) + exp(unusual - most) + exp(known - most) + exp(listed - most)
        )
