"""Models in ONNX Runtime: opened from verified bytes, and refused if they are not what they are taken for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelFormatError, one_line
from inkread.models.onnx_file import require_whole

if TYPE_CHECKING:
    from inkread.models import Model

NOWHERE = "/nonexistent"
"""Where the runtime looks for external data, should one be named in a way that is not recognised."""

REMEDY = "train or export the model again with inkread"

SOURCE_PLACE = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : "
    r"|\S+\.(?:cc|cpp|h):\d+ (?:[^()\s]+ )*?[\w~:<>]+::[\w~]+\([^()]*\)(?: const)? (?:\[with [^]]*\] )?"
)
"""The name of the exception, and a place in the runtime's source with the signature of its function."""

Shape = list[int | str | None]


def open_session(
    model: Model, *, threads: int, takes: tuple[str, Shape], gives: tuple[str, Shape], meaning: str
) -> Any:
    """A session of the runtime.

    Args:
        model: verified.
        threads: of one call; 0 lets the runtime take one a core.
        takes: name and shape of the only input; an axis that is ``None`` may have any size, and must be free.
        gives: name and shape of an output; an axis that is ``None`` may be anything.
        meaning: the input and its shape in words, for the error.

    Raises:
        ModelFormatError: the model cannot run, or takes or gives something else.
    """
    session = _start(model.content, str(model.path), threads=threads, remedy=REMEDY)
    inputs = {node.name: node.shape for node in session.get_inputs()}
    outputs = {node.name: node.shape for node in session.get_outputs()}
    name, shape = takes
    if list(inputs) != [name] or not _fits(inputs[name], shape, free=True):
        raise ModelFormatError(str(model.path), f"takes {inputs}, not {meaning}", REMEDY)
    name, shape = gives
    if name not in outputs or not _fits(outputs[name], shape, free=False):
        wanted = [axis for axis in shape if axis is not None]
        raise ModelFormatError(str(model.path), f"gives {outputs}, not {name} {wanted}", REMEDY)
    return session


def start_session(content: bytes, source: str, *, threads: int, remedy: str = REMEDY) -> Any:
    """A session of the runtime for any ONNX model that is whole in itself.

    Args:
        content: of the file.
        source: the file, for errors.
        threads: of one call; 0 lets the runtime take one a core.
        remedy: what to do about a model that is refused.

    Raises:
        ModelFormatError: the model cannot run, or keeps data outside its file.
    """
    require_whole(content, source, remedy)
    return _start(content, source, threads=threads, remedy=remedy)


def _start(content: bytes, source: str, *, threads: int, remedy: str) -> Any:
    """A session for a model that is known to be whole: the runtime would read whatever file it names."""
    import onnxruntime as ort

    ort.disable_telemetry_events()  # in case the program imported the runtime before inkread
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", NOWHERE)
    # Idle threads that spin take the other cores from the rest of the program.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions share no base but this
        problem = f"is not an ONNX model that can run ({cause(error)})"
        raise ModelFormatError(source, problem, remedy) from error


def _fits(found: Shape, wanted: Shape, *, free: bool) -> bool:
    """Whether a shape is the wanted one; where that is ``None``, it must not be a number if it is to be free."""
    return len(found) == len(wanted) and all(
        (not free or not isinstance(one, int)) if other is None else one == other
        for one, other in zip(found, wanted, strict=True)
    )


def cause(error: Exception) -> str:
    """What an exception of the runtime says, on one line, without the places in its source."""
    return one_line(SOURCE_PLACE.sub("", str(error))) or type(error).__name__
