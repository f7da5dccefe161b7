"""Corrections that a server collected, as training data: single glyphs, and pages with digit boxes."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.glyphs import GLYPH_SIDE, NOT_A_DIGIT_CLASS, LabelledGlyphs
from inkread.errors import DatasetNotFoundError, MissingExtraError
from inkread.picture import load_picture

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inkread.store import MarkedPage, Store

COLLECT = "start inkread serve with --collect, and correct what it misreads"
LEARN_PLACES = "train the detector: inkread train --network detector --data corrections"


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedPage:
    """A picture that a person corrected or annotated, with all digits known to be in it.

    Attributes:
        pixels: uint8 H×W, gray as the reader sees it.
        boxes: float32 N×4, x0, y0, x1, y1 in those pixels.
        classes: int64 N, the digits 0 to 9.

    Raises:
        ValueError: an array has the wrong shape or dtype.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.classes)
        wanted = {"pixels": (np.uint8, self.pixels.shape[:2]), "boxes": (np.float32, (count, 4))}
        for name, (dtype, shape) in (wanted | {"classes": (np.int64, (count,))}).items():
            array = getattr(self, name)
            if array.dtype != dtype or array.shape != shape:
                raise ValueError(
                    f"{name} of a page are {array.dtype} {array.shape}, not {dtype.__name__} {shape}"
                )


def load_corrections(store: str | os.PathLike[str] | None = None) -> LabelledGlyphs:
    """Loads every correction in force, oldest first, from the store at a URL or in a file.

    By default, this is the user's store, in which ``inkread serve --collect`` keeps its data. The glyphs are
    as the model saw them, in MNIST's geometry, each with its corrected label; "not a digit" is
    ``NOT_A_DIGIT_CLASS``. The hash covers the images followed by the labels.

    Raises:
        DatasetNotFoundError: there is no store, or it has no corrections.
        StoreError: the store cannot be used.
        MissingExtraError: the store's libraries are not installed.
    """
    with _opened(store) as (opened, name):
        glyphs = opened.corrected_glyphs()
        if not glyphs and next(iter(opened.corrected_pages()), None):
            problem = "has only digits that were missed, which the network of single digits cannot learn from"
            raise DatasetNotFoundError(name, problem, LEARN_PLACES)
    if not glyphs:
        raise DatasetNotFoundError(name, "has no corrections", COLLECT)
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


def load_corrected_pages(store: str | os.PathLike[str] | None = None) -> list[CorrectedPage]:
    """Loads every stored picture with a correction or mark in force, oldest first.

    A corrected digit has its corrected label, one corrected to "no digit" is left out, and a mark replaces
    any digit that it overlaps (IoU > 0.5). Readings from before pictures were stored are not included. The
    store and the errors are those of ``load_corrections``.
    """
    with _opened(store) as (opened, name):
        pages = [_page(page) for page in opened.corrected_pages()]
    if not pages:
        raise DatasetNotFoundError(name, "has no corrected pictures", COLLECT)
    return pages


def _page(page: MarkedPage) -> CorrectedPage:
    pixels = load_picture(page.picture.jpeg).pixels
    height, width = pixels.shape[:2]
    scale = np.tile([width / page.width, height / page.height], 2)
    boxes = np.array([box for _, box in page.digits], np.float64).reshape(-1, 4) * scale
    return CorrectedPage(
        pixels=np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8),
        boxes=boxes.astype(np.float32),
        classes=np.array([int(label) for label, _ in page.digits], np.int64),
    )


@contextmanager
def _opened(store: str | os.PathLike[str] | None) -> Iterator[tuple[Store, str]]:
    """Opens an existing store; yields it with its name. See ``load_corrections``."""
    try:
        from inkread.store import Store, default_url
        from inkread.store.database import Address
    except ModuleNotFoundError as error:
        if error.name in ("sqlalchemy", "alembic"):
            raise MissingExtraError(error.name, "serve") from error
        raise
    url = default_url() if store is None else str(store)
    address = Address.parse(url)
    if address.file and not address.file.exists():
        raise DatasetNotFoundError(str(address), "is not a store of corrections", COLLECT)
    with Store.open(url) as opened:
        yield opened, str(address)
