"""All settings of the reader that can be changed without retraining a network.

Numbers that weights depend on, such as the size of a close-up, are part of the networks' geometry and stay
with the code that cuts their inputs. If a setting names no measurement, it was not measured; ``sense`` was
set on a single synthetic page in its four orientations.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from inkread.errors import OptionError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderConfig:
    """Settings of the reader; pass your own to ``Reader(config=...)``.

    Raises:
        OptionError: a number is negative or not finite.
    """

    first_side: int = 560
    """Longer side of the picture in the detector's first pass, at most, pixels. A larger picture is reduced
    by octaves, and seen larger only if it shows small digits or none, see ``small_digit``; a smaller one is
    enlarged by octaves. On ``field``, ``forms``, years and cheques, as many are read as with 1,200 pixels."""

    most_enlarged: int = 4
    """Maximum factor by which a small picture is enlarged."""

    most_pixels: int = 4_500_000
    """Maximum pixels of one detector input; the working pixels of a picture are at most 2000×2000."""

    small_digit: float = 18.0
    """Height in pixels; if the smallest digit at the largest scale is lower, the next octave is added."""

    least_logit: float = -3.5
    """Minimum logit of a candidate (3 %). At -3, the digits of 207 of 208 cheques were candidates."""

    most_candidates: int = 2_000
    """Maximum candidates per picture, the most probable ones; limits the time for textures."""

    alike: float = 0.7
    """Intersection over union above which two candidates are the same one, found at two scales."""

    likely_logit: float = -1.5
    """Minimum logit of the candidates that form the runs along which strips are read."""

    same: float = 0.4
    """Intersection over union of two boxes above which only the more probable one is read."""

    within: float = 0.7
    """The same if this share of the smaller box is inside the other."""

    row_apart: float = 0.5
    """Maximum distance of a digit's center from the course of its row, in digit heights."""

    sign_beside: float = 0.8
    """Maximum distance of a sign from a digit of its row, in heights of that digit."""

    sense: float = 0.95
    """Mean confidence of the candidates below which a page is tried in its other orientations."""

    least_to_turn: int = 4
    """Minimum candidates to try that: with fewer, chance decides."""

    most_to_turn: int = 400
    """Maximum candidates to try that: three more passes over a full page or a texture would take too long."""

    sure: float = 0.95
    """If a digit of a page is less probable than this, the network of text lines is asked whether digits are
    letters; 0 never asks it, more than 1 always."""

    turned: float = 0.02
    """Assumed share of pages that are turned: the prior of ``turning.Turning``."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or value != value or abs(value) == float("inf"):  # noqa: PLR0124 - NaN
                raise OptionError(
                    f"ReaderConfig.{field.name} = {value!r}", "is not a number", "give a number"
                )
            if value < 0 and not field.name.endswith("logit"):
                raise OptionError(
                    f"ReaderConfig.{field.name} = {value!r}", "is negative", "give 0 or a larger number"
                )


DEFAULT_CONFIG = ReaderConfig()
