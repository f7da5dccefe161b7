"""Real numbers on real paper: strips with known text, but unknown digit positions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.datasets.strip_pack import load_copiste, load_pack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

REGISTERS = "https://github.com/HTR-United/lectaurep-repertoires, CC BY 4.0"
SIGNS = ".,-/: "
"""Characters that a number may have besides its digits."""
ONE_IN = 10
"""One in this many pages of the registers is held out."""


@dataclass(frozen=True, slots=True)
class Number:
    """A strip with a number.

    Attributes:
        pixels: uint8 48×W, dark on light.
        text: its digits.
        signs: indices of the digits followed by a point, comma, or similar sign: 0 for the first, -1 for a
            sign before it.
        source: an identifier, the same in every version of the collection.
    """

    pixels: NDArray[np.uint8]
    text: str
    signs: tuple[int, ...]
    source: str


def load_numbers(data_dir: AnyPath | None = None, *, held_out: bool = False) -> list[Number]:
    """Loads the numbers of Parisian notaries' registers, and those in Copiste d'un jour.

    Args:
        data_dir: where the collections are; ``INKREAD_DATA`` by default.
        held_out: return the part that no network is trained on (a tenth of the registers' pages, and
            Copiste's eval split) instead of the rest.

    Raises:
        DatasetError: a collection is missing or damaged.
    """
    return [*_registers(data_dir, held_out=held_out), *_copiste(data_dir, held_out=held_out)]


def _registers(data_dir: AnyPath | None, *, held_out: bool) -> list[Number]:
    pack = load_pack(
        "lectaurep_digits", "lectaurep_digits48.npz", data_dir, ("label", "page"), published=REGISTERS
    )
    return [
        Number(pack.line(i), text, _signs(label), f"registers {i}")
        for i, (label, page) in enumerate(zip(pack.texts(), pack.texts("page"), strict=True))
        if (text := _digits(label)) and _is_held_out(page) == held_out
    ]


def _copiste(data_dir: AnyPath | None, *, held_out: bool) -> list[Number]:
    pack = load_copiste(data_dir)
    part = pack.part_of_words(held_out=held_out)
    return [
        Number(pack.word(i), text, _signs(label), f"copiste {i}")
        for i, label in enumerate(pack.texts("word_label"))
        if part[i] and (text := _digits(label))
    ]


def _digits(label: str) -> str:
    """Returns the digits of a number with signs; ``""`` for anything else."""
    text = label.translate(str.maketrans("", "", SIGNS))
    return text if text.isascii() and text.isdigit() else ""


def _signs(label: str) -> tuple[int, ...]:
    """Returns the indices of the digits that a sign follows."""
    return tuple(
        sum(map(str.isdigit, label[:place])) - 1
        for place, character in enumerate(label)
        if not character.isdigit() and character != " "
    )


def _is_held_out(page: str) -> bool:
    return int(hashlib.sha256(page.encode()).hexdigest(), 16) % ONE_IN == 0
