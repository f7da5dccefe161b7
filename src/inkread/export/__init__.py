"""Exports models for other programs, and imports models from Keras.

Most formats are written from the short list of layers that ``inkread.models.layers`` reads from a model.
Each ``to_`` module has ``write(source, path)`` and ``load(path)``, and is imported only when its format
is requested. A Keras file becomes a model in ``importing``, by ``from_keras`` and ``keras_layers``.
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
