"""Exports models for other programs, and imports models from Keras.

::

    formats             the formats by name: files, outputs, required packages
    parity_data         real digits for comparisons
    exporting           writes, reloads, compares, and moves into place
    parity              whether the exported model gives the same results
    line_network, to_litert_lines
                        the network that reads lines of text
    source              the metadata in every file
    to_onnx, to_int8, to_keras, to_litert, to_litert_int8, to_torch
                        how each format is written, and how its file is run
    importing           a Keras file as an inkread model
    from_keras, keras_layers, graph, keras_2
                        its model, its layers, the resulting ONNX graph, and Keras 2 files

Most formats are written from the short list of layers that ``inkread.models.layers`` reads from a model.
Each ``to_`` module has ``write(source, path)`` and ``load(path)``, and is imported only when its format
is requested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.export.formats import FORMATS, Exported, Format
from inkread.system.lazy import lazy

if TYPE_CHECKING:
    from inkread.export.exporting import export_model
    from inkread.export.importing import Imported, import_keras

__all__ = ["FORMATS", "Exported", "Format", "Imported", "export_model", "import_keras"]


# These need NumPy and ONNX Runtime.
__getattr__ = lazy(__name__, {"exporting": ("export_model",), "importing": ("Imported", "import_keras")})
