"""ONNX: the model unchanged, with its card's content as metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from inkread.models.onnx_session import start_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from inkread.export.source import Source


def write(source: Source, path: Path) -> None:
    """Writes the model; its weights are identical to the source's, bit for bit."""
    model = onnx.load_from_string(source.model.content)
    onnx.helper.set_model_props(model, source.metadata)
    path.write_bytes(model.SerializeToString())


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Loads the file as a function from glyphs (N, 28, 28) to logits (N, labels)."""
    session = start_session(path.read_bytes(), str(path), threads=0)
    return lambda glyphs: session.run(["logits"], {"glyphs": glyphs})[0]
