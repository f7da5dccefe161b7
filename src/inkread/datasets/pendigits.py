"""Pen strokes of digits by 44 writers and of characters by 11 more, an optional collection.

Alpaydin & Alimoglu, "Pen-Based Recognition of Handwritten Digits" (UCI, 1998); Llorens et al., "The
UJIpenchars Database" (LREC 2008). The file is ``pendigits_uji/pendigits_uji_strokes.npz``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.archives import load_npz
from inkread.datasets.data_dirs import require_file
from inkread.datasets.unipen import PenCharacters

if TYPE_CHECKING:
    from inkread.system.files import AnyPath

COLLECTION = "pendigits_uji"
FILE = "pendigits_uji_strokes.npz"
PUBLISHED = "UCI Pen-Based Recognition of Handwritten Digits and UJI Pen Characters, CC BY 4.0"
HELD_OUT_SOURCE = "pendigits_tes"
"""The writers whose digits none of our networks is trained on."""
ARRAYS = ("points", "stroke_start", "sample_start", "label", "source", "writer")


def load_pendigits(*, data_dir: AnyPath | None = None) -> PenCharacters:
    """Loads the collection from ``data_dir`` or the folder in ``INKREAD_DATA``.

    Returns:
        The characters; ``contributors`` are ``pendigits_tra``, ``pendigits_tes``, and ``uji1``.

    Raises:
        DatasetNotFoundError: the collection is missing; it is optional.
        DatasetFormatError: the file is damaged, or has other arrays.
    """
    path = require_file(COLLECTION, FILE, data_dir, published=PUBLISHED)
    arrays = load_npz(path, ARRAYS)
    labels, sources = arrays["label"].astype(str), arrays["source"].astype(str)
    starts, samples = (arrays[name].astype(np.int32) for name in ("stroke_start", "sample_start"))
    kept = np.diff(starts) > 0  # some strokes have no points
    before = np.append(0, np.cumsum(kept)).astype(np.int32)
    samples, starts = before[samples], np.append(starts[:-1][kept], starts[-1])
    _, writers = np.unique(np.char.add(sources, arrays["writer"].astype(str)), return_inverse=True)
    return PenCharacters(
        labels=labels,
        contributors=sources,
        writers=writers.astype(np.int32),
        agreement=np.ones(len(labels), np.float32),
        points=arrays["points"],
        stroke_starts=starts,
        first_strokes=samples[:-1],
        end_strokes=samples[1:],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        name="Pendigits and UJI Pen Characters",
        attribution="E. Alpaydin, F. Alimoglu; D. Llorens et al.; UCI Machine Learning Repository",
    )
