"""8-bit ONNX, see ``inkread.models.quantization``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx

from inkread.export.to_onnx import load
from inkread.models.quantization import in_8_bits

if TYPE_CHECKING:
    from pathlib import Path

    from inkread.export.source import Source

__all__ = ["load", "write"]

BATCH = 50
"""Number of digits per batch for measuring activations."""


def write(source: Source, path: Path) -> None:
    """Writes the 8-bit model, calibrated on the source's digits."""
    images = source.calibration.astype(np.float32) / np.float32(255)
    model = in_8_bits(source.model.content, np.split(images, range(BATCH, len(images), BATCH)))
    onnx.helper.set_model_props(model, source.metadata)
    path.write_bytes(model.SerializeToString())
