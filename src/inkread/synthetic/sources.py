"""The sources of the scenes' material: names, licenses, and hashes, for a model's card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inkread.synthetic.writers import People, Stock


def described(stock: Stock, split: str) -> list[dict[str, Any]]:
    """Returns an entry for each collection in the stock, see ``Card.data``.

    Args:
        stock: the material that scenes are written with.
        split: ``"train"``, or ``"validation"`` for the held-out part.
    """
    unipen, words = stock.unipen, stock.words
    parts: list[tuple[str, str, str, int, Iterable[bytes]]] = [
        (
            "MNIST",
            "no known restrictions",
            "Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
            sum(map(len, stock.images)),
            (images.tobytes() for images in stock.images),
        ),
        (
            "UNIPEN characters",
            "CC-BY-4.0",
            unipen.characters.attribution,
            _count(unipen),
            _samples(unipen),
        ),
        (
            "UNIPEN words",
            "CC-BY-4.0",
            words.attribution,
            len(stock.word_index),
            (words.points.astype(np.int32).tobytes(), stock.word_index.tobytes()),
        ),
        (
            "Pendigits and UJI Pen Characters",
            "CC-BY-4.0",
            stock.pendigits.characters.attribution,
            _count(stock.pendigits),
            _samples(stock.pendigits),
        ),
        (
            "BHMSDS",
            "MIT",
            "W. Błachowski",
            sum(map(len, stock.symbols.values())),
            (stock.symbols[name].tobytes() for name in sorted(stock.symbols)),
        ),
        (
            "Quick, Draw!",
            "CC-BY-4.0",
            "Google",
            len(stock.scribbles),
            (stock.scribbles.tobytes(),),
        ),
        (
            "Handwritten lines of Copiste d'un jour and DHSD",
            "CC-BY-4.0",
            (
                "Bibliothèque et Archives nationales du Québec; "
                "Riaz, Saifullah, Agne, Dengel, Ahmed (DFKI), ICDAR 2024"
            ),
            len(stock.lines),
            (line.tobytes() for line in stock.lines),
        ),
        (
            "Numbers in registers of Parisian notaries (Lectaurep) and in Copiste d'un jour",
            "CC-BY-4.0",
            (
                "Archives nationales, Inria, EPHE, through HTR-United; "
                "Bibliothèque et Archives nationales du Québec"
            ),
            len(stock.numbers),
            (number.pixels.tobytes() for number in stock.numbers),
        ),
        (
            "Handwriting fonts, rendered",
            "OFL-1.1, Apache-2.0, LGPL-3.0, GPL with font exception",
            "their designers",
            len(stock.hand_fonts),
            _contents(stock.hand_fonts),
        ),
        (
            "corrections",
            "as agreed with those who wrote the digits",
            "those who wrote and corrected the digits",
            len(stock.corrected),
            (page.pixels.tobytes() + page.boxes.tobytes() for page in stock.corrected),
        ),
    ]
    return [
        {
            "name": name,
            "split": split,
            "count": count,
            "sha256": _digest(content),
            "licence": licence,
            "attribution": attribution,
        }
        for name, licence, attribution, count, content in parts
        if count
    ]


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
