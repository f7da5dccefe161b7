"""Glyphs that people corrected: what a server collected, to be learned from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.glyphs import GLYPH_SIDE, NOT_A_DIGIT_CLASS, LabelledGlyphs
from inkread.errors import DatasetNotFoundError, MissingExtraError

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

COLLECT = "start inkread serve with --collect, and correct what it misreads"


def load_corrections(store: str | os.PathLike[str] | None = None) -> LabelledGlyphs:
    """Loads every correction that stands, the oldest first.

    Args:
        store: the URL of a store, or the path of its file; by default the user's own, where ``inkread serve --collect``
            keeps what it collects.

    Returns:
        The glyphs as the model saw them, in MNIST's geometry, each with what it was corrected to; no digit is
        ``NOT_A_DIGIT_CLASS``. The hash is of the images followed by the labels.

    Raises:
        DatasetNotFoundError: there is no store, or no correction in it.
        StoreError: the store cannot be used.
        MissingExtraError: the libraries of the store are not installed.
    """
    try:
        from inkread.server.store import Store, default_url
        from inkread.server.store.address import Address
    except ModuleNotFoundError as error:
        if error.name in ("sqlalchemy", "alembic"):
            raise MissingExtraError(error.name, "serve") from error
        raise
    url = default_url() if store is None else str(store)
    address = Address.parse(url)
    if address.file and not address.file.exists():
        raise DatasetNotFoundError(str(address), "is no store of corrections", COLLECT)
    with Store.open(url) as opened:
        glyphs = opened.corrected_glyphs()
    if not glyphs:
        raise DatasetNotFoundError(str(address), "has no corrections", COLLECT)
    images = np.frombuffer(b"".join(glyph for glyph, _ in glyphs), np.uint8).reshape(
        -1, GLYPH_SIDE, GLYPH_SIDE
    )
    labels = np.array([int(label) if label else NOT_A_DIGIT_CLASS for _, label in glyphs], np.uint8)
    return LabelledGlyphs(
        name="corrections",
        images=images,
        labels=labels,
        sha256=hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(),
        licence="as agreed with those who wrote the digits",
        attribution="those who wrote and corrected the digits",
    )


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """A page and the digits on it.

    Attributes:
        pixels: grey, uint8 H×W.
        boxes: float32 N×4, x0, y0, x1, y1 in these pixels.
        classes: int64 N, the digits.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]


def load_corrected_pages(store: str | os.PathLike[str] | None = None) -> list[CorrectedPage]:
    """Stub until merged."""
    raise DatasetNotFoundError(str(store), "has no corrected pages", COLLECT)
