"""Labelled 28×28 glyphs, with where they come from and on what terms."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inkread.datasets.archives import load_npz
from inkread.errors import DatasetFormatError
from inkread.models.card import DIGIT_CLASSES, NOT_A_DIGIT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GLYPH_SIDE = 28
NOT_A_DIGIT_CLASS = DIGIT_CLASSES.index(NOT_A_DIGIT)
"""The class of what is no single digit, where 0 to 9 are the digits."""
SHARE_HELD_OUT = 1 / 6
"""Of a set that has no held-out glyphs of its own."""

REPAIR = "correct the arrays, or download the collection again"


@dataclass(frozen=True, slots=True)
class LabelledGlyphs:
    """Glyphs and the class of each one: of digits, or of whatever else has 28×28 pixels.

    Attributes:
        name: of the collection, e.g. ``"MNIST"``.
        images: uint8, N×28×28, ink bright on 0.
        labels: uint8, N, each the number of its class: of digits 0 to 9, or ``NOT_A_DIGIT_CLASS``.
        sha256: of the source data, lower-case hexadecimal; each loader says of which bytes.
        licence: SPDX identifier, or a sentence where none applies.
        attribution: whom to credit, and where the data are published.
        classes: their names; ``""``, what is none of the others, is the last one if it is there.

    Raises:
        DatasetFormatError: a shape, a dtype or a label is wrong.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    sha256: str
    licence: str
    attribution: str
    classes: tuple[str, ...] = DIGIT_CLASSES

    def __post_init__(self) -> None:
        _check_images(self.name, self.images)
        if self.labels.dtype != np.uint8 or self.labels.shape != self.images.shape[:1]:
            raise DatasetFormatError(
                self.name,
                f"has labels {self.labels.shape} of {self.labels.dtype}, not {self.images.shape[:1]} of uint8",
                REPAIR,
            )
        if self.labels.size and self.labels.max() >= len(self.classes):
            most = len(self.classes) - 1
            raise DatasetFormatError(self.name, f"has a label {self.labels.max()}, not 0 to {most}", REPAIR)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def none_class(self) -> int:
        """The class of what is none of the others; where there is no such class, the number of classes."""
        return len(self.classes) - (self.classes[-1] == NOT_A_DIGIT)

    def subset(self, indices: NDArray[np.integer[Any]] | NDArray[np.bool_] | slice) -> LabelledGlyphs:
        """The glyphs at ``indices`` (integers, a mask or a slice), with the same origin."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def describe(self, split: str) -> dict[str, Any]:
        """What a model card must know of these glyphs, see ``Card.data``."""
        return describe(self, split)

    def save(self, path: Path) -> None:
        """Writes one compressed ``.npz`` file, without a pickle in it."""
        np.savez_compressed(path, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The inverse of ``save``.

        Raises:
            DatasetFormatError: the file does not hold glyphs.
        """
        arrays: dict[str, Any] = load_npz(path, [each.name for each in fields(cls)])
        texts = {name: str(arrays[name]) for name in ("name", "sha256", "licence", "attribution")}
        return cls(**arrays | texts | {"classes": tuple(map(str, arrays["classes"]))})


@dataclass(frozen=True, slots=True)
class SymbolGlyphs:
    """Glyphs and the name of the symbol that each one is, before it is decided which are "no digit".

    Attributes:
        symbols: str, N: ``"0"`` to ``"9"`` or any other name, e.g. ``"plus"``.

    The others are those of ``LabelledGlyphs``. The geometry of the images is the collection's own.
    """

    name: str
    images: NDArray[np.uint8]
    symbols: NDArray[np.str_]
    sha256: str
    licence: str
    attribution: str

    def __post_init__(self) -> None:
        _check_images(self.name, self.images)
        if self.symbols.dtype.kind != "U" or self.symbols.shape != self.images.shape[:1]:
            raise DatasetFormatError(
                self.name,
                f"has symbols {self.symbols.shape} of {self.symbols.dtype}, not {self.images.shape[:1]} of str",
                REPAIR,
            )

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, indices: NDArray[np.integer[Any]] | NDArray[np.bool_] | slice) -> SymbolGlyphs:
        """The glyphs at ``indices`` (integers, a mask or a slice), with the same origin."""
        return replace(self, images=self.images[indices], symbols=self.symbols[indices])

    def labelled(self) -> LabelledGlyphs:
        """The same glyphs, every symbol but 0 to 9 as ``NOT_A_DIGIT_CLASS``."""
        return LabelledGlyphs(
            self.name, self.images, digit_classes(self.symbols), self.sha256, self.licence, self.attribution
        )

    def describe(self, split: str) -> dict[str, Any]:
        """What a model card must know of these glyphs, see ``Card.data``."""
        return describe(self, split)


