"""Models for other programs, and models from Keras.

::

    formats             the formats by their names: files, outputs, what must be installed
    parity_data         real digits to compare on
    exporting           write, load again, compare, move into place
    parity              whether the exported model gives the same answers
    source, files       the metadata in every file; files that appear complete or not at all
    to_onnx, to_int8, to_keras, to_litert, to_litert_int8, to_torch
                        how a model is written, and how the file is run
    importing           a Keras file as a model of ours
    from_keras, graph, keras_2
                        its layers, the ONNX graph that they become, files of Keras 2

Most formats are written from the short list of layers that ``inkread.models.layers`` reads from a model. Each ``to_`` module has ``write(source, path)`` and ``load(path)``, and is imported only when its format is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkread.export.formats import FORMATS, Format

if TYPE_CHECKING:
    from inkread.export.exporting import Exported, export_model
    from inkread.export.importing import Imported, import_keras

__all__ = ["FORMATS", "Exported", "Format", "Imported", "export_model", "import_keras"]


def __getattr__(name: str) -> Any:
    """What needs NumPy and ONNX Runtime, when it is first asked for."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from inkread.export import exporting, importing

    return getattr(exporting if hasattr(exporting, name) else importing, name)
