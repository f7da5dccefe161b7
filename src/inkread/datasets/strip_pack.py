"""Reads packs of strips: the columns of many lines of handwriting side by side, 48 pixels high."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.archives import load_npz
from inkread.datasets.data_dirs import require_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

HEIGHT = 48
"""Height of all strips in pixels."""
AROUND = 4
"""Columns of paper to keep on both sides of a word."""
COPISTE = "https://github.com/banq-dcn/Copiste-d-un-jour, CC BY 4.0"
DHSD = "https://github.com/nauman-riaz/DHSD, CC BY 4.0"


@dataclass(frozen=True)
class StripPack:
    """The lines of a collection, and perhaps the places of the words in them.

    Attributes:
        path: the file.
        arrays: ``columns`` (uint8 N×48, dark on light), ``width`` (per line), and those that were asked for.
    """

    path: Path
    arrays: dict[str, NDArray[Any]]

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Where each line begins, in columns, and the last one ends."""
        return np.append(0, np.cumsum(self.arrays["width"].astype(np.int64)))

    @cached_property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def texts(self, name: str = "label") -> list[str]:
        """Returns an array of texts."""
        return [str(text) for text in self.arrays[name]]

    def line(self, index: int) -> NDArray[np.uint8]:
        """Returns a line: uint8 48×W, dark on light."""
        return self._cut(*self.ends[index : index + 2])

    def word(self, index: int) -> NDArray[np.uint8]:
        """Returns a word with some paper around it, but nothing of other lines."""
        line = int(self.arrays["word_line"][index])
        begin, end = self.ends[line : line + 2]
        first, last = (begin + int(self.arrays[name][index]) for name in ("word_x0", "word_x1"))
        return self._cut(max(begin, first - AROUND), min(end, last + AROUND))

    def part(self, *, held_out: bool) -> NDArray[np.bool_]:
        """Returns which lines are held out, in the collection's eval split, or which are not."""
        return np.asarray((self.arrays["split"].astype(str) == "eval") == held_out)

    def part_of_words(self, *, held_out: bool) -> NDArray[np.bool_]:
        """Returns which words are in lines that are held out, or in those that are not."""
        return self.part(held_out=held_out)[self.arrays["word_line"].astype(np.int64)]

    def _cut(self, begin: int, end: int) -> NDArray[np.uint8]:
        return np.ascontiguousarray(self.arrays["columns"][begin:end].T).astype(np.uint8, copy=False)


def load_pack(
    folder: str, file: str, data_dir: AnyPath | None, names: Sequence[str], *, published: str
) -> StripPack:
    """Loads a pack from ``data_dir`` or the folder in ``INKREAD_DATA``, with its columns and widths.

    Raises:
        DatasetError: the pack is missing or damaged.
    """
    path = require_file(folder, file, data_dir, published=published)
    return StripPack(path, load_npz(path, ("columns", "width", *names)))


def load_copiste(data_dir: AnyPath | None = None) -> StripPack:
    """Loads Copiste d'un jour: lines of French letters and diaries, and the words cut from them."""
    words = ("word_line", "word_x0", "word_x1", "word_label", "word_method")
    return load_pack(
        "copiste", "copiste_lines48.npz", data_dir, ("label", "split", *words), published=COPISTE
    )


def load_dhsd_pack(data_dir: AnyPath | None = None) -> StripPack:
    """Loads DHSD: German names of streets and towns."""
    return load_pack("dhsd", "dhsd.npz", data_dir, ("label", "split"), published=DHSD)
