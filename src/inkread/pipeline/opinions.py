"""All that is known of each candidate before it is decided what it is: four networks' opinions."""

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
    """Of N candidates.

    Attributes:
        found: what the detector found.
        heat: float32 h×w in 0..1 over the whole picture: how probable the centre of a digit is.
        closeup: N×11 float32, probabilities of the ten digits and of "not a single digit" by what is in the box and around it.
        strip: N×11 float32, the same by the run of neighbors that it stands in.
        glyphs: N×28×28 uint8, the ink in each box.
        classifier: N×11 float32, probabilities by the glyph.
        whole: 11 float32, probabilities by the glyph of all ink in the picture.
    """

    found: Detections
    heat: NDArray[np.float32]
    closeup: NDArray[np.float32]
    strip: NDArray[np.float32]
    glyphs: NDArray[np.uint8]
    classifier: NDArray[np.float32]
    whole: NDArray[np.float32]

    def subset(self, chosen: NDArray[np.intp]) -> Opinions:
        """Those at ``chosen``."""
        return Opinions(
            self.found.subset(chosen),
            self.heat,
            self.closeup[chosen],
            self.strip[chosen],
            self.glyphs[chosen],
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
    """Finds candidates, and asks all networks about each.

    Args:
        grey: uint8 H×W.
        detector: finds them.
        closeups: sees each with its surroundings.
        strips: sees each in its run.
        classify: N×28×28 glyphs -> N×11 probabilities.
        single: the picture was given as one digit: if nothing is found in it but ink, the whole of it is the candidate.
        thorough: see ``Detector.detect``.
    """
    height, width = grey.shape
    everything = np.array([[0, 0, width, height]], np.float32)
    inked = cut_glyphs(grey, everything)
    found, heat = detector.detect(grey, thorough=thorough)
    if single and inked.any() and not found.is_digit.any():
        found = Detections.joined([found, Detections.whole(grey)])
    digit = found.is_digit
    closeup = np.zeros((len(found), DIGITS + 1), np.float32)
    closeup[:, DIGITS] = 1
    closeup[digit] = softmax(closeups.logits(grey, found.boxes[digit]))
    strip = strips.probabilities(grey, found.boxes, likely(found, detector.config))
    glyphs = np.concatenate([cut_glyphs(grey, found.boxes), inked])
    told = classify(glyphs).copy()
    told[~glyphs.any(axis=(1, 2))] = np.eye(DIGITS + 1, dtype=np.float32)[DIGITS]  # no ink is no digit
    return Opinions(found, heat, closeup, strip, glyphs[:-1], told[:-1], told[-1])
