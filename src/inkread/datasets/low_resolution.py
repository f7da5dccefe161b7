"""Digits of few pixels, brought to 28×28 in MNIST's geometry: USPS's 16×16, and the 8×8 that come with scikit-learn."""

from __future__ import annotations

import bz2
import hashlib
import io
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.errors import DatasetFormatError, MissingExtraError
from inkread.pipeline.glyph import FINE, normalize_all

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.mnist import Split

USPS_SIDE = 16
LARGEST_TEXT = 128 * 2**20
"""Bytes of USPS as text; its larger file has a fifth of that."""

DARKEST = 16
"""The largest value of a pixel of scikit-learn's digits."""

LEARNED = 1_500
"""Of scikit-learn's 1,797 digits, which it does not part, the first so many are to be learned from."""


def enlarge(inks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """N×s×s ink in 0..1 as glyphs, N×28×28: the pixels are made smooth at the size at which strokes are measured."""
    factor = FINE // inks.shape[-1]
    # The paper around lets strokes end that the border has cut.
    padded = np.pad(inks, ((0, 0), (1, 1), (1, 1)))
    return normalize_all(
        [
            cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).clip(0, 1)
            for ink in padded
        ]
    )


def read_usps(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The glyphs and labels of a file of USPS: bzip2 of LIBSVM's text, "label index:value ...", labels 1 to 10, values -1 to 1.

    Raises:
        DatasetFormatError: it is something else.
    """
    try:
        with bz2.open(path) as stream:
            text = stream.read(LARGEST_TEXT + 1)
        if len(text) > LARGEST_TEXT:
            raise ValueError(f"more than {LARGEST_TEXT} bytes")
        if not text.strip():
            raise ValueError("nothing is in it")
        table = np.loadtxt(io.BytesIO(text.replace(b":", b" ")), np.float32, ndmin=2)
        if table.shape[1] != 1 + 2 * USPS_SIDE**2 or np.abs(table[:, 2::2]).max() > 1:
            raise ValueError("its features are others")
    except (OSError, EOFError, ValueError) as error:
        raise DatasetFormatError(
            str(path), f"is no bzip2 file of USPS ({error})", "delete it, so that it is downloaded again"
        ) from error
    inks = (table[:, 2::2].reshape(-1, USPS_SIDE, USPS_SIDE) + 1) / 2
    return enlarge(inks.astype(np.float32)), table[:, 0].astype(np.int64) - 1


def load_digits(split: Split) -> LabelledGlyphs:
    """The 1,797 digits that come with scikit-learn, which need no download: optdigits' test file (Alpaydin and Kaynak 1998).

    Args:
        split: ``"train"``, the first ``LEARNED``, or ``"test"``, the others.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ModuleNotFoundError as error:
        raise MissingExtraError("scikit-learn", "plot") from error
    part = slice(None, LEARNED) if split == "train" else slice(LEARNED, None)
    bunch = datasets.load_digits()
    inks, labels = bunch.images[part], bunch.target[part].astype(np.uint8)
    images = enlarge((inks / DARKEST).astype(np.float32))
    return LabelledGlyphs(
        name="scikit-learn digits",
        images=images,
        labels=labels,
        sha256=hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(),
        licence="CC-BY-4.0",
        attribution="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
    )
