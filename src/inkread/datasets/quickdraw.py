"""Scribbles that are not digits, from Google's Quick, Draw!, an optional collection.

The files are ``quickdraw/cats1000.bin``, ``rainbows1000.bin``, and ``trains1000.bin``: nothing but images of
28×28 bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.data_dirs import require_file
from inkread.datasets.glyphs import GLYPH_SIDE, SymbolGlyphs
from inkread.datasets.idx import DOWNLOAD_AGAIN, read_bytes
from inkread.errors import DatasetFormatError

if TYPE_CHECKING:
    from inkread.system.files import AnyPath

COLLECTION = "quickdraw"
FILES = {"cat": "cats1000.bin", "rainbow": "rainbows1000.bin", "train": "trains1000.bin"}
PUBLISHED = "https://github.com/googlecreativelab/quickdraw-dataset"


def load_quickdraw(*, data_dir: AnyPath | None = None) -> SymbolGlyphs:
    """Loads the collection from ``data_dir`` or the folder in ``INKREAD_DATA``.

    Returns:
        Glyphs with bright ink; the symbols are cat, rainbow, and train. The hash covers the files in
        sequence.

    Raises:
        DatasetNotFoundError: the collection is missing; it is optional.
        DatasetFormatError: a file does not contain a whole number of images.
    """
    contents = {
        symbol: read_bytes(require_file(COLLECTION, name, data_dir, published=PUBLISHED))
        for symbol, name in FILES.items()
    }
    image = GLYPH_SIDE * GLYPH_SIDE
    for symbol, content in contents.items():
        if not content or len(content) % image:
            raise DatasetFormatError(
                f"{COLLECTION}/{FILES[symbol]}",
                f"has {len(content)} bytes, not images of {image}",
                DOWNLOAD_AGAIN,
            )
    data = b"".join(contents.values())
    return SymbolGlyphs(
        name="Quick, Draw!",
        images=np.frombuffer(data, np.uint8).reshape(-1, GLYPH_SIDE, GLYPH_SIDE).copy(),
        symbols=np.repeat([*contents], [len(content) // image for content in contents.values()]),
        sha256=hashlib.sha256(data).hexdigest(),
        licence="CC-BY-4.0",
        attribution=f"Google: The Quick, Draw! Dataset, {PUBLISHED}",
    )
