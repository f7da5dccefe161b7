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
from inkread.datasets.strip_pack import load_copiste, load_dhsd_pack, load_pack
from inkread.datasets.unipen import PUBLISHED, PenCharacters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inkread.datasets.strip_pack import StripPack
    from inkread.system.files import AnyPath

WORD_ARRAYS = ("dx", "dy", "stroke_len", "n_strokes", "label", "contributor", "writer", "split")
CROSSED_OUT = "<>"
"""Characters that mark unreadable words in Copiste's transcriptions."""
CLEAN = 0
"""``word_method`` of words whose whole line's gaps agree with its text."""


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
    words, is_held_out = load_all_pen_words(data_dir)
    return words.subset(is_held_out == held_out)


def load_all_pen_words(data_dir: AnyPath | None = None) -> tuple[PenCharacters, NDArray[np.bool_]]:
    """Returns all of UNIPEN's words, and which of them are held out; see ``load_pen_words``."""
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
    return words, arrays["split"].astype(str) == "eval"


def _restarted(steps: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns cumulative sums that restart at each start."""
    sums = np.cumsum(steps)
    before = np.where(starts[:-1] > 0, sums[np.maximum(starts[:-1] - 1, 0)], 0)
    return sums - np.repeat(before, np.diff(starts))


def load_copiste_lines(data_dir: AnyPath | None = None, *, held_out: bool = False) -> Strips:
    """Loads the lines of Copiste d'un jour, without those that have crossed-out words."""
    pack = load_copiste(data_dir)
    texts, part = pack.texts(), pack.part(held_out=held_out)
    strips = (Strip(pack.line(i), text) for i, text in enumerate(texts) if part[i] and _is_legible(text))
    return _copiste_strips("lines", strips, pack)


def load_copiste_words(
    data_dir: AnyPath | None = None, *, held_out: bool = False, clean: bool = False
) -> Strips:
    """Loads the words cut from the lines of Copiste d'un jour, about 5 % of them cut wrongly.

    Args:
        data_dir: where the collections are; ``INKREAD_DATA`` by default.
        held_out: return the part that no network is trained on instead of the rest.
        clean: only words whose whole line was cut without doubt.
    """
    pack = load_copiste(data_dir)
    part = pack.part_of_words(held_out=held_out)
    if clean:
        part &= pack.arrays["word_method"] == CLEAN
    strips = (
        Strip(pack.word(i), text)
        for i, text in enumerate(pack.texts("word_label"))
        if part[i] and text and _is_legible(text)
    )
    return _copiste_strips("words", strips, pack)


def load_dhsd(data_dir: AnyPath | None = None, *, held_out: bool = False) -> Strips:
    """Loads the German names of streets and towns of DHSD."""
    pack = load_dhsd_pack(data_dir)
    texts, chosen = pack.texts(), np.flatnonzero(pack.part(held_out=held_out))
    strips = tuple(Strip(pack.line(int(i)), texts[i]) for i in chosen)
    attribution = "Riaz, Saifullah, Agne, Dengel, Ahmed (DFKI): DHSD, ICDAR 2024"
    return Strips("DHSD", strips, pack.sha256, attribution)


def load_poilus(data_dir: AnyPath | None = None) -> Strips:
    """Loads lines of French wills of 1914 to 1918, for evaluation only."""
    published = "https://github.com/HTR-United/CREMMA-AN-TestamentsDePoilus"
    pack = load_pack("eval_lines", "poilus48.npz", data_dir, ("label",), published=published)
    strips = tuple(Strip(pack.line(i), text) for i, text in enumerate(pack.texts()))
    return Strips("Testaments de Poilus", strips, pack.sha256, published)


def _is_legible(text: str) -> bool:
    return not set(text) & set(CROSSED_OUT)


def _copiste_strips(kind: str, strips: Iterable[Strip], pack: StripPack) -> Strips:
    attribution = "Bibliothèque et Archives nationales du Québec: Copiste d'un jour"
    return Strips(f"Copiste d'un jour, {kind}", tuple(strips), pack.sha256, attribution)
