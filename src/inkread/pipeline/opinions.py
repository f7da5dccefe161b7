"""The predictions of all four networks for each candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.classifier import softmax
from inkread.pipeline.detector import DIGITS, Detections, likely
from inkread.pipeline.glyphs import cut_glyphs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from inkread.pipeline.closeups import CloseupClassifier
    from inkread.pipeline.detector import Detector
    from inkread.pipeline.strip_reader import StripReader


@dataclass(frozen=True, slots=True)
class Opinions:
    """All predictions for N candidates.

    Attributes:
        found: the detections.
        heat: float32 h×w in 0..1 over the whole picture: the probability of a digit's center.
        closeup: N×11 float32, the close-up classifier's probabilities of the ten digits and "not a single
            digit".
        strip: N×11 float32, the strip reader's probabilities.
        glyphs: N×28×28 uint8, the ink in each box.
        fitted: N×4 float32, the boxes, fitted to their ink.
        classifier: N×11 float32, the glyph classifier's probabilities.
        whole: 11 float32, the glyph classifier's probabilities for all ink in the picture.
    """

    found: Detections
    heat: NDArray[np.float32]
    closeup: NDArray[np.float32]
    strip: NDArray[np.float32]
    glyphs: NDArray[np.uint8]
    fitted: NDArray[np.float32]
    classifier: NDArray[np.float32]
    whole: NDArray[np.float32]

    def subset(self, chosen: NDArray[np.intp]) -> Opinions:
        """Selects the candidates at ``chosen``."""
        return Opinions(
            self.found.subset(chosen),
            self.heat,
            self.closeup[chosen],
            self.strip[chosen],
            self.glyphs[chosen],
            self.fitted[chosen],
            self.classifier[chosen],
            self.whole,
        )


def opinions_of(
    grey: NDArray[np.uint8],
    detector: Detector,
    closeups: CloseupClassifier,
    strips: StripReader,
    classify: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    *,
    single: bool = False,
    thorough: bool = True,
) -> Opinions:
    """Finds candidates and runs all networks on each.

    Args:
        grey: uint8 H×W.
        detector: finds the candidates.
        closeups: classifies each with its surroundings.
        strips: reads each in its run.
        classify: N×28×28 glyphs -> N×11 probabilities.
        single: the picture was given as one digit; if it has ink but no detections, the whole picture is the
            candidate.
        thorough: see ``Detector.detect``.
    """
    height, width = grey.shape
    everything = np.array([[0, 0, width, height]], np.float32)
    inked, _ = cut_glyphs(grey, everything)
    found, heat = detector.detect(grey, thorough=thorough)
    if single and inked.any() and not found.is_digit.any():
        found = Detections.joined([found, Detections.whole(grey)])
    digit = found.is_digit
    closeup = np.zeros((len(found), DIGITS + 1), np.float32)
    closeup[:, DIGITS] = 1
    closeup[digit] = softmax(closeups.logits(grey, found.boxes[digit]))
    strip = strips.probabilities(grey, found.boxes, likely(found, detector.config))
    cut, fitted = cut_glyphs(grey, found.boxes)
    glyphs = np.concatenate([cut, inked])
    predicted = classify(glyphs).copy()
    predicted[~glyphs.any(axis=(1, 2))] = np.eye(DIGITS + 1, dtype=np.float32)[DIGITS]  # no ink: not a digit
    return Opinions(found, heat, closeup, strip, cut, fitted, predicted[:-1], predicted[-1])
