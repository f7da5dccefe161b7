"""Labeled 28×28 glyphs with their origin and license."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inkread.datasets.array_files import load_npz
from inkread.errors import DatasetFormatError
from inkread.models.card import DIGIT_CLASSES, NOT_A_DIGIT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GLYPH_SIDE = 28
NOT_A_DIGIT_CLASS = DIGIT_CLASSES.index(NOT_A_DIGIT)
"""The class "not a single digit", next to the digits 0 to 9."""
SHARE_HELD_OUT = 1 / 6
"""Share held out of a set that has no held-out glyphs of its own."""

REPAIR = "correct the arrays, or download the collection again"


@dataclass(frozen=True, slots=True)
class LabelledGlyphs:
    """Glyphs and their classes: digits, or anything else with 28×28 pixels.

    Attributes:
        name: the collection's name, e.g. ``"MNIST"``.
        images: uint8, N×28×28, bright ink on 0.
        labels: uint8, N, class numbers: the digits 0 to 9, or ``NOT_A_DIGIT_CLASS``.
        sha256: hash of the source data, lower-case hexadecimal; each loader documents which bytes it covers.
        licence: SPDX identifier, or a sentence if none applies.
        attribution: whom to credit, and where the data are published.
        classes: the class names; ``""``, for anything else, comes last if present.

    Raises:
        DatasetFormatError: a shape, dtype, or label is wrong.
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
                f"has labels {self.labels.shape} of {self.labels.dtype}, "
                f"not {self.images.shape[:1]} of uint8",
                REPAIR,
            )
        if self.labels.size and self.labels.max() >= len(self.classes):
            most = len(self.classes) - 1
            raise DatasetFormatError(self.name, f"has a label {self.labels.max()}, not 0 to {most}", REPAIR)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def none_class(self) -> int:
        """The class for anything else; the number of classes if there is no such class."""
        return len(self.classes) - (self.classes[-1] == NOT_A_DIGIT)

    def subset(self, indices: NDArray[np.integer[Any]] | NDArray[np.bool_] | slice) -> LabelledGlyphs:
        """Returns the glyphs at ``indices`` (integers, a mask, or a slice), with the same origin."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def describe(self, split: str) -> dict[str, Any]:
        """Returns the entry for a model card, see ``Card.data``."""
        return describe(self, split)

    def save(self, path: Path) -> None:
        """Writes one compressed ``.npz`` file, without pickle."""
        np.savez_compressed(path, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a file written by ``save``.

        Raises:
            DatasetFormatError: the file does not contain glyphs.
        """
        arrays: dict[str, Any] = load_npz(path, [each.name for each in fields(cls)])
        texts = {name: str(arrays[name]) for name in ("name", "sha256", "licence", "attribution")}
        return cls(**arrays | texts | {"classes": tuple(map(str, arrays["classes"]))})


@dataclass(frozen=True, slots=True)
class SymbolGlyphs:
    """Glyphs and their symbol names, before deciding which are "not a digit".

    Attributes:
        symbols: str, N: ``"0"`` to ``"9"`` or any other name, e.g. ``"plus"``.

    The other attributes are those of ``LabelledGlyphs``. The images have the collection's own geometry.
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
                f"has symbols {self.symbols.shape} of {self.symbols.dtype}, "
                f"not {self.images.shape[:1]} of str",
                REPAIR,
            )

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, indices: NDArray[np.integer[Any]] | NDArray[np.bool_] | slice) -> SymbolGlyphs:
        """Returns the glyphs at ``indices`` (integers, a mask, or a slice), with the same origin."""
        return replace(self, images=self.images[indices], symbols=self.symbols[indices])

    def labelled(self, classes: tuple[str, ...] = DIGIT_CLASSES) -> LabelledGlyphs:
        """Returns the same glyphs, with every symbol that is not a class as the last one, ``""``."""
        labels, origin = classes_of(self.symbols, classes), (self.sha256, self.licence, self.attribution)
        return LabelledGlyphs(self.name, self.images, labels, *origin, classes)

    def describe(self, split: str) -> dict[str, Any]:
        """Returns the entry for a model card, see ``Card.data``."""
        return describe(self, split)


def split_by_class(
    glyphs: LabelledGlyphs, *, seed: int, share: float = SHARE_HELD_OUT
) -> tuple[LabelledGlyphs, LabelledGlyphs]:
    """Splits glyphs into training and held-out parts: a random share of each class, in the original order.

    The share is rounded, but at least one of two or more glyphs is held out, and none of a class of one. The
    same seed splits the same glyphs in the same way.
    """
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(glyphs), bool)
    for members in (np.flatnonzero(glyphs.labels == label) for label in np.unique(glyphs.labels)):
        count = max(1, round(share * len(members))) if len(members) > 1 else 0
        held_out[rng.permutation(members)[:count]] = True
    return glyphs.subset(~held_out), glyphs.subset(held_out)


def join(sets: Sequence[LabelledGlyphs]) -> LabelledGlyphs:
    """Joins several sets in the given order; the hash covers their hashes.

    Raises:
        DatasetFormatError: the sets have different classes.
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
    """Lists the classes that no set has a glyph of; "not a digit" may always be absent.

    Raises:
        DatasetFormatError: the sets have different classes.
    """
    _require_same_classes(sets)
    there = {int(label) for glyphs in sets for label in np.unique(glyphs.labels)}
    return [name for label, name in enumerate(sets[0].classes) if label not in there and name != NOT_A_DIGIT]


def _require_same_classes(sets: Sequence[LabelledGlyphs]) -> None:
    kinds = list(dict.fromkeys(glyphs.classes for glyphs in sets))
    if len(kinds) > 1:
        some = "; ".join(", ".join(classes[:3]) + ", …" for classes in kinds)
        raise DatasetFormatError(
            _names(sets), f"have different classes ({some})", "combine only data with the same classes"
        )


def _names(sets: Sequence[LabelledGlyphs]) -> str:
    return " + ".join(glyphs.name for glyphs in sets)


def classes_of(symbols: NDArray[np.str_], classes: tuple[str, ...] = DIGIT_CLASSES) -> NDArray[np.uint8]:
    """Converts symbols (str, N) to numbers of classes (uint8, N); any other symbol is the last class."""
    matches = symbols[:, None] == np.array(classes[:-1])[None, :]
    return np.where(matches.any(axis=1), matches.argmax(axis=1), len(classes) - 1).astype(np.uint8)


def describe(collection: Any, split: str) -> dict[str, Any]:
    """Returns a ``Card.data`` entry for anything with a length, name, hash, license, and attribution."""
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
