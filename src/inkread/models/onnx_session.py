"""Models in ONNX Runtime: opens verified bytes, and rejects models with unexpected inputs or outputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ModelFormatError, one_line
from inkread.models import Model, load_model
from inkread.models.onnx_file import require_whole

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

NOWHERE = "/nonexistent"
"""Where the runtime looks for external data that the check failed to recognize."""

REMEDY = "train or export the model again with inkread"

SOURCE_PLACE = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : "
    r"|\S+\.(?:cc|cpp|h):\d+ (?:[^()\s]+ )*?[\w~:<>]+::[\w~]+\([^()]*\)(?: const)? (?:\[with [^]]*\] )?"
)
"""Matches the exception's name, and source locations in the runtime with function signatures."""

Shape = list[int | str | None]


class Network:
    """A loaded model; safe to share between threads.

    Args:
        model: a verified model, or what ``load_model`` takes; if it has an 8-bit copy, that one computes.
        threads: intra-op threads per call; 0 means one per core.

    Attributes:
        takes: name and shape of the only input; an axis that is ``None`` must be dynamic.
        gives: name and shape of an output; an axis that is ``None`` may be anything.

    Raises:
        ModelError: the model cannot be loaded, or has other inputs and outputs than expected.
    """

    takes: tuple[str, Shape]
    gives: tuple[str, Shape]

    def __init__(self, model: Model | str | os.PathLike[str], *, threads: int = 0) -> None:
        self.model = model if isinstance(model, Model) else load_model(model)
        computing = self.model.quantized or self.model
        self._session = open_session(computing, threads=threads, takes=self.takes, gives=self.gives)

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


def open_session(model: Model, *, threads: int, takes: tuple[str, Shape], gives: tuple[str, Shape]) -> Any:
    """Opens a verified model in ONNX Runtime, see ``Network``.

    Raises:
        ModelFormatError: the model cannot run, or its input or output is different.
    """
    session = _start(model.content, str(model.path), threads=threads, remedy=REMEDY)
    try:
        inputs = {node.name: node.shape for node in session.get_inputs()}
        outputs = {node.name: node.shape for node in session.get_outputs()}
    except UnicodeDecodeError as error:
        problem = f"has a name that is not UTF-8 ({error.reason})"
        raise ModelFormatError(str(model.path), problem, REMEDY) from error
    name, shape = takes
    if list(inputs) != [name] or not _fits(inputs[name], shape, free=True):
        letters = "N" + "CHW"[1 - len(shape) :]
        axes = ", ".join(str(axis or letter) for axis, letter in zip(shape, letters, strict=True))
        raise ModelFormatError(str(model.path), f"takes {inputs}, not {name} ({axes})", REMEDY)
    name, shape = gives
    if name not in outputs or not _fits(outputs[name], shape, free=False):
        wanted = [axis for axis in shape if axis is not None]
        raise ModelFormatError(str(model.path), f"outputs {outputs}, not {name} {wanted}", REMEDY)
    return session


def start_session(content: bytes, source: str, *, threads: int, remedy: str = REMEDY) -> Any:
    """Opens the bytes of any self-contained ONNX model in ONNX Runtime; errors have this source and remedy.

    Raises:
        ModelFormatError: the model cannot run, or keeps data outside its file.
    """
    require_whole(content, source, remedy)
    return _start(content, source, threads=threads, remedy=remedy)


def _start(content: bytes, source: str, *, threads: int, remedy: str) -> Any:
    """Opens a model already known to be self-contained: the runtime would read any file that it names."""
    import onnxruntime as ort

    ort.disable_telemetry_events()  # in case the program imported the runtime before inkread
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", NOWHERE)
    # Idle threads that spin take the other cores away from the rest of the program.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions have no more specific base class
        problem = f"is not a runnable ONNX model ({cause(error)})"
        raise ModelFormatError(source, problem, remedy) from error


def _fits(found: Shape, wanted: Shape, *, free: bool) -> bool:
    """Returns whether a shape matches; an axis wanted as ``None`` must be dynamic if ``free``."""
    return len(found) == len(wanted) and all(
        (not free or not isinstance(one, int)) if other is None else one == other
        for one, other in zip(found, wanted, strict=True)
    )


def cause(error: Exception) -> str:
    """Returns a runtime exception's message on one line, without its source locations."""
    return one_line(SOURCE_PLACE.sub("", str(error))) or type(error).__name__
