"""Pen strokes of isolated characters from UNIPEN, an optional collection.

Guyon, Schomaker, Plamondon, Liberman & Janet, "UNIPEN project of on-line data exchange and recognizer
benchmarks" (ICPR 1994). The files are ``unipen/unipen_chars_strokes.npz`` and
``unipen/unipen_chars_knn_agree.npy``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.archives import load_npy, load_npz
from inkread.datasets.data_dirs import require_file
from inkread.datasets.glyphs import describe
from inkread.datasets.stroke_rendering import PenJitter, draw_strokes
from inkread.errors import DatasetFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

__all__ = ["HELD_OUT_CONTRIBUTORS", "PenCharacters", "PenJitter", "draw_strokes", "load_unipen"]

COLLECTION = "unipen"
STROKES_FILE = "unipen_chars_strokes.npz"
AGREEMENT_FILE = "unipen_chars_knn_agree.npy"
PUBLISHED = "UNIPEN train_r01_v07, https://doi.org/10.5281/zenodo.1195803"
HELD_OUT_CONTRIBUTORS = ("aga", "imp", "tos", "uqb")
"""Contributors whose characters none of our networks is trained on."""

ARRAYS = ("points", "stroke_start", "sample_start", "label", "contributor", "writer")


@dataclass(frozen=True, slots=True)
class PenCharacters:
    """Characters as pen movements.

    The longer side of a character is 1000, and y points down.

    Attributes:
        labels: str, N, one character each: 0–9, A–Z, a–z.
        contributors: str, N, who collected it; a fair hold-out consists of whole contributors.
        writers: int32, N, anonymous numbers.
        agreement: float32, N, share of the 7 nearest neighbors by other writers with the same label; near 0,
            the label is doubtful.
        points: int16, P×2, the points of all strokes in sequence.
        stroke_starts: int32, S+1, index in ``points`` at which each stroke begins.
        first_strokes: int32, N, the first stroke of each character.
        end_strokes: int32, N, one past its last stroke.
        sha256: SHA-256 of the strokes file.
    """

    labels: NDArray[np.str_]
    contributors: NDArray[np.str_]
    writers: NDArray[np.int32]
    agreement: NDArray[np.float32]
    points: NDArray[np.int16]
    stroke_starts: NDArray[np.int32]
    first_strokes: NDArray[np.int32]
    end_strokes: NDArray[np.int32]
    sha256: str
    name: str = "UNIPEN characters"
    licence: str = "CC-BY-4.0"
    attribution: str = f"The UNIPEN Foundation and its contributors: {PUBLISHED}"

    def __post_init__(self) -> None:
        per_character = (self.labels, self.contributors, self.writers, self.agreement, self.first_strokes)
        in_order = (
            self.points.ndim == 2
            and self.points.shape[1] == 2
            and {len(array) for array in per_character} == {len(self.end_strokes)}
            and bool((self.first_strokes < self.end_strokes).all())
            and bool((np.diff(self.stroke_starts) > 0).all())
            and (
                len(self) == 0
                or 0 <= self.first_strokes.min() <= self.end_strokes.max() < len(self.stroke_starts)
            )
            and (
                len(self.stroke_starts) == 0
                or 0 <= self.stroke_starts[0] <= self.stroke_starts[-1] <= len(self.points)
            )
        )
        if not in_order:
            raise DatasetFormatError(
                self.name, "has arrays that do not belong together", "download the files again"
            )

    def __len__(self) -> int:
        return len(self.end_strokes)

    def strokes(self, index: int) -> list[NDArray[np.float32]]:
        """Returns the strokes of one character, float32 K×2 each, in writing order."""
        bounds = self.stroke_starts[self.first_strokes[index] : self.end_strokes[index] + 1]
        points = self.points[bounds[0] : bounds[-1]].astype(np.float32)
        return np.split(points, bounds[1:-1] - bounds[0])

    def subset(self, indices: NDArray[np.integer[Any]] | NDArray[np.bool_] | slice) -> PenCharacters:
        """Returns the characters at ``indices`` (integers, a mask, or a slice)."""
        return replace(
            self,
            labels=self.labels[indices],
            contributors=self.contributors[indices],
            writers=self.writers[indices],
            agreement=self.agreement[indices],
            first_strokes=self.first_strokes[indices],
            end_strokes=self.end_strokes[indices],
        )

    def describe(self, split: str) -> dict[str, Any]:
        """Returns the entry for a model card, see ``Card.data``."""
        return describe(self, split)


def load_unipen(*, data_dir: AnyPath | None = None) -> PenCharacters:
    """Loads the collection from ``data_dir`` or the folder in ``INKREAD_DATA``.

    Raises:
        DatasetNotFoundError: the collection is missing; it is optional.
        DatasetFormatError: a file is damaged, or has other arrays.
    """
    path = require_file(COLLECTION, STROKES_FILE, data_dir, published=PUBLISHED)
    agreement = load_npy(require_file(COLLECTION, AGREEMENT_FILE, data_dir, published=PUBLISHED))
    arrays = load_npz(path, ARRAYS)
    return PenCharacters(
        labels=arrays["label"],
        contributors=arrays["contributor"],
        writers=arrays["writer"],
        agreement=agreement.astype(np.float32),
        points=arrays["points"],
        stroke_starts=arrays["stroke_start"],
        first_strokes=arrays["sample_start"][:-1],
        end_strokes=arrays["sample_start"][1:],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
