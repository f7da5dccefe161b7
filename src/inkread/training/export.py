"""Writes a trained network as files: model.onnx, model.safetensors, history.csv, held_out.npz, and card.json.

The graph is written layer by layer, not traced: six operators that every ONNX reader supports.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save
from torch import nn

from inkread.datasets.glyphs import join
from inkread.errors import OutputError, TrainingError
from inkread.models.card import (
    CARD_FILE,
    HELD_OUT_FILE,
    MODEL_FILE,
    Card,
)
from inkread.models.history import HISTORY_FILE
from inkread.models.onnx_session import start_session
from inkread.training.calibration import (
    calibrate,
    confusion,
    fit_background_logit_adjustment,
    fit_rejection_threshold,
    reliability,
)
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.digits import INFERENCE_BATCH, predict
from inkread.training.networks import folded
from inkread.training.run import WEIGHTS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.training.digits import Epoch
    from inkread.training.recipe import Recipe
    from inkread.training.run import Run

OPSET, IR_VERSION = 17, 8
"""From 2022: old enough for every runtime in use, new enough for every operator here."""

Tensor: TypeAlias = tuple[str, tuple[str | int | None, ...]]

TOLERANCE = 1e-4
"""Largest allowed difference of a logit between the runtimes, as a share of the largest logit; 1e-6 is
usual."""


def export(
    run: Run[Recipe, Epoch],
    validation: Sequence[LabelledGlyphs],
    *,
    data: Sequence[dict[str, Any]],
    geometry: dict[str, Any],
    command: str = "",
) -> Card:
    """Writes the files of a run, or none; the card comes last and marks the run as finished.

    Args:
        run: the result of ``fit``.
        validation: held-out glyphs, set by set, to compare with ONNX Runtime, to calibrate, and to score.
        data: an entry of the card for each data set, see ``LabelledGlyphs.describe``.
        geometry: how a digit becomes a glyph, for the card.
        command: the command that reproduces the run, for the card.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on the held-out glyphs.
        OutputError: the folder cannot be written to.
    """
    model = to_onnx(run.network)
    logits = [compare(model, run.network, glyphs.images) for glyphs in validation]
    bias = fit_background_logit_adjustment(validation)
    temperature, scores = calibrate(logits, validation, bias)
    rejection_threshold = fit_rejection_threshold(logits, validation, temperature=temperature, bias=bias)
    card = card_of(
        run,
        model,
        labels=validation[0].classes[: logits[0].shape[1]],
        temperature=temperature,
        background_logit_adjustment=bias,
        rejection_threshold=rejection_threshold,
        geometry=geometry,
        data=data,
        command=command,
        scores=scores,
        confusion=confusion(logits, validation, temperature=temperature, bias=bias),
        reliability=reliability(logits, validation, temperature=temperature, bias=bias),
    )
    save_run(run, model, card, held_out=join(validation))
    return card


def card_of(
    run: Run[Any, Any],
    model: bytes,
    *,
    labels: tuple[str, ...],
    temperature: float,
    geometry: dict[str, Any],
    data: Sequence[dict[str, Any]],
    command: str,
    scores: dict[str, float],
    background_logit_adjustment: float = 0.0,
    rejection_threshold: float = 1.0,
    confusion: tuple[tuple[int, ...], ...] = (),
    reliability: tuple[tuple[float, ...], ...] = (),
) -> Card:
    """Returns the card of a run's exported model; for the arguments, see ``Card``."""
    return Card(
        name=run.recipe.network,
        created=dt.datetime.now(dt.UTC).date().isoformat(),
        sha256=hashlib.sha256(model).hexdigest(),
        labels=labels,
        temperature=temperature,
        background_logit_adjustment=background_logit_adjustment,
        rejection_threshold=rejection_threshold,
        parameters=sum(weight.numel() for weight in run.network.parameters()),
        geometry=geometry,
        data=tuple(data),
        recipe=run.recipe.to_dict(),
        command=command,
        seed=run.recipe.seed,
        scores={name: round(score, 6) for name, score in scores.items()},
        confusion=confusion,
        reliability=reliability,
    )


def save_run(run: Run[Any, Any], model: bytes, card: Card, *, held_out: LabelledGlyphs | None = None) -> None:
    """Writes a run's files, or none; the card comes last and marks the run as finished.

    Args:
        run: with its folder, its network, and its history.
        model: the network as ONNX.
        card: the model's card.
        held_out: the held-out glyphs; ``None`` for a network that does not read glyphs.

    Raises:
        OutputError: the folder cannot be written to.
    """
    try:
        write(run, model, card, held_out)
    except OSError as error:
        raise OutputError(
            str(run.out), f"cannot be written to ({error})", "make room, then resume the run"
        ) from error


