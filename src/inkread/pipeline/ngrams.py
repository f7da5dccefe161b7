"""How probable each next character of a word is, by the characters before it.

The counts are those of ``inkread.training.ngrams``, smoothed as by Witten and Bell (1991): each context
shares its probability with the shorter one in proportion to the number of different characters that
followed it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import ModelFormatError, ModelIntegrityError, ModelNotFoundError
from inkread.models.card import CARD_FILE, TEXT_CLASSES, Card

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

NGRAMS_FILE = "ngrams.npz"
ORDER = 6
"""Longest n-gram: a character and five before it."""
EDGE = " "
"""Stands before and after each word."""
DIGIT = "0"
"""Stands for each of the ten digits: they are equally probable, whatever is before them."""
_FOLDED = str.maketrans(dict.fromkeys("0123456789", DIGIT))
CODES = {character: code for code, character in enumerate(TEXT_CLASSES[:-1])}
BITS = 8
"""Bits of a character in the number of a context."""
STEPS, LEAST = 8, -4
"""Counts are stored as logarithms to base 2, from ``2 ** LEAST`` on, in steps of an eighth."""
REMEMBERED = 8_192
"""Words and contexts whose probabilities are kept in memory, about a kilobyte each."""
REMEDY = "restore the file, or train the model again"


def folded(text: str) -> str:
    """Replaces each digit by ``DIGIT``."""
    return text.translate(_FOLDED)


def number_of(context: str) -> int:
    """Returns the number of a context of up to ``ORDER`` - 1 known characters."""
    number = 0
    for character in context:
        number = number << BITS | (CODES[character] + 1)
    return number


def stored(counts: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Returns counts as they are stored, see ``STEPS``."""
    return np.clip(np.round(STEPS * (np.log2(counts) - LEAST)), 0, 255).astype(np.uint8)


def counted(stored: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Inverts ``stored``."""
    return np.exp2(stored / STEPS + LEAST)


class NGrams:
    """Counts of the characters that follow each context, and of words; safe to share between threads.

    Args:
        contexts: uint64, the numbers of all contexts, ascending.
        starts: the place of each context's first entry in the arrays below, and their length at the end.
        characters: uint8, codes of the characters that follow.
        counts: uint8, how often, see ``STEPS``.
        words: how often each whole word was written.
    """

    def __init__(
        self,
        contexts: NDArray[np.uint64],
        starts: NDArray[np.int64],
        characters: NDArray[np.uint8],
        counts: NDArray[np.uint8],
        words: Mapping[str, float],
    ) -> None:
        self.contexts, self.starts, self.characters, self.counts = contexts, starts, characters, counts
        self.words = words
        known = folded("".join(CODES))
        self._folded = np.array([CODES[character] for character in known])
        sharers = np.bincount(self._folded, minlength=len(CODES))
        self._share = np.log(sharers[self._folded])
        self._uniform = (sharers > 0) / (sharers > 0).sum()
        self.log_probabilities = lru_cache(REMEMBERED)(self._log_probabilities)
        self._smoothed = lru_cache(REMEMBERED)(self._smooth)

    def __len__(self) -> int:
        return len(self.characters)

    def _log_probabilities(self, word: str) -> NDArray[np.float64]:
        """Returns the log probability of each character of ``CODES`` after the beginning of a word.

        Args:
            word: the characters of the word so far, without spaces.
        """
        probable = self._smoothed(folded(EDGE + word)[1 - ORDER :])
        result: NDArray[np.float64] = np.log(probable[self._folded]) - self._share
        return result

    def _smooth(self, context: str) -> NDArray[np.float64]:
        """Returns the probability of each character of ``CODES`` after a context; all digits count as one."""
        shorter: NDArray[np.float64] = self._smoothed(context[1:]) if context else self._uniform
        number = np.uint64(number_of(context))
        at = int(np.searchsorted(self.contexts, number))
        if at == len(self.contexts) or self.contexts[at] != number:
            return shorter
        part = slice(int(self.starts[at]), int(self.starts[at + 1]))
        counts, different = counted(self.counts[part]), part.stop - part.start
        probable = different * shorter
        probable[self.characters[part]] += counts
        return probable / (counts.sum() + different)

    def to_bytes(self) -> bytes:
        """Returns the content of a file that ``load`` reads."""
        stream = io.BytesIO()
        np.savez_compressed(
            stream,
            contexts=np.diff(self.contexts, prepend=np.uint64(0)),
            lengths=np.diff(self.starts).astype(np.uint8),
            characters=self.characters,
            counts=self.counts,
            words=np.frombuffer("\n".join(self.words).encode(), np.uint8),
            written=stored(np.array(list(self.words.values()))),
        )
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> NGrams:
        """Reads the content of a file.

        Raises:
            ValueError: it is damaged.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                names = ("contexts", "lengths", "characters", "counts", "written")
                steps, lengths, characters, counts, written = (archive[name] for name in names)
                words = archive["words"].tobytes().decode().split()
        except (OSError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"is not an archive of n-grams ({error})") from error
        starts = np.append(0, np.cumsum(lengths, dtype=np.int64))
        same = len(steps) + 1 == len(starts), len(words) == len(written)
        if not all(same) or not starts[-1] == len(characters) == len(counts):
            raise ValueError("has arrays of different lengths")
        contexts = np.cumsum(steps, dtype=np.uint64)
        return cls(contexts, starts, characters, counts, dict(zip(words, counted(written), strict=True)))


def load_ngrams(folder: Path) -> tuple[NGrams, Card]:
    """Loads the n-grams in a folder with their card, which they are checked against.

    Raises:
        ModelError: they are missing, damaged, or others than their card describes.
    """
    path, card = folder / NGRAMS_FILE, Card.load(folder / CARD_FILE)
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise ModelNotFoundError(str(path), problem, REMEDY) from error
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise ModelIntegrityError(str(path), "has another SHA-256 than its card lists", REMEDY)
    try:
        return NGrams.from_bytes(content), card
    except ValueError as error:
        raise ModelFormatError(str(path), str(error), REMEDY) from error
