"""Predictions for all candidates -> the digits among them, row by row, with label probabilities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.detector import DIGITS, without_overlaps
from inkread.pipeline.lines import rows_of, signs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.pipeline.detector import Detections
    from inkread.pipeline.fusion import Fusion
    from inkread.pipeline.opinions import Opinions
    from inkread.pipeline.rescoring import Rescorer


@dataclass(frozen=True, slots=True)
class Choice:
    """The digits and signs chosen from N candidates.

    Attributes:
        probabilities: N×11 float32, the ten digits and "not a single digit", calibrated.
        rows: indices of the digits, row by row in reading order.
        signs: for each row, indices of the signs between or next to its digits.
        kept: indices of the candidates that do not overlap a better one.
    """

    probabilities: NDArray[np.float32]
    rows: tuple[tuple[int, ...], ...]
    signs: tuple[tuple[int, ...], ...]
    kept: NDArray[np.intp]

    @property
    def digits(self) -> list[int]:
        """Indices of all digits, row by row."""
        return [index for row in self.rows for index in row]


def is_doubtful(choice: Choice, config: ReaderConfig = DEFAULT_CONFIG) -> bool:
    """Whether a page has digits, and one that is not sure."""
    read = choice.digits
    return bool(read) and float(choice.probabilities[read, :DIGITS].max(axis=1).min()) < config.sure


def choose(
    opinions: Opinions,
    fusion: Fusion,
    rescorer: Rescorer,
    *,
    single: bool,
    config: ReaderConfig = DEFAULT_CONFIG,
) -> Choice:
    """Chooses the digits of a page, or the one digit of a picture (or none) if ``single``.

    A page is judged as a picture of one digit if exactly one digit is found, or if none is found although all
    ink together looks like one: then the ink of the whole picture is evidence about the digit.
    """
    if single:
        return _one(opinions, fusion)
    page = _page(opinions, fusion, rescorer, config)
    if len(page.digits) == 1:
        return _with_signs(_one(opinions, fusion), opinions.found, page.kept, config)
    is_one = not page.digits and opinions.whole.argmax() != DIGITS
    return _one(opinions, fusion) if is_one else page


def _page(opinions: Opinions, fusion: Fusion, rescorer: Rescorer, config: ReaderConfig) -> Choice:
    found = opinions.found
    probabilities = _fused(opinions, fusion, single=False)
    scores = np.where(found.is_digit, 1 - probabilities[:, DIGITS], found.logits.max(axis=1, initial=-np.inf))
    kept = without_overlaps(found, scores, same=config.same, within=config.within)
    digits = kept[found.is_digit[kept]]
    probabilities[digits] = rescorer.probabilities(opinions, probabilities, digits)
    read = digits[is_digit(probabilities[digits])]
    rows = tuple(
        tuple(int(read[index]) for index in row) for row in rows_of(found.boxes[read], apart=config.row_apart)
    )
    return Choice(probabilities, rows, tuple(signs_of(rows, found, kept, near=config.sign_beside)), kept)


def _one(opinions: Opinions, fusion: Fusion) -> Choice:
    probabilities = _fused(opinions, fusion, single=True)
    digits = np.flatnonzero(opinions.found.is_digit)
    best = digits[probabilities[digits, DIGITS].argmin()] if len(digits) else None
    if best is None or not is_digit(probabilities[best]):
        return Choice(probabilities, (), (), digits)
    return Choice(probabilities, ((int(best),),), ((),), digits)


def _with_signs(one: Choice, found: Detections, kept: NDArray[np.intp], config: ReaderConfig) -> Choice:
    """Returns the choice of one digit with the signs next to it, of those that a page would keep."""
    signs = kept[~found.is_digit[kept]]
    beside = tuple(signs_of(one.rows, found, signs, near=config.sign_beside))
    return replace(one, signs=beside, kept=np.concatenate([one.kept, signs]))


def _fused(opinions: Opinions, fusion: Fusion, *, single: bool) -> NDArray[np.float32]:
    return fusion.probabilities(
        opinions.found.logits,
        opinions.closeup,
        opinions.strip,
        opinions.classifier,
        opinions.whole,
        single=single,
    )


def is_digit(probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tests whether the ten digits together are more probable than "not a single digit", N×11 or 11."""
    return np.asarray(probabilities[..., DIGITS] < 0.5)
