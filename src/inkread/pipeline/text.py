"""Reads letters, words, and lines: a picture's lines, each as a strip, by one network; or one character."""

from __future__ import annotations

import string
from functools import cached_property, partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.errors import OptionError, nearest
from inkread.models import CHARACTERS, NGRAMS, TEXT
from inkread.models.card import TEXT_CLASSES
from inkread.picture import PictureLimits, load_picture
from inkread.pipeline.beam_search import BeamSearch
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.columns import ANSWERS, COLUMN, ColumnNetwork
from inkread.pipeline.decoding import allowed, alone, restricted
from inkread.pipeline.lexicon import Lexicon
from inkread.pipeline.source_reader import SourceReader
from inkread.pipeline.symbols import LEAST_SHARE, TextTrace, in_source, read_symbol
from inkread.pipeline.text_lines import HEIGHT, find_lines, strip_of
from inkread.pipeline.words import read_words
from inkread.results import Digit, Line, Reading, Word, require_probability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.picture import Picture, Source
    from inkread.pipeline.decoding import Character
    from inkread.pipeline.text_lines import TextLine
    from inkread.pipeline.words import LineWord
    from inkread.system.files import AnyPath

ALPHABETS = {
    "letters": string.ascii_letters,
    "alnum": string.digits + string.ascii_letters,
    "text": "".join(TEXT_CLASSES[:-1]),
}
"""The characters of each alphabet."""
BEYOND = 0.6 * HEIGHT
"""Pixels of a strip that a word's ink may reach beyond the columns of its characters: at most half the height
of the ink for 95 of 100 words of UNIPEN."""
SPELLED = ("letters", "text")
"""The alphabets whose words are spelled as usual; mixtures of digits and letters are codes."""


class TextRecognizer(ColumnNetwork):
    """The network that reads lines; safe to share between threads."""

    height = HEIGHT
    takes = "lines", [None, 1, HEIGHT, None]
    gives = "columns", [None, ANSWERS * len(TEXT_CLASSES), 1, None]


class TextReader(SourceReader[TextTrace]):
    """Reads letters, words, and lines from pictures; safe to share between threads and processes.

    Args:
        alphabet: the characters to read: ``letters``, ``alnum`` (digits and letters, no signs), or ``text``.
        lexicon: a file of words, one per line, that the text probably consists of.
        spelling: whether words that are spelled as in English, French, or German are more probable; has no
            effect on ``alnum``.
        limits: maximum bytes and pixels per picture.
        threads: intra-op threads per call of a model; 0 means one per core.

    Raises:
        OptionError: the alphabet is unknown, or the lexicon cannot be read.
    """

    def __init__(
        self,
        alphabet: str = "text",
        *,
        lexicon: AnyPath | None = None,
        spelling: bool = True,
        limits: PictureLimits | None = None,
        threads: int = 0,
    ) -> None:
        if alphabet not in ALPHABETS:
            raise OptionError(f"alphabet {alphabet!r}", "is unknown", nearest(alphabet, ALPHABETS))
        self.alphabet, self.limits = alphabet, limits or PictureLimits()
        self._lexicon_file, self._spelling, self._threads = lexicon, spelling, threads
        self._lexicon = Lexicon.load(lexicon) if lexicon else None
        self._classes = allowed(ALPHABETS[alphabet])

    def __reduce__(self) -> tuple[partial[TextReader], tuple[()]]:
        """Pickles the arguments; unpickling loads the models again."""
        made = partial(
            type(self),
            self.alphabet,
            lexicon=self._lexicon_file,
            spelling=self._spelling,
            limits=self.limits,
            threads=self._threads,
        )
        return made, ()

    @cached_property
    def recognizer(self) -> TextRecognizer:
        """Reads lines; loaded when first needed."""
        return TextRecognizer(TEXT, threads=self._threads)

    @cached_property
    def _search(self) -> BeamSearch | None:
        """Finds words that are spelled as usual or listed; none if any string of characters may come."""
        usual = self._spelling and self.alphabet in SPELLED
        if not usual and not self._lexicon:
            return None
        folder = self.recognizer.model.path.parent / NGRAMS
        return BeamSearch.load(folder, usual=usual, lexicon=self._lexicon)

    @cached_property
    def classifier(self) -> Classifier:
        """Classifies one character; loaded when first needed."""
        return Classifier(CHARACTERS, threads=self._threads)

    @property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256, hexadecimal, of both networks, and of the n-grams if they are in use."""
        spelling = (self._search.sha256,) if self._search else ()
        return (self.recognizer.sha256, self.classifier.sha256, *spelling)

    def trace(
        self, source: Source, *, single: bool = False, page: int = 1, min_probability: float = 0.0
    ) -> TextTrace:
        """Reads the lines of a picture, or its one character, and keeps every stage."""
        require_probability(min_probability)
        picture = load_picture(source, limits=self.limits, page=page)
        if single:
            wanted = ALPHABETS[self.alphabet]
            return read_symbol(
                picture, self.classifier, wanted, second=self._as_line, min_probability=min_probability
            )
        grey = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        found = tuple(find_lines(grey))
        columns = self.recognizer.probabilities_of([line.pixels for line in found])
        read = [self._line(each, line, picture) for each, line in zip(columns, found, strict=True)]
        reading = Reading(
            picture.source, picture.width, picture.height, tuple(line for line in read if line.words)
        ).with_min_probability(min_probability)
        return TextTrace(picture, grey, found, tuple(line.text for line in read), (), reading)

    def _as_line(self, ink: NDArray[np.float32], labels: Sequence[str]) -> NDArray[np.float64]:
        """Returns the probability of each label by the network of lines, if a line were just this ink."""
        (columns,) = self.recognizer.probabilities_of([strip_of(ink)])
        shares = alone(columns)[[TEXT_CLASSES.index(label) for label in labels]] + LEAST_SHARE
        return np.asarray(shares / shares.sum(), np.float64)

    def _line(self, columns: NDArray[np.float32], line: TextLine, picture: Picture) -> Line:
        """Returns the words of a line that are probable enough."""
        columns = restricted(columns, self._classes)
        words, digits = [], []
        temperature = self.recognizer.model.card.temperature
        found = read_words(columns, self._search, temperature=temperature)
        for word, (start, end) in zip(found, _extents(found, line), strict=True):
            (text, probability), *others = word.texts
            box = in_source(list(line.box(start, end)), picture)
            words.append(Word(text, probability, box, tuple(others)))
            digits += [_digit(line, character, picture) for character in word.characters]
        return Line(tuple(digits), (), tuple(words))


def _digit(line: TextLine, character: Character, picture: Picture) -> Digit:
    box = in_source(list(line.box(character.start * COLUMN, character.end * COLUMN)), picture)
    return Digit(character.label, character.probability, box, character.alternatives)


def _extents(words: Sequence[LineWord], line: TextLine) -> Iterator[tuple[float, float]]:
    """Yields where the ink of each word begins and ends, in pixels of the strip.

    The network answers somewhere within a character, so a word's ink reaches beyond the columns of its first
    and its last one, but not over the middle of the gap to the next word.
    """
    starts = [COLUMN * word.characters[0].start for word in words]
    ends = [COLUMN * word.characters[-1].end for word in words]
    middles = [(end + start) / 2 for end, start in zip(ends, starts[1:], strict=False)]
    borders = [0.0, *middles, float(line.pixels.shape[1])]
    for start, end, first, last in zip(starts, ends, borders, borders[1:], strict=False):
        yield line.trimmed(max(first, start - BEYOND), min(last, end + BEYOND))
