"""Optional collections of handwriting on strips of paper: lines, words, and numbers, with their text.

Copiste d'un jour has lines of French letters and diaries, and the words cut from them; DHSD has German names
of streets and towns; registers of Parisian notaries have numbers. A file holds the columns of many lines side
by side, 48 pixels high.

Each is loaded from ``data_dir`` or the folder in ``INKREAD_DATA``; of those with a held-out part, on which no
network is trained, either that or the rest. A missing or damaged one is a ``DatasetError``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.array_files import load_npz
from inkread.datasets.data_dirs import require_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

HEIGHT = 48
"""Height of all strips in pixels."""
AROUND = 4
"""Columns of paper to keep on both sides of a word."""
COPISTE = "https://github.com/banq-dcn/Copiste-d-un-jour, CC BY 4.0"
DHSD = "https://github.com/nauman-riaz/DHSD, CC BY 4.0"
REGISTERS = "https://github.com/HTR-United/lectaurep-repertoires, CC BY 4.0"
SIGNS = ".,-/: "
"""Characters that a number may have besides its digits."""
ONE_IN = 10
"""One in this many pages of the registers is held out."""
CROSSED_OUT = "<>"
"""Characters that mark unreadable words in Copiste's transcriptions."""
CLEAN = 0
"""``word_method`` of words whose whole line's gaps agree with its text."""


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
    """Loads a pack: its columns, its widths, and the named arrays."""
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


@dataclass(frozen=True, slots=True)
class Number:
    """A strip, uint8 48×W, dark on light, with a number, whose digits are ``text``.

    ``signs`` are indices of the digits followed by a point, comma, or similar sign: 0 for the first, -1 for a
    sign before it. The source is an identifier, the same in every version of the collection.
    """

    pixels: NDArray[np.uint8]
    text: str
    signs: tuple[int, ...]
    source: str


def load_numbers(data_dir: AnyPath | None = None, *, held_out: bool = False) -> list[Number]:
    """Loads the numbers of Parisian notaries' registers, and those in Copiste d'un jour.

    A tenth of the registers' pages and Copiste's eval split are held out.
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


@dataclass(frozen=True, slots=True)
class Strip:
    """Handwriting on paper, uint8 48×W, dark on light, and what it says."""

    pixels: NDArray[np.uint8]
    text: str


@dataclass(frozen=True, slots=True)
class Strips:
    """A collection of strips, with the hash of its file, and whom to credit."""

    name: str
    strips: tuple[Strip, ...]
    sha256: str
    attribution: str
    licence: str = "CC-BY-4.0"

    def __len__(self) -> int:
        return len(self.strips)


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

    If ``clean``, only words whose whole line was cut without doubt.
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


def _is_legible(text: str) -> bool:
    return not set(text) & set(CROSSED_OUT)


def _copiste_strips(kind: str, strips: Iterable[Strip], pack: StripPack) -> Strips:
    attribution = "Bibliothèque et Archives nationales du Québec: Copiste d'un jour"
    return Strips(f"Copiste d'un jour, {kind}", tuple(strips), pack.sha256, attribution)
