"""BHMSDS: glyphs of digits, operators, and letters cut from photographed sheets, an optional collection.

The file is ``bhmsds/bhmsds.npz``. Its glyphs are stretched to their bounding box, so their aspect ratio is
lost.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.archives import load_npz
from inkread.datasets.data_dirs import require_file
from inkread.datasets.glyphs import SymbolGlyphs
from inkread.errors import DatasetFormatError

if TYPE_CHECKING:
    from inkread.system.files import AnyPath

COLLECTION = "bhmsds"
FILE = "bhmsds.npz"
PUBLISHED = "https://github.com/wblachowski/bhmsds"


def load_bhmsds(*, data_dir: AnyPath | None = None) -> SymbolGlyphs:
    """Loads the collection from ``data_dir`` or the folder in ``INKREAD_DATA``.

    Returns:
        Glyphs with bright ink; the symbols are 0–9, w, x, y, z, dot, minus, plus, and slash. The hash is the
        file's.

    Raises:
        DatasetNotFoundError: the collection is missing; it is optional.
        DatasetFormatError: the file is damaged, or has other arrays.
    """
    path = require_file(COLLECTION, FILE, data_dir, published=PUBLISHED)
    arrays = load_npz(path, ("images", "labels"))
    if arrays["images"].dtype != np.uint8:
        raise DatasetFormatError(
            str(path), f"has images of {arrays['images'].dtype}, not uint8", "download it again"
        )
    return SymbolGlyphs(
        name="BHMSDS",
        images=255 - arrays["images"],
        symbols=arrays["labels"],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence="MIT",
        attribution=f"W. Błachowski: Basic Handwritten Math Symbols Dataset, {PUBLISHED}",
    )
