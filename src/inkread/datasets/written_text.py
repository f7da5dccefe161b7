"""Handwritten words and lines with known text: pen strokes from UNIPEN, and strips of paper.

The strips are those of Copiste d'un jour (lines, and words cut from them) and of DHSD (names of streets and
towns). All three collections are optional.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.archives import load_npz
from inkread.datasets.data_dirs import require_file
from inkread.datasets.unipen import PUBLISHED, PenCharacters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

WORD_ARRAYS = ("dx", "dy", "stroke_len", "n_strokes", "label", "contributor", "writer", "split")
COPISTE_ARRAYS = ("columns", "width", "label", "split", "word_line", "word_x0", "word_x1", "word_label",
                  "word_method")  # fmt: skip
DHSD_ARRAYS = ("columns", "width", "label", "split")
HEIGHT = 48
"""Height of all strips in pixels."""
CROSSED_OUT = "<>"
"""Characters that mark unreadable words in Copiste's transcriptions."""
CLEAN = 0
"""``word_method`` of words whose whole line's gaps agree with its text."""
AROUND = 4
"""Columns of paper to keep on both sides of a word."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Handwriting on paper.

    Attributes:
        pixels: uint8 48×W, dark on light.
        text: what it says.
    """

    pixels: NDArray[np.uint8]
    text: str


@dataclass(frozen=True, slots=True)
class Strips:
    """A collection of strips.

    Attributes:
        name: the collection's name.
        strips: its strips.
        sha256: hash of the file.
        attribution: whom to credit.
    """

    name: str
    strips: tuple[Strip, ...]
    sha256: str
    attribution: str
    licence: str = "CC-BY-4.0"

    def __len__(self) -> int:
        return len(self.strips)


def load_pen_words(data_dir: AnyPath | None = None, *, held_out: bool = False) -> PenCharacters:
    """Loads UNIPEN's words as pen strokes; ``labels`` are their texts.

    Args:
        data_dir: where the collections are; ``INKREAD_DATA`` by default.
        held_out: return the collections that no network is trained on instead of the rest.

    Raises:
        DatasetError: the collection is missing or damaged.
    """
    path = require_file("unipen_words", "unipen_words_strokes.npz", data_dir, published=PUBLISHED)
    arrays = load_npz(path, WORD_ARRAYS)
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
    return words.subset((arrays["split"].astype(str) == "eval") == held_out)


def _restarted(steps: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns cumulative sums that restart at each start."""
    sums = np.cumsum(steps)
    before = np.where(starts[:-1] > 0, sums[np.maximum(starts[:-1] - 1, 0)], 0)
    return sums - np.repeat(before, np.diff(starts))


def load_copiste_lines(data_dir: AnyPath | None = None, *, held_out: bool = False) -> Strips:
    """Loads the lines of Copiste d'un jour, without those that have crossed-out words."""
    pack, sha256 = _copiste(data_dir)
    chosen = np.flatnonzero((pack["split"].astype(str) == "eval") == held_out)
    ends = _ends(pack)
    strips = (Strip(_cut(pack, *ends[i : i + 2]), str(pack["label"][i])) for i in chosen)
    return _copiste_strips(
        "lines", (strip for strip in strips if not set(strip.text) & set(CROSSED_OUT)), sha256
    )


def load_copiste_words(
    data_dir: AnyPath | None = None, *, held_out: bool = False, clean: bool = False
) -> Strips:
    """Loads the words cut from the lines of Copiste d'un jour, about 5 % of them cut wrongly.

    Args:
        data_dir: where the collections are; ``INKREAD_DATA`` by default.
        held_out: return the part that no network is trained on instead of the rest.
        clean: only words whose whole line was cut without doubt.
    """
    pack, sha256 = _copiste(data_dir)
    ends, split, lines = _ends(pack), pack["split"].astype(str), pack["word_line"].astype(np.int64)
    strips = []
    columns = (lines, pack["word_x0"], pack["word_x1"], pack["word_label"].astype(str), pack["word_method"])
    for line, x0, x1, text, method in zip(*columns, strict=True):
        if clean and method != CLEAN:
            continue
        if (split[line] == "eval") == held_out and text and not set(text) & set(CROSSED_OUT):
            begin, end = ends[line], ends[line + 1]
            first, last = max(begin, begin + int(x0) - AROUND), min(end, begin + int(x1) + AROUND)
            strips.append(Strip(_cut(pack, first, last), text))
    return _copiste_strips("words", strips, sha256)


def load_dhsd(data_dir: AnyPath | None = None, *, held_out: bool = False) -> Strips:
    """Loads the German names of streets and towns of DHSD."""
    path = require_file("dhsd", "dhsd.npz", data_dir, published="https://github.com/nauman-riaz/DHSD")
    pack = load_npz(path, DHSD_ARRAYS)
    ends = _ends(pack)
    chosen = np.flatnonzero((pack["split"].astype(str) == "eval") == held_out)
    return Strips(
        "DHSD",
        tuple(Strip(_cut(pack, *ends[i : i + 2]), str(pack["label"][i])) for i in chosen),
        hashlib.sha256(path.read_bytes()).hexdigest(),
        "Riaz, Saifullah, Agne, Dengel, Ahmed (DFKI): DHSD, ICDAR 2024",
    )


def load_poilus(data_dir: AnyPath | None = None) -> Strips:
    """Loads lines of French wills of 1914 to 1918, for evaluation only."""
    published = "https://github.com/HTR-United/CREMMA-AN-TestamentsDePoilus"
    path = require_file("eval_lines", "poilus48.npz", data_dir, published=published)
    pack = load_npz(path, ("columns", "width", "label"))
    ends = _ends(pack)
    strips = tuple(Strip(_cut(pack, *ends[i : i + 2]), str(text)) for i, text in enumerate(pack["label"]))
    return Strips("Testaments de Poilus", strips, hashlib.sha256(path.read_bytes()).hexdigest(), published)


def _copiste(data_dir: AnyPath | None) -> tuple[dict[str, NDArray[np.generic]], str]:
    published = "https://github.com/banq-dcn/Copiste-d-un-jour"
    path = require_file("copiste", "copiste_lines48.npz", data_dir, published=published)
    return load_npz(path, COPISTE_ARRAYS), hashlib.sha256(path.read_bytes()).hexdigest()


def _copiste_strips(kind: str, strips: Iterable[Strip], sha256: str) -> Strips:
    attribution = "Bibliothèque et Archives nationales du Québec: Copiste d'un jour"
    return Strips(f"Copiste d'un jour, {kind}", tuple(strips), sha256, attribution)


def _ends(pack: dict[str, NDArray[np.generic]]) -> NDArray[np.int64]:
    return np.append(0, np.cumsum(pack["width"].astype(np.int64)))


def _cut(pack: dict[str, NDArray[np.generic]], begin: int, end: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pack["columns"][begin:end].T).astype(np.uint8, copy=False)
