"""Optional collections of drawn symbols: BHMSDS, and scribbles from Google's Quick, Draw!.

BHMSDS is ``bhmsds/bhmsds.npz``: digits, operators, and letters cut from photographed sheets, stretched to
their bounding box, so their aspect ratio is lost. Quick, Draw! is ``quickdraw/cats1000.bin``,
``rainbows1000.bin``, and ``trains1000.bin``: nothing but images of 28×28 bytes.

Each is loaded from ``data_dir`` or the folder in ``INKREAD_DATA``. A missing one is a
``DatasetNotFoundError``, and a damaged one a ``DatasetFormatError``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.array_files import DOWNLOAD_AGAIN, load_npz, read_bytes
from inkread.datasets.data_dirs import require_file
from inkread.datasets.glyphs import GLYPH_SIDE, SymbolGlyphs
from inkread.errors import DatasetFormatError

if TYPE_CHECKING:
    from inkread.system.files import AnyPath

BHMSDS = "https://github.com/wblachowski/bhmsds"
QUICKDRAW = "https://github.com/googlecreativelab/quickdraw-dataset"
QUICKDRAW_FILES = {"cat": "cats1000.bin", "rainbow": "rainbows1000.bin", "train": "trains1000.bin"}


def load_bhmsds(*, data_dir: AnyPath | None = None) -> SymbolGlyphs:
    """Loads BHMSDS, with bright ink.

    The symbols are 0–9, w, x, y, z, dot, minus, plus, and slash. The hash is the file's.
    """
    path = require_file("bhmsds", "bhmsds.npz", data_dir, published=BHMSDS)
    arrays = load_npz(path, ("images", "labels"))
    if arrays["images"].dtype != np.uint8:
        problem = f"has images of {arrays['images'].dtype}, not uint8"
        raise DatasetFormatError(str(path), problem, "download it again")
    return SymbolGlyphs(
        name="BHMSDS",
        images=255 - arrays["images"],
        symbols=arrays["labels"],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence="MIT",
        attribution=f"W. Błachowski: Basic Handwritten Math Symbols Dataset, {BHMSDS}",
    )


def load_quickdraw(*, data_dir: AnyPath | None = None) -> SymbolGlyphs:
    """Loads the scribbles, with bright ink; the symbols are cat, rainbow, and train.

    The hash covers the files in sequence.
    """
    contents = {
        symbol: read_bytes(require_file("quickdraw", name, data_dir, published=QUICKDRAW))
        for symbol, name in QUICKDRAW_FILES.items()
    }
    image = GLYPH_SIDE * GLYPH_SIDE
    for symbol, content in contents.items():
        if not content or len(content) % image:
            problem = f"has {len(content)} bytes, not images of {image}"
            raise DatasetFormatError(f"quickdraw/{QUICKDRAW_FILES[symbol]}", problem, DOWNLOAD_AGAIN)
    data = b"".join(contents.values())
    return SymbolGlyphs(
        name="Quick, Draw!",
        images=np.frombuffer(data, np.uint8).reshape(-1, GLYPH_SIDE, GLYPH_SIDE).copy(),
        symbols=np.repeat([*contents], [len(content) // image for content in contents.values()]),
        sha256=hashlib.sha256(data).hexdigest(),
        licence="CC-BY-4.0",
        attribution=f"Google: The Quick, Draw! Dataset, {QUICKDRAW}",
    )
