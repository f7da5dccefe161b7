"""The sources of the scenes' material: names, licenses, and hashes, for a model's card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.pen_strokes import UNIPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inkread.synthetic.writers import People, Stock

BANQ = "Bibliothèque et Archives nationales du Québec"
FONTS = "Handwriting fonts, rendered"
CREDITS = {
    "MNIST": ("no known restrictions", "Yann LeCun, Corinna Cortes, Christopher J. C. Burges"),
    "UNIPEN characters": ("CC-BY-4.0", f"The UNIPEN Foundation and its contributors: {UNIPEN}"),
    "UNIPEN words": ("CC-BY-4.0", f"The UNIPEN Foundation and its contributors: {UNIPEN}"),
    "Pendigits and UJI Pen Characters": (
        "CC-BY-4.0",
        "E. Alpaydin, F. Alimoglu; D. Llorens et al.; UCI Machine Learning Repository",
    ),
    "BHMSDS": ("MIT", "W. Błachowski"),
    "Quick, Draw!": ("CC-BY-4.0", "Google"),
    "Handwritten lines of Copiste d'un jour and DHSD": (
        "CC-BY-4.0",
        f"{BANQ}; Riaz, Saifullah, Agne, Dengel, Ahmed (DFKI), ICDAR 2024",
    ),
    "Numbers in registers of Parisian notaries (Lectaurep) and in Copiste d'un jour": (
        "CC-BY-4.0",
        f"Archives nationales, Inria, EPHE, through HTR-United; {BANQ}",
    ),
    FONTS: ("OFL-1.1, Apache-2.0, LGPL-3.0, GPL with font exception", "their designers"),
    "corrections": ("as agreed with those who wrote the digits", "those who wrote and corrected the digits"),
}
"""The collections that scenes are made of: their licenses, and whom to credit."""


def described(stock: Stock, split: str) -> list[dict[str, Any]]:
    """Returns an entry for each collection in the stock; the split is ``"train"`` or ``"validation"``."""
    contents = _contents_by_name(stock).items()
    return [entry(name, split, count, _digest(content)) for name, (count, content) in contents if count]


def entry(name: str, split: str, count: int, sha256: str) -> dict[str, Any]:
    """Returns an entry for a collection in ``CREDITS``, see ``Card.data``."""
    licence, attribution = CREDITS[name]
    content = {"name": name, "split": split, "count": count, "sha256": sha256}
    return content | {"licence": licence, "attribution": attribution}


def _contents_by_name(stock: Stock) -> dict[str, tuple[int, Iterable[bytes]]]:
    """Returns how much there is of each collection in ``CREDITS``, and its bytes."""
    words = stock.words.points.astype(np.int32).tobytes(), stock.word_index.tobytes()
    symbols = [stock.symbols[name] for name in sorted(stock.symbols)]
    contents: list[tuple[int, Iterable[bytes]]] = [
        (sum(map(len, stock.images)), (images.tobytes() for images in stock.images)),
        (_count(stock.unipen), _samples(stock.unipen)),
        (len(stock.word_index), words),
        (_count(stock.pendigits), _samples(stock.pendigits)),
        (sum(map(len, symbols)), (images.tobytes() for images in symbols)),
        (len(stock.scribbles), (stock.scribbles.tobytes(),)),
        (len(stock.lines), (line.tobytes() for line in stock.lines)),
        (len(stock.numbers), (number.pixels.tobytes() for number in stock.numbers)),
        (len(stock.hand_fonts), _contents(stock.hand_fonts)),
        (len(stock.corrected), (page.pixels.tobytes() + page.boxes.tobytes() for page in stock.corrected)),
    ]
    return dict(zip(CREDITS, contents, strict=True))


def digest_of_files(files: Iterable[str]) -> str:
    """Returns the SHA-256 of the contents of all files together."""
    return _digest(_contents(files))


def _contents(files: Iterable[str]) -> Iterator[bytes]:
    return (Path(file).read_bytes() for file in files)


def _count(people: People) -> int:
    return sum(map(len, people.by_character.values()))


def _samples(people: People) -> tuple[bytes, ...]:
    chosen = np.sort(np.concatenate(list(people.by_character.values())))
    return people.characters.points.tobytes(), chosen.astype(np.int64).tobytes()


def _digest(content: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in content:
        digest.update(part)
    return digest.hexdigest()
