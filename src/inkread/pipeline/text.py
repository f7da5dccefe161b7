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
from inkread.pipeline.decoding import allowed, restricted
from inkread.pipeline.lexicon import Lexicon
from inkread.pipeline.source_reader import SourceReader
from inkread.pipeline.symbols import TextTrace, in_source, read_symbol
from inkread.pipeline.text_lines import HEIGHT, find_lines
from inkread.pipeline.words import read_words
from inkread.results import Box, Digit, Line, Reading, Word, require_probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.picture import Picture, Source
    from inkread.pipeline.decoding import Character
    from inkread.pipeline.text_lines import TextLine
    from inkread.system.files import AnyPath

ALPHABETS = {
    "letters": string.ascii_letters,
    "alnum": string.digits + string.ascii_letters,
    "text": "".join(TEXT_CLASSES[:-1]),
}
"""The characters of each alphabet."""
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
        """Finds words that are spelled as usual; none if any string of characters may come."""
        if self.alphabet not in SPELLED or not self._spelling:
            return None
        return BeamSearch.load(self.recognizer.model.path.parent / NGRAMS)

    @cached_property
    def classifier(self) -> Classifier:
        """Classifies one character; loaded when first needed."""
        return Classifier(CHARACTERS, threads=self._threads)

    def trace(
        self, source: Source, *, single: bool = False, page: int = 1, min_probability: float = 0.0
    ) -> TextTrace:
        """Reads the lines of a picture, or its one character, and keeps every stage."""
        require_probability(min_probability)
        picture = load_picture(source, limits=self.limits, page=page)
        if single:
            wanted = ALPHABETS[self.alphabet]
            return read_symbol(picture, self.classifier, wanted, min_probability=min_probability)
        grey = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        found = tuple(find_lines(grey))
        columns = self.recognizer.probabilities_of([line.pixels for line in found])
        read = [self._line(each, line, picture) for each, line in zip(columns, found, strict=True)]
        reading = Reading(
            picture.source, picture.width, picture.height, tuple(line for line in read if line.words)
        ).with_min_probability(min_probability)
        return TextTrace(picture, grey, found, tuple(line.text for line in read), (), reading)

    def _line(self, columns: NDArray[np.float32], line: TextLine, picture: Picture) -> Line:
        """Returns the words of a line that are probable enough."""
        columns = restricted(columns, self._classes)
        words, digits = [], []
        temperature = self.recognizer.model.card.temperature
        for word in read_words(columns, self._search, temperature=temperature):
            texts = word.texts
            if self._lexicon:
                texts = self._lexicon.corrected(columns, word.characters, word.probability)
            (text, probability), *others = texts
            box = _box(line, word.characters[0].start, word.characters[-1].end, picture)
            words.append(Word(text, probability, box, tuple(others)))
            digits += [_digit(line, character, picture) for character in word.characters]
        return Line(tuple(digits), (), tuple(words))


def _digit(line: TextLine, character: Character, picture: Picture) -> Digit:
    box = _box(line, character.start, character.end, picture)
    return Digit(character.label, character.probability, box, character.alternatives)


def _box(line: TextLine, start: float, end: float, picture: Picture) -> Box:
    """Returns the box of some columns in pixels of the source picture."""
    return in_source(list(line.box(start * COLUMN, end * COLUMN)), picture)
