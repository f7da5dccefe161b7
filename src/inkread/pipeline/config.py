"""Every number that the reader goes by, beside what the networks were trained with.

Numbers that weights depend on, such as the size of a close-up, are part of the networks' geometry and stay with the code that cuts their
inputs. These may be changed without training anything. Where no measurement is named, there was none; ``sense`` was set
on a single synthetic page in its four orientations.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from inkread.errors import OptionError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderConfig:
    """How pictures are read; pass another one to ``Reader(config=...)``.

    Raises:
        OptionError: a number is negative or not finite.
    """

    first_side: int = 560
    """The first looks at a picture have at most this longer side, pixels. A larger picture is reduced by octaves, and
    looked at closer only if it shows small digits or none, see ``small_digit``; a smaller one is enlarged by octaves.
    Seen on ``field``, ``forms``, years and cheques: as many are read as with a first look at up to 1,200 pixels."""

    most_enlarged: int = 4
    """But at most so many times."""

    most_pixels: int = 4_500_000
    """No look has more: the working pixels of a picture are at most 2000×2000."""

    small_digit: float = 18.0
    """If the smallest digit found is less high than this in the largest look, pixels, the picture is looked at an octave closer."""

    least_logit: float = -3.5
    """Places below this, a probability of 3 %, are not candidates. At -3, the digits of 207 of 208 cheques were among the candidates."""

    most_candidates: int = 2_000
    """Candidates kept per picture, the most probable; it bounds the time for texture."""

    alike: float = 0.7
    """Candidates whose intersection over union exceeds this are one, found in two looks."""

    likely_logit: float = -1.5
    """Candidates above this make up the runs along which strips are read."""

    same: float = 0.4
    """Of two boxes whose intersection over union exceeds this, only the more probable is read."""

    within: float = 0.7
    """Likewise if this share of the smaller box is in the other."""

    row_apart: float = 0.5
    """A digit belongs to a row if its middle is closer to the row's course than this, in heights of a digit."""

    sign_beside: float = 0.8
    """A sign belongs to a row if it is this close to one of its digits, in heights of that."""

    sense: float = 0.95
    """A page is tried in its other orientations if its candidates are on average less sure than this."""

    least_to_turn: int = 4
    """But only with at least so many candidates: with fewer, chance decides."""

    most_to_turn: int = 400
    """And at most so many: three more looks at a full page or at texture would take too long."""

    turned: float = 0.02
    """Share of all pages that are assumed to be given turned: the prior of ``turning.Turning``."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or value != value or abs(value) == float("inf"):  # noqa: PLR0124 - NaN differs from itself
                raise OptionError(
                    f"ReaderConfig.{field.name} = {value!r}", "is not a number", "give a number"
                )
            if value < 0 and not field.name.endswith("logit"):
                raise OptionError(
                    f"ReaderConfig.{field.name} = {value!r}", "is negative", "give a number from 0"
                )


DEFAULT_CONFIG = ReaderConfig()
