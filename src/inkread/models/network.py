"""A model in ONNX Runtime, with the input and the output that its reader expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.models import Model, load_model
from inkread.models.onnx_session import open_session

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from inkread.models.onnx_session import Shape


class Network:
    """A loaded model; safe to share between threads.

    Args:
        model: a verified model, or what ``load_model`` takes; if it has an 8-bit copy, that one computes.
        threads: intra-op threads per call; 0 means one per core.

    Attributes:
        takes: name and shape of the input, see ``open_session``.
        gives: name and shape of the output.

    Raises:
        ModelError: the model cannot be loaded, or has other inputs and outputs than expected.
    """

    takes: tuple[str, Shape]
    gives: tuple[str, Shape]

    def __init__(self, model: Model | str | os.PathLike[str], *, threads: int = 0) -> None:
        self.model = model if isinstance(model, Model) else load_model(model)
        self._session = open_session(
            self.model.quantized or self.model, threads=threads, takes=self.takes, gives=self.gives
        )

    @property
    def sha256(self) -> str:
        """SHA-256, hexadecimal, of the file that computes."""
        return (self.model.quantized or self.model).card.sha256

    def _run(self, inputs: NDArray[np.float32], *, batch: int | None = None) -> NDArray[np.float32]:
        """Returns the output for all inputs, ``batch`` of them at a time."""
        name, shape = self.gives
        size = batch or max(1, len(inputs))
        parts = [
            self._session.run([name], {self.takes[0]: inputs[start : start + size]})[0]
            for start in range(0, len(inputs), size)
        ]
        if len(parts) == 1:
            return np.asarray(parts[0], np.float32)
        return np.concatenate(parts or [np.zeros((0, *(int(axis or 0) for axis in shape[1:])), np.float32)])
