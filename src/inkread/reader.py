"""The whole pipeline from a picture to its digits, on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.errors import ModelFormatError, OptionError, nearest
from inkread.models import (
    CLOSEUP,
    DEFAULT,
    DETECTOR,
    DIGIT_CLASSES,
    NOT_A_DIGIT,
    RESCORING,
    STRIP,
    TEXT,
    load_model,
)
from inkread.models.card import TEXT_CLASSES
from inkread.picture import Picture, PictureLimits, load_picture
from inkread.pipeline import turning
from inkread.pipeline.choice import Choice, choose, is_doubtful
from inkread.pipeline.classifier import DIGITS, Classifier
from inkread.pipeline.closeups import CloseupClassifier
from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.detector import CLASSES, Detector
from inkread.pipeline.opinions import Opinions, opinions_of
from inkread.pipeline.rescoring import Rescorer
from inkread.pipeline.source_reader import SourceReader
from inkread.pipeline.strip_reader import StripReader
from inkread.pipeline.trace import Trace
from inkread.results import Box, Digit, Line, Reading, Sign, require_probability

DIGITS_ONLY = "digits"
"""The default alphabet."""

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.picture import Source
    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader, TextRecognizer


class Reader(SourceReader[Trace]):
    """Reads digits from pictures; loads its models once, and is safe to share between threads and processes.

    Args:
        model: the glyph classifier: the name of a bundled model, or the folder of a training run. The bundled
            one also helps to find digits and to reject everything else; any other only decides which digit it
            is.
        detector: the name of the bundled detector, or the folder of a training run, including its other
            networks.
        config: the settings of the pipeline.
        limits: maximum bytes and pixels per picture.
        threads: intra-op threads per call of a model; 0 means one per core, which is best for one picture at
            a time.

    Raises:
        ModelError: a model cannot be loaded, or has classes other than the ten digits.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "default",
        *,
        detector: str | os.PathLike[str] = DETECTOR,
        config: ReaderConfig = DEFAULT_CONFIG,
        limits: PictureLimits | None = None,
        threads: int = 0,
    ) -> None:
        self.classifier = Classifier(model, threads=threads)
        if self.classifier.classes != DIGIT_CLASSES:
            known = ", ".join(self.classifier.labels[:3])
            raise ModelFormatError(
                str(model),
                f"knows {len(self.classifier.labels)} classes ({known}, …), not the ten digits",
                "read with a model of digits, or letters with --alphabet letters or alnum",
            )
        self._model, self._detector, self._threads = model, detector, threads
        self.config = config
        self._judge = self.classifier if self.classifier.model.is_default else Classifier(threads=threads)
        self.limits = limits or PictureLimits()

    def __reduce__(self) -> tuple[partial[Reader], tuple[()]]:
        """Pickles the arguments; unpickling loads the models again."""
        made = partial(
            type(self),
            self._model,
            detector=self._detector,
            config=self.config,
            limits=self.limits,
            threads=self._threads,
        )
        return made, ()

    @cached_property
    def detector(self) -> Detector:
        """Finds the candidates; loaded when the first picture is read."""
        return Detector(self._detector, threads=self._threads, config=self.config)

    @cached_property
    def closeups(self) -> CloseupClassifier:
        """Classifies each candidate with its surroundings."""
        return CloseupClassifier(self._beside(CLOSEUP), threads=self._threads)

    @cached_property
    def strips(self) -> StripReader:
        """Reads each run of candidates as one strip."""
        return StripReader(self._beside(STRIP), threads=self._threads)

    @cached_property
    def rescorer(self) -> Rescorer:
        """Adjusts the probabilities of each candidate to its neighbors."""
        return Rescorer(self._beside(RESCORING), threads=1)

    @cached_property
    def _recognizer(self) -> TextRecognizer:
        """Reads text lines, to tell digits from letters; loaded for the first page with doubtful digits."""
        from inkread.pipeline.text import TextRecognizer

        return TextRecognizer(TEXT, threads=self._threads)

    def _beside(self, name: str) -> Path:
        return self.detector.model.path.parent / name

    @property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256, hexadecimal, of each network in use."""
        networks = (self.classifier, self._judge, self.detector, self.closeups, self.strips, self.rescorer)
        lines = (load_model(TEXT).card.sha256,) if self.detector.fusion.words else ()
        return (*(network.sha256 for network in networks), *lines)

    @property
    def rejection_threshold(self) -> float:
        """Maximum probability of "not a single digit" for one glyph, relative to the best digit's."""
        return (self.classifier if self._knows_none else self._judge).rejection_threshold

    @property
    def _knows_none(self) -> bool:
        return NOT_A_DIGIT in self.classifier.labels

    def digit_score(self, source: Source) -> float:
        """Returns the probability, 0..1, that the picture shows one digit, even if ``read_digit`` rejects it.

        This is one minus the calibrated probability of "not a single digit", and 0 if there is no ink. Use it
        to choose a rejection threshold.
        """
        return self.trace(source, single=True).digit_score

    def probabilities(
        self, glyphs: NDArray[np.uint8], *, background_logit_adjustment: float | None = None
    ) -> NDArray[np.float32]:
        """Classifies glyphs as one of the ten digits or as "not a single digit".

        If the model does not know "not a single digit", the bundled model provides its probability.

        Args:
            glyphs: N×28×28 uint8, ink bright, in the geometry of ``inkread.pipeline.glyph``.
            background_logit_adjustment: see ``Classifier.probabilities``.

        Returns:
            N×11 float32, rows summing to 1.
        """
        probabilities = self.classifier.probabilities(
            glyphs, background_logit_adjustment=background_logit_adjustment
        )
        if not self._knows_none:
            none = self._judge.probabilities(glyphs, background_logit_adjustment=background_logit_adjustment)[
                :, -1:
            ]
            probabilities = np.concatenate([probabilities[:, :-1] * (1 - none), none], axis=1)
        return probabilities

    def trace(
        self, source: Source, *, single: bool = False, page: int = 1, min_probability: float = 0.0
    ) -> Trace:
        """Reads the picture and keeps every stage; ``single`` reads it as one digit.

        Only the reading marks uncertain digits as ``"?"``; the stages before it do not depend on
        ``min_probability``. A page with uncertain digits is also tried in the other three orientations.
        """
        require_probability(min_probability)
        picture = load_picture(source, limits=self.limits, page=page)
        grey = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        opinions, choice = self._predict(grey, single=single)
        turns = 0 if single else self._turns(grey, opinions, choice)
        turned = _turned(grey, turns)
        if turns:
            opinions, choice = self._predict(turned)
        words = self.detector.fusion.words
        if words and not single and is_doubtful(choice, self.config):
            from inkread.pipeline import among_words  # most pages of digits need nothing that reads text

            choice = among_words.judged(
                turned, opinions.found, choice, words, self._recognizer, config=self.config
            )
        frame = _Frame(picture, turns)
        lines = tuple(
            Line(
                tuple(_digit(opinions, choice, index, frame) for index in row),
                tuple(_sign(opinions, index, frame) for index in signs),
            )
            for row, signs in zip(choice.rows, choice.signs, strict=True)
        )
        reading = Reading(picture.source, picture.width, picture.height, lines)
        return Trace(picture, turns, turned, opinions, choice, reading.with_min_probability(min_probability))

    def _turns(self, grey: NDArray[np.uint8], opinions: Opinions, choice: Choice) -> int:
        """Returns the quarter turns, counterclockwise, that make a page upright, by its reading as it is."""
        if not turning.is_doubtful(turning.confidence(opinions, choice, self.config), self.config):
            return 0
        part = turning.telling_part(opinions, grey.shape, self.config)
        found = {0: turning.confidence(opinions, choice, self.config, part=part)}
        for turns in (1, 2, 3):
            look = self._predict(_turned(grey[part], turns), thorough=False)
            found[turns] = turning.confidence(*look, self.config)
        turns = self.detector.fusion.turning.best_of(found, self.config)
        if turns and self.detector.fusion.words:
            from inkread.pipeline import among_words

            turns *= among_words.is_turned(grey[part], turns, self._recognizer)
        return turns

    def _predict(
        self, grey: NDArray[np.uint8], *, single: bool = False, thorough: bool = True
    ) -> tuple[Opinions, Choice]:
        """Returns the predictions for all candidates on the page as given, and the chosen digits."""
        judge = partial(self._judge.probabilities, background_logit_adjustment=0.0)
        opinions = opinions_of(
            grey, self.detector, self.closeups, self.strips, judge, single=single, thorough=thorough
        )
        choice = choose(opinions, self.detector.fusion, self.rescorer, single=single, config=self.config)
        if self.classifier is not self._judge:
            which = self.classifier.probabilities(opinions.glyphs)[:, :-1]
            choice.probabilities[:, :-1] = (1 - choice.probabilities[:, -1:]) * (
                which / np.maximum(which.sum(axis=1, keepdims=True), 1e-9)
            )
        return opinions, choice