def split_by_class(
    glyphs: LabelledGlyphs, *, seed: int, share: float = SHARE_HELD_OUT
) -> tuple[LabelledGlyphs, LabelledGlyphs]:
    """What to learn from, and what to hold out: of each class a share drawn at random, both in the order of the set.

    Args:
        glyphs: to be parted.
        seed: the same one parts the same glyphs alike.
        share: of a class to be held out, rounded, but at least one of two or more; of a class of one, none.
    """
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(glyphs), bool)
    for members in (np.flatnonzero(glyphs.labels == label) for label in np.unique(glyphs.labels)):
        count = max(1, round(share * len(members))) if len(members) > 1 else 0
        held_out[rng.permutation(members)[:count]] = True
    return glyphs.subset(~held_out), glyphs.subset(held_out)


def join(sets: Sequence[LabelledGlyphs]) -> LabelledGlyphs:
    """Several sets as one, in the order given; its hash is that of their hashes.

    Raises:
        DatasetFormatError: their classes differ.
    """
    _require_same_classes(sets)
    if len(sets) == 1:
        return sets[0]
    return LabelledGlyphs(
        name=_names(sets),
        images=np.concatenate([glyphs.images for glyphs in sets]),
        labels=np.concatenate([glyphs.labels for glyphs in sets]),
        sha256=hashlib.sha256("".join(glyphs.sha256 for glyphs in sets).encode()).hexdigest(),
        licence="; ".join(sorted({glyphs.licence for glyphs in sets})),
        attribution="; ".join(glyphs.attribution for glyphs in sets),
        classes=sets[0].classes,
    )


def absent_classes(sets: Sequence[LabelledGlyphs]) -> list[str]:
    """The classes of which none of the sets has a glyph; "not a digit" may always be absent.

    Raises:
        DatasetFormatError: their classes differ.
    """
    _require_same_classes(sets)
    there = {int(label) for glyphs in sets for label in np.unique(glyphs.labels)}
    return [name for label, name in enumerate(sets[0].classes) if label not in there and name != NOT_A_DIGIT]


def _require_same_classes(sets: Sequence[LabelledGlyphs]) -> None:
    kinds = list(dict.fromkeys(glyphs.classes for glyphs in sets))
    if len(kinds) > 1:
        some = "; ".join(", ".join(classes[:3]) + ", …" for classes in kinds)
        raise DatasetFormatError(
            _names(sets), f"have different classes ({some})", "take data of the same classes together"
        )


def _names(sets: Sequence[LabelledGlyphs]) -> str:
    return " + ".join(glyphs.name for glyphs in sets)


def digit_classes(symbols: NDArray[np.str_]) -> NDArray[np.uint8]:
    """Symbols (str, N) to classes (uint8, N): "0" to "9" are 0 to 9, all others ``NOT_A_DIGIT_CLASS``."""
    digits = np.array([str(digit) for digit in range(10)])
    matches = symbols[:, None] == digits[None, :]
    return np.where(matches.any(axis=1), matches.argmax(axis=1), NOT_A_DIGIT_CLASS).astype(np.uint8)


def describe(collection: Any, split: str) -> dict[str, Any]:
    """An entry of ``Card.data`` for anything with a length, a name, a hash, a licence and an attribution."""
    return {
        "name": collection.name,
        "split": split,
        "count": len(collection),
        "sha256": collection.sha256,
        "licence": collection.licence,
        "attribution": collection.attribution,
    }


def _check_images(name: str, images: NDArray[Any]) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != (GLYPH_SIDE, GLYPH_SIDE):
        raise DatasetFormatError(
            name, f"has images {images.shape} of {images.dtype}, not (N, 28, 28) of uint8", REPAIR
        )
