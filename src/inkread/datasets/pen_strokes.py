"""Optional collections of pen strokes: UNIPEN's characters and words, Pendigits, and UJI Pen Characters.

Guyon, Schomaker, Plamondon, Liberman & Janet, "UNIPEN project of on-line data exchange and recognizer
benchmarks" (ICPR 1994). Alpaydin & Alimoglu, "Pen-Based Recognition of Handwritten Digits" (UCI, 1998).
Llorens et al., "The UJIpenchars Database" (LREC 2008).

Each is loaded from ``data_dir`` or the folder in ``INKREAD_DATA``. A missing one is a
``DatasetNotFoundError``, and a damaged one a ``DatasetFormatError``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.array_files import load_npy, load_npz
from inkread.datasets.data_dirs import require_file
from inkread.datasets.glyphs import describe
from inkread.errors import DatasetFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

UNIPEN = "UNIPEN train_r01_v07, https://doi.org/10.5281/zenodo.1195803"
HELD_OUT_CONTRIBUTORS = ("aga", "imp", "tos", "uqb")
"""UNIPEN's contributors whose characters none of our networks is trained on."""

PENDIGITS = "UCI Pen-Based Recognition of Handwritten Digits and UJI Pen Characters, CC BY 4.0"
HELD_OUT_SOURCE = "pendigits_tes"
"""The writers of Pendigits whose digits none of our networks is trained on."""


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
    attribution: str = f"The UNIPEN Foundation and its contributors: {UNIPEN}"

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
        names = ("labels", "contributors", "writers", "agreement", "first_strokes", "end_strokes")
        return replace(self, **{name: getattr(self, name)[indices] for name in names})

    def describe(self, split: str) -> dict[str, Any]:
        """Returns the entry for a model card, see ``Card.data``."""
        return describe(self, split)


def load_unipen(*, data_dir: AnyPath | None = None) -> PenCharacters:
    """Loads UNIPEN's isolated characters."""
    path = require_file("unipen", "unipen_chars_strokes.npz", data_dir, published=UNIPEN)
    agreement = require_file("unipen", "unipen_chars_knn_agree.npy", data_dir, published=UNIPEN)
    arrays = load_npz(path, ("points", "stroke_start", "sample_start", "label", "contributor", "writer"))
    return PenCharacters(
        labels=arrays["label"],
        contributors=arrays["contributor"],
        writers=arrays["writer"],
        agreement=load_npy(agreement).astype(np.float32),
        points=arrays["points"],
        stroke_starts=arrays["stroke_start"],
        first_strokes=arrays["sample_start"][:-1],
        end_strokes=arrays["sample_start"][1:],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def load_pendigits(*, data_dir: AnyPath | None = None) -> PenCharacters:
    """Loads digits by 44 writers and characters by 11 more.

    The ``contributors`` are ``pendigits_tra``, ``pendigits_tes``, and ``uji1``.
    """
    path = require_file("pendigits_uji", "pendigits_uji_strokes.npz", data_dir, published=PENDIGITS)
    arrays = load_npz(path, ("points", "stroke_start", "sample_start", "label", "source", "writer"))
    labels, sources = arrays["label"].astype(str), arrays["source"].astype(str)
    starts, samples = (arrays[name].astype(np.int32) for name in ("stroke_start", "sample_start"))
    kept = np.diff(starts) > 0  # some strokes have no points
    before = np.append(0, np.cumsum(kept)).astype(np.int32)
    samples, starts = before[samples], np.append(starts[:-1][kept], starts[-1])
    _, writers = np.unique(np.char.add(sources, arrays["writer"].astype(str)), return_inverse=True)
    return PenCharacters(
        labels=labels,
        contributors=sources,
        writers=writers.astype(np.int32),
        agreement=np.ones(len(labels), np.float32),
        points=arrays["points"],
        stroke_starts=starts,
        first_strokes=samples[:-1],
        end_strokes=samples[1:],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        name="Pendigits and UJI Pen Characters",
        attribution="E. Alpaydin, F. Alimoglu; D. Llorens et al.; UCI Machine Learning Repository",
    )


def load_pen_words(data_dir: AnyPath | None = None, *, held_out: bool = False) -> PenCharacters:
    """Loads UNIPEN's words, those that no network is trained on or the rest; ``labels`` are their texts."""
    words, is_held_out = load_all_pen_words(data_dir)
    return words.subset(is_held_out == held_out)


def load_all_pen_words(data_dir: AnyPath | None = None) -> tuple[PenCharacters, NDArray[np.bool_]]:
    """Returns all of UNIPEN's words, and which of them are held out; see ``load_pen_words``."""
    path = require_file("unipen_words", "unipen_words_strokes.npz", data_dir, published=UNIPEN)
    names = ("dx", "dy", "stroke_len", "n_strokes", "label", "contributor", "writer", "split")
    arrays = load_npz(path, names)
    starts = np.append(0, np.cumsum(arrays["stroke_len"].astype(np.int64)))
    # Each stroke begins at an absolute position; the rest are differences.
    points = np.stack([_restarted(arrays[name].astype(np.int64), starts) for name in ("dx", "dy")], axis=1)
    ends = np.cumsum(arrays["n_strokes"].astype(np.int64))
    labels = arrays["label"].astype(str)
    words = PenCharacters(
        labels=labels,
        contributors=arrays["contributor"].astype(str),
        writers=arrays["writer"].astype(np.int32),
        agreement=np.ones(len(labels), np.float32),
        points=points.astype(np.int16),
        stroke_starts=starts.astype(np.int32),
        first_strokes=np.append(0, ends[:-1]).astype(np.int32),
        end_strokes=ends.astype(np.int32),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        name="UNIPEN words",
    )
    return words, arrays["split"].astype(str) == "eval"


def _restarted(steps: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.cumsum(steps)
    before = np.where(starts[:-1] > 0, sums[np.maximum(starts[:-1] - 1, 0)], 0)
    return sums - np.repeat(before, np.diff(starts))