def _turned(grey: NDArray[np.uint8], turns: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(grey, turns))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Maps working pixels, which may be turned, back to the upright source picture."""

    picture: Picture
    turns: int

    def box(self, box: NDArray[np.float32]) -> Box:
        """Converts a box to pixels of the source."""
        left, top, right, bottom = (float(value) for value in box)
        height, width = self.picture.pixels.shape[:2]
        x0, y0, x1, y1 = turning.as_given((left, top, right, bottom), (height, width), self.turns)
        scale_x, scale_y = self.picture.scale
        ends = int(np.ceil(x1 * scale_x)), int(np.ceil(y1 * scale_y))
        starts = max(0, int(x0 * scale_x)), max(0, int(y0 * scale_y))
        return *starts, min(self.picture.width, ends[0]), min(self.picture.height, ends[1])


def _digit(opinions: Opinions, choice: Choice, index: int, frame: _Frame) -> Digit:
    shares = choice.probabilities[index, :-1]
    order = np.argsort(-shares)
    (label, probability), *others = ((DIGITS[i], float(shares[i])) for i in order)
    return Digit(label, probability, frame.box(opinions.fitted[index]), tuple(others[:3]))


def _sign(opinions: Opinions, index: int, frame: _Frame) -> Sign:
    logits = opinions.found.logits[index]
    best = int(logits.argmax())
    return Sign(CLASSES[best], float(1 / (1 + np.exp(-logits[best]))), frame.box(opinions.found.boxes[index]))


def open_reader(
    alphabet: str = DIGITS_ONLY,
    *,
    model: str | os.PathLike[str] = DEFAULT,
    detector: str | os.PathLike[str] = DETECTOR,
    lexicon: str | os.PathLike[str] | None = None,
    limits: PictureLimits | None = None,
    threads: int = 0,
) -> Reader | TextReader | SymbolReader:
    """Returns the reader of an alphabet, or of a model's own classes.

    Args:
        alphabet: ``digits``, or an alphabet of ``TextReader``.
        model: the glyph classifier for digits, see ``Reader``; one of your own classes, see
            ``SymbolReader``; or with another alphabet the network of lines, see ``TextReader``.
        detector: the detector of digits, see ``Reader``.
        lexicon: a file of words, see ``TextReader``.
        limits: maximum bytes and pixels per picture.
        threads: intra-op threads per call of a model; 0 means one per core.

    Raises:
        ModelError: a model cannot be loaded, or has classes other than the ten digits.
        OptionError: the alphabet is unknown, or an option does not go with it.
    """
    if alphabet == DIGITS_ONLY:
        if knows_other_classes(model):
            from inkread.pipeline.symbols import SymbolReader

            return SymbolReader(model, limits=limits, threads=threads)
        if lexicon:
            raise OptionError(f"lexicon {str(lexicon)!r}", "has no effect on digits", "use the alphabet text")
        return Reader(model, detector=detector, limits=limits, threads=threads)
    from inkread.pipeline.text import ALPHABETS, TextReader  # reading digits must not load it

    if alphabet not in ALPHABETS:
        raise OptionError(
            f"alphabet {alphabet!r}", "is unknown", nearest(alphabet, [DIGITS_ONLY, *ALPHABETS])
        )
    if str(detector) != DETECTOR:
        raise OptionError(f"detector {detector}", f"finds digits, not {alphabet}", "leave it out")
    network = TEXT if str(model) == DEFAULT else model
    return TextReader(alphabet, model=network, lexicon=lexicon, limits=limits, threads=threads)


def knows_other_classes(model: str | os.PathLike[str]) -> bool:
    """Returns whether a model was trained on a folder of your own classes.

    Raises:
        ModelError: the model cannot be loaded.
        OptionError: it reads lines of text.
    """
    if str(model) == DEFAULT:
        return False  # loading it only to ask would double the time
    card = load_model(model).card
    if card.labels == TEXT_CLASSES:
        raise OptionError(f"model {model}", "reads lines of text", "add --alphabet text")
    return not {*DIGITS} <= {*card.labels} and "box" in card.geometry


@lru_cache(maxsize=4)
def default_reader(alphabet: str = DIGITS_ONLY) -> Reader | TextReader | SymbolReader:
    """Returns a reader with the bundled models, which are loaded at the first call and cached."""
    return open_reader(alphabet)
