"""Low-resolution digits scaled to 28×28 in MNIST's geometry: USPS (16×16), and scikit-learn's (8×8)."""

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
"""Maximum bytes of USPS as text; its larger file has a fifth of that."""

DARKEST = 16
"""Maximum pixel value in scikit-learn's digits."""

LEARNED = 1_500
"""Size of the training split: the first of scikit-learn's 1,797 digits, which come without a split."""


def enlarge(inks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scales N×s×s ink in 0..1 to glyphs, N×28×28, smoothing pixels at the scale of stroke measurements."""
    factor = FINE // inks.shape[-1]
    # Padding lets strokes end that the border has cut.
    padded = np.pad(inks, ((0, 0), (1, 1), (1, 1)))
    return normalize_all(
        [
            cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).clip(0, 1)
            for ink in padded
        ]
    )


def read_usps(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Reads the glyphs and labels of a USPS file.

    The format is bzip2 of LIBSVM's text, "label index:value ...", with labels 1 to 10 and values -1 to 1.

    Raises:
        DatasetFormatError: the file has a different format.
    """
    try:
        with bz2.open(path) as stream:
            text = stream.read(LARGEST_TEXT + 1)
        if len(text) > LARGEST_TEXT:
            raise ValueError(f"more than {LARGEST_TEXT} bytes")
        if not text.strip():
            raise ValueError("it is empty")
        table = np.loadtxt(io.BytesIO(text.replace(b":", b" ")), np.float32, ndmin=2)
        if table.shape[1] != 1 + 2 * USPS_SIDE**2 or np.abs(table[:, 2::2]).max() > 1:
            raise ValueError("it has the wrong features")
    except (OSError, EOFError, ValueError) as error:
        raise DatasetFormatError(
            str(path), f"is not a bzip2 file of USPS ({error})", "delete it, so that it is downloaded again"
        ) from error
    inks = (table[:, 2::2].reshape(-1, USPS_SIDE, USPS_SIDE) + 1) / 2
    return enlarge(inks.astype(np.float32)), table[:, 0].astype(np.int64) - 1


def load_digits(split: Split) -> LabelledGlyphs:
    """Loads the 1,797 digits that come with scikit-learn: the first ``LEARNED`` to train, the rest to test.

    They need no download; they are optdigits' test file (Alpaydin and Kaynak 1998).

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
        attribution="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository",
    )
