"""Reads letters, words, and lines: a picture's lines, each as a strip, by one network; or one character."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.errors import ModelFormatError, OptionError, nearest
from inkread.models import CHARACTERS, NGRAMS, TEXT, load_model
from inkread.models.card import TEXT_CLASSES
from inkread.picture import PictureLimits, load_picture
from inkread.pipeline.beam_search import BeamSearch
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.columns import ANSWERS, COLUMN, ColumnNetwork
from inkread.pipeline.config import ReaderConfig
from inkread.pipeline.decoding import NOT_SPACE, SPACE, allowed, alone, characters_of, restricted
from inkread.pipeline.lexicon import Lexicon
from inkread.pipeline.source_reader import SourceReader
from inkread.pipeline.symbols import LEAST_SHARE, TextTrace, in_source, read_symbol
from inkread.pipeline.text_lines import HEIGHT, MOST_LINES, find_lines, strip_of
from inkread.pipeline.turning import Turning, is_doubtful
from inkread.pipeline.words import read_words
from inkread.results import Digit, Line, Reading, Word, require_probability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.picture import Source
    from inkread.pipeline.decoding import Character
    from inkread.pipeline.text_lines import TextLine
    from inkread.pipeline.words import LineWord
    from inkread.results import Box
    from inkread.system.files import AnyPath

    Place = Callable[[Sequence[float]], Box]
    """Converts a box on the page, as it was read, to whole pixels of the source."""

ALPHABETS = {
    "letters": string.ascii_letters,
    "alnum": string.digits + string.ascii_letters,
    "text": "".join(TEXT_CLASSES[:-1]),
}
"""The characters of each alphabet."""
BEYOND = 0.6 * HEIGHT
"""Pixels of a strip that a word's ink may reach beyond the columns of its characters: at most half the height
of the ink for 95 of 100 words of UNIPEN."""
ORIENTATION = ReaderConfig(sense=0.82, least_to_turn=1, most_to_turn=10_000)
"""When other orientations are tried: no made page of the training writers had a mean probability of a
character of more than 0.82 upside down."""
LONGEST = 8
"""Lines that show the orientation."""
SPELLED = ("letters", "text")
"""The alphabets whose words are spelled as usual; mixtures of digits and letters are codes."""


class TextRecognizer(ColumnNetwork):
    """The network that reads lines; safe to share between threads."""

    height = HEIGHT
    takes = "lines", [None, 1, HEIGHT, None]
    gives = "columns", [None, ANSWERS * len(TEXT_CLASSES), 1, None]

    @cached_property
    def turning(self) -> Turning | None:
        """Which way up a page is, by what this network reads; ``None`` if that was not fitted."""
        values = self.model.card.fusion.get("turning")
        try:
            return None if values is None else Turning.of(values)
        except (KeyError, TypeError, ValueError) as error:
            problem = f"has no valid weights of orientation in its card ({error!r})"
            raise ModelFormatError(str(self.model.path), problem, "train it again") from error


@dataclass(frozen=True, slots=True)
class Look:
    """A page in one orientation.

    Attributes:
        grey: uint8 H×W.
        found: its lines, or some of them.
        columns: T×C probabilities for each.
    """

    grey: NDArray[np.uint8]
    found: tuple[TextLine, ...]
    columns: list[NDArray[np.float32]]

    def confidence(self) -> NDArray[np.float32]:
        """Returns the probabilities of the characters of the longest lines, read greedily: N in 0..1."""
        shown = (self.columns[index] for index in longest(self.found, LONGEST))
        return np.array(
            [each.probability for columns in shown for each in characters_of(columns)], np.float32
        )


class TextReader(SourceReader[TextTrace]):
    """Reads letters, words, and lines from pictures; safe to share between threads and processes.

    Args:
        alphabet: the characters to read: ``letters``, ``alnum`` (digits and letters, no signs), or ``text``.
        model: the network of lines: a run of ``inkread train --network text``, or the bundled one.
        lexicon: a file of words, one per line, that the text probably consists of.
        spelling: whether words that are spelled as in English, French, or German are more probable; has no
            effect on ``alnum``.
        limits: maximum bytes and pixels per picture.
        threads: intra-op threads per call of a model; 0 means one per core.

    Raises:
        OptionError: the alphabet is unknown, the lexicon cannot be read, or the model does not read lines.
        ModelError: another model than the bundled one cannot be loaded.
    """

    def __init__(
        self,
        alphabet: str = "text",
        *,
        model: AnyPath = TEXT,
        lexicon: AnyPath | None = None,
        spelling: bool = True,
        limits: PictureLimits | None = None,
        threads: int = 0,
    ) -> None:
        if alphabet not in ALPHABETS:
            raise OptionError(f"alphabet {alphabet!r}", "is unknown", nearest(alphabet, ALPHABETS))
        self.alphabet, self.limits, self._model = alphabet, limits or PictureLimits(), model
        if str(model) != TEXT and load_model(model).card.labels != TEXT_CLASSES:
            remedy = "name the folder of a run of inkread train --network text"
            raise OptionError(f"model {model}", "does not read lines of text", remedy)
        self._lexicon_file, self._spelling, self._threads = lexicon, spelling, threads
        self._lexicon = Lexicon.load(lexicon) if lexicon else None
        self._classes = allowed(ALPHABETS[alphabet])

    def __reduce__(self) -> tuple[partial[TextReader], tuple[()]]:
        """Pickles the arguments; unpickling loads the models again."""
        made = partial(
            type(self),
            self.alphabet,
            model=self._model,
            lexicon=self._lexicon_file,
            spelling=self._spelling,
            limits=self.limits,
            threads=self._threads,
        )
        return made, ()

    @cached_property
    def recognizer(self) -> TextRecognizer:
        """Reads lines; loaded when first needed."""
        return TextRecognizer(self._model, threads=self._threads)

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
        """The SHA-256, hexadecimal, of both networks, and of the n-grams and the lexicon in use."""
        spelling = (self._search.sha256,) if self._search else ()
        listed = (self._lexicon.sha256,) if self._lexicon else ()
        return (self.recognizer.sha256, self.classifier.sha256, *spelling, *listed)

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
        given = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        look = look_at(given, self.recognizer, self._classes)
        turns = self._turns(look)
        if turns:
            look = look_at(np.rot90(given, turns), self.recognizer, self._classes)
        read = [
            self._line(columns, line, partial(in_source, picture=picture, turns=turns))
            for columns, line in zip(look.columns, look.found, strict=True)
        ]
        reading = Reading(
            picture.source, picture.width, picture.height, tuple(line for line in read if line.words)
        ).with_min_probability(min_probability)
        texts = tuple(line.text for line in read)
        return TextTrace(picture, turns, look.grey, look.found, texts, (), reading)

    def _turns(self, given: Look) -> int:
        """Returns the quarter turns, counterclockwise, that make a page upright, by its look as it is."""
        model, sure = self.recognizer.turning, {0: given.confidence()}
        if not model or not is_doubtful(sure[0], ORIENTATION):
            return 0
        for turns in (1, 2, 3):
            turned = np.rot90(given.grey, turns)
            sure[turns] = look_at(turned, self.recognizer, self._classes, LONGEST).confidence()
        return model.best_of(sure, ORIENTATION)

    def _as_line(self, ink: NDArray[np.float32], labels: Sequence[str]) -> NDArray[np.float64]:
        """Returns the probability of each label by the network of lines, if a line were just this ink."""
        (columns,) = self.recognizer.probabilities_of([strip_of(ink)])
        shares = alone(columns)[[TEXT_CLASSES.index(label) for label in labels]] + LEAST_SHARE
        return np.asarray(shares / shares.sum(), np.float64)

    def _line(self, columns: NDArray[np.float32], line: TextLine, place: Place) -> Line:
        """Returns the words of a line that are probable enough."""
        words, digits = [], []
        temperature = self.recognizer.model.card.temperature
        found = read_words(columns, self._search, temperature=temperature)
        for word, (start, end) in zip(found, _extents(found, line), strict=True):
            (text, probability), *others = word.texts
            box = place(line.box(start, end))
            words.append(Word(text, probability, box, tuple(others)))
            digits += [_digit(line, character, place) for character in word.characters]
        return Line(tuple(digits), (), tuple(words))


def look_at(
    grey: NDArray[np.uint8],
    recognizer: TextRecognizer,
    classes: NDArray[np.bool_],
    most: int = MOST_LINES,
) -> Look:
    """Returns the lines of a page, or its longest ones, and what the network says of each.

    Args:
        grey: uint8 H×W.
        recognizer: reads the lines.
        classes: those that they may have, see ``decoding.allowed``.
        most: how many lines at most.
    """
    grey = np.ascontiguousarray(grey)
    found = find_lines(grey)
    if len(found) > most:
        found = [found[index] for index in longest(found, most)]
    columns = recognizer.probabilities_of([line.pixels for line in found])
    probable = [_by_cells(restricted(each, classes), line) for each, line in zip(columns, found, strict=True)]
    return Look(grey, tuple(found), probable)


def _by_cells(columns: NDArray[np.float32], line: TextLine) -> NDArray[np.float32]:
    """Returns the columns of a line with spaces in empty cells of a form, and none between other cells."""
    for start, end, is_empty in line.cells:
        part = columns[max(0, int(start / COLUMN)) : max(0, int(np.ceil(end / COLUMN)))]
        part[:] = restricted(part, NOT_SPACE)
        if is_empty and len(part):
            part[len(part) // 2] = np.arange(columns.shape[1]) == SPACE
    return columns


def longest(lines: Sequence[TextLine], count: int) -> list[int]:
    """Returns the indices of so many of the longest lines."""
    return sorted(range(len(lines)), key=lambda index: -lines[index].pixels.shape[1])[:count]


def _digit(line: TextLine, character: Character, place: Place) -> Digit:
    box = place(line.box(character.start * COLUMN, character.end * COLUMN))
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
    has_ink = line.has_ink()
    for start, end, first, last in zip(starts, ends, borders, borders[1:], strict=False):
        yield _trimmed(has_ink, max(first, start - BEYOND), min(last, end + BEYOND))


def _trimmed(has_ink: NDArray[np.bool_], start: float, end: float) -> tuple[float, float]:
    """Returns the part of some columns that has ink; all of it if none has."""
    first, last = (max(0, int(column)) for column in (start, end))
    found = np.flatnonzero(has_ink[first:last]) + first
    return (float(found[0]), float(found[-1] + 1)) if len(found) else (start, end)
