"""Every stage of a reading, kept to show what the reader saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.picture import Picture
    from inkread.pipeline.choice import Choice
    from inkread.pipeline.opinions import Opinions
    from inkread.results import Reading


@dataclass(frozen=True, slots=True)
class Trace:
    """Every stage of one reading, to show what the reader saw.

    Attributes:
        picture: upright RGB.
        turns: counterclockwise quarter turns that made the page upright; the other stages are of the turned
            page.
        grey: uint8 H×W, the networks' input.
        opinions: each network's predictions for N candidates; boxes are in pixels of ``grey``.
        choice: the candidates read as digits, and the probabilities of all.
        reading: the result.
    """

    picture: Picture
    turns: int
    grey: NDArray[np.uint8]
    opinions: Opinions
    choice: Choice
    reading: Reading

    @property
    def main(self) -> int | None:
        """Index of the candidate that is the most probable digit; ``None`` if there are no candidates."""
        none = np.where(self.opinions.found.is_digit, self.choice.probabilities[:, -1], np.inf)
        return int(none.argmin()) if np.isfinite(none).any() else None

    @property
    def digit_score(self) -> float:
        """Probability that a picture read as ``single`` shows a digit, see ``Reader.digit_score``."""
        return 0.0 if self.main is None else float(1 - self.choice.probabilities[self.main, -1])

    @property
    def glyphs(self) -> list[list[NDArray[np.uint8]]]:
        """The 28×28 glyph of each digit that was read, row by row."""
        return [[self.opinions.glyphs[index] for index in row] for row in self.choice.rows]

    @property
    def digits(self) -> list[list[NDArray[np.float32]]]:
        """The probabilities of the ten labels for each digit that was read, row by row."""
        return [[self.choice.probabilities[index, :-1] for index in row] for row in self.choice.rows]