def write(run: Run[Any, Any], model: bytes, card: Card, held_out: LabelledGlyphs | None) -> None:
    """Writes to a temporary folder, moves the files to their places, and removes the checkpoint."""
    run.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run.out, prefix=".export-") as folder:
        parts = Path(folder)
        (parts / MODEL_FILE).write_bytes(model)
        weights = {name: tensor.contiguous() for name, tensor in run.network.state_dict().items()}
        (parts / WEIGHTS_FILE).write_bytes(save(weights, metadata={"network": run.recipe.network}))
        write_history(parts / HISTORY_FILE, run.history)
        if held_out is not None:
            held_out.save(parts / HELD_OUT_FILE)
        (parts / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
        for part in sorted(parts.iterdir(), key=lambda part: part.name == CARD_FILE):
            part.replace(run.out / part.name)
    (run.out / CHECKPOINT_FILE).unlink(missing_ok=True)


def write_history(path: Path, history: Sequence[Any]) -> None:
    """Writes one row per epoch, under the names of its figures."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [column.name for column in fields(history[0])], lineterminator="\n")
        table.writeheader()
        for epoch in history:
            table.writerow({name: f"{value:.6g}" for name, value in asdict(epoch).items()})


def to_onnx(
    network: nn.Sequential,
    *,
    takes: Tensor = ("glyphs", ("N", 28, 28)),
    gives: Tensor = ("logits", ("N", None)),
) -> bytes:
    """Converts a network in evaluation mode to ONNX.

    Args:
        network: its layers.
        takes: name and shape of the input, float32.
        gives: name and shape of the output, float32; ``None`` is the last layer's number of outputs.
    """
    nodes = []
    weights: dict[str, NDArray[Any]] = {}
    layers = folded(network)
    value, outputs = takes[0], 0
    for index, layer in enumerate(layers):
        operator, attributes, tensors = operator_of(layer)
        named = {f"{index}.{name}": np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        outputs = next((len(tensor) for tensor in reversed(named.values())), outputs)
        weights |= named
        result = gives[0] if index == len(layers) - 1 else f"{index}.{operator}"
        nodes.append(helper.make_node(operator, [value, *named], [result], **attributes))
        value = result
    shape = tuple(outputs if axis is None else axis for axis in gives[1])
    return onnx_file(nodes, weights, takes=takes, gives=(gives[0], shape))


def onnx_file(
    nodes: Sequence[onnx.NodeProto], weights: Mapping[str, NDArray[Any]], *, takes: Tensor, gives: Tensor
) -> bytes:
    """Returns a checked ONNX file.

    Args:
        nodes: the operators in execution order.
        weights: by name.
        takes: name and shape of the input, float32.
        gives: name and shape of the output, float32.
    """
    graph = helper.make_graph(
        nodes,
        "inkread",
        [helper.make_tensor_value_info(takes[0], TensorProto.FLOAT, list(takes[1]))],
        [helper.make_tensor_value_info(gives[0], TensorProto.FLOAT, list(gives[1]))],
        [numpy_helper.from_array(weight, name) for name, weight in weights.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="inkread")
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def operator_of(layer: nn.Module) -> tuple[str, dict[str, Any], dict[str, NDArray[Any]]]:
    """Returns a layer's ONNX operator, its attributes, and its weights in the operator's order."""
    match layer:
        case nn.Unflatten():
            return "Unsqueeze", {}, {"axes": np.array([layer.dim])}
        case nn.Conv2d(padding=(int(rows), int(columns))):
            pads = [rows, columns, rows, columns]
            shape = {"kernel_shape": list(layer.kernel_size), "strides": list(layer.stride)}
            return "Conv", shape | {"pads": pads, "dilations": list(layer.dilation)}, _weights(layer)
        case nn.MaxPool2d() | nn.AvgPool2d():
            operator = "MaxPool" if isinstance(layer, nn.MaxPool2d) else "AveragePool"
            return operator, {"kernel_shape": _pair(layer.kernel_size), "strides": _pair(layer.stride)}, {}
        case nn.ReLU():
            return "Relu", {}, {}
        case nn.Flatten():
            return "Flatten", {}, {}
        case nn.Linear():
            return "Gemm", {"transB": 1}, _weights(layer)
        case _:
            message = f"{layer} has no ONNX operator here; add one"
            raise TypeError(message)


def _pair(size: int | tuple[int, ...]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


def _weights(layer: nn.Module) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().numpy() for name, tensor in layer.named_parameters()}


def compare(model: bytes, network: nn.Sequential, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns ONNX Runtime's logits (N, classes) of glyphs (N, 28, 28), which must equal PyTorch's.

    Raises:
        TrainingError: a logit differs by more than ``TOLERANCE`` times the largest, or a decision differs.
    """
    expected = predict(network, images)
    session = start_session(model, MODEL_FILE, threads=0)
    parts = [images[start : start + INFERENCE_BATCH] for start in range(0, len(images), INFERENCE_BATCH)]
    logits = np.concatenate(
        [session.run(["logits"], {"glyphs": part.astype(np.float32) / 255})[0] for part in parts]
    )
    gap = np.abs(logits - expected).max() / np.abs(expected).max()
    changed = int((logits.argmax(axis=1) != expected.argmax(axis=1)).sum())
    if changed or not gap <= TOLERANCE:  # NaN is not agreement
        raise TrainingError(
            MODEL_FILE,
            f"disagrees with the network ({changed} of {len(images)} answers differ, logits by {gap:.2g})",
            "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread needs",
        )
    return np.asarray(logits, np.float32)
