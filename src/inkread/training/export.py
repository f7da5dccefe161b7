"""A trained network as files: ``model.onnx``, ``model.safetensors``, ``history.csv``, ``held_out.npz`` and ``card.json``.

The graph is written layer by layer rather than traced: six operators that every ONNX reader has, and no more.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import math
import re
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
from inkread.evaluation.metrics import calibration_bins, expected_calibration_error
from inkread.models.card import (
    CARD_FILE,
    HELD_OUT_FILE,
    LEAST_REJECTION_THRESHOLD,
    MODEL_FILE,
    NOT_A_DIGIT,
    Card,
)
from inkread.models.history import HISTORY_FILE
from inkread.models.onnx_session import start_session
from inkread.training.calibration import fit_temperature, softmax
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
"""Of 2022: old enough for every runtime in use, new enough for every operator here."""

NONE_IN_USE = 0.2
"""Share of what is no digit among what people give to be read as one: assumed, as nobody has counted."""

KEPT = 0.99
"""Share of the held-out digits that must not be refused."""

Tensor: TypeAlias = tuple[str, tuple[str | int | None, ...]]

TOLERANCE = 1e-4
"""Largest difference of a logit between the two runtimes, as a share of the largest logit; 1e-6 is usual."""


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
        run: what ``fit`` gave.
        validation: held-out glyphs, set by set: to compare with ONNX Runtime, to calibrate and to score.
        data: an entry of the card for each data set, see ``LabelledGlyphs.describe``.
        geometry: how a glyph is made, for the card.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ONNX Runtime and PyTorch disagree on the held-out glyphs.
        OutputError: if the folder cannot be written to.
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
    """The card of a run's exported model; for what is given, see ``Card``."""
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
        run: with its folder, its network and its history.
        model: the network as ONNX.
        card: of the model.
        held_out: glyphs that the training held out; ``None`` for a network that reads no glyphs.

    Raises:
        OutputError: if the folder cannot be written to.
    """
    try:
        write(run, model, card, held_out)
    except OSError as error:
        raise OutputError(
            str(run.out), f"cannot be written to ({error})", "make room, then resume the run"
        ) from error


def write(run: Run[Any, Any], model: bytes, card: Card, held_out: LabelledGlyphs | None) -> None:
    """Writes into a temporary folder beside, moves the files to their places, removes the checkpoint."""
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
    """One row an epoch, under the names of its figures."""
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
    """A network in evaluation mode as ONNX.

    Args:
        network: its layers.
        takes: name and shape of the input, float32.
        gives: name and shape of the output, float32; ``None`` stands for the last layer's number of outputs.
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
    """An ONNX file, checked.

    Args:
        nodes: the operators in an order in which they can be run.
        weights: by their names.
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
    """A layer's ONNX operator, its attributes and its weights in the operator's order."""
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
    """ONNX Runtime's logits (N, classes) of glyphs (N, 28, 28), which must be PyTorch's too.

    Raises:
        TrainingError: if a logit differs by more than ``TOLERANCE`` times the largest, or any decision does.
    """
    expected = predict(network, images)
    session = start_session(model, MODEL_FILE, threads=0)
    parts = [images[start : start + INFERENCE_BATCH] for start in range(0, len(images), INFERENCE_BATCH)]
    logits = np.concatenate(
        [session.run(["logits"], {"glyphs": part.astype(np.float32) / 255})[0] for part in parts]
    )
    gap = np.abs(logits - expected).max() / np.abs(expected).max()
    changed = int((logits.argmax(axis=1) != expected.argmax(axis=1)).sum())
    if changed or not gap <= TOLERANCE:  # NaN is no agreement
        raise TrainingError(
            MODEL_FILE,
            f"disagrees with the network ({changed} of {len(images)} answers differ, logits by {gap:.2g})",
            "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread asks for",
        )
    return np.asarray(logits, np.float32)


def fit_background_logit_adjustment(validation: Sequence[LabelledGlyphs]) -> float:
    """The logarithm of the odds of "not a digit" in use, over its odds among the held-out glyphs (Bayes); 0 if unknown.

    What is learned from is full of what is no digit, so that it is learned well; what people ask about is mostly digits.
    """
    is_none = np.concatenate([glyphs.labels == glyphs.none_class for glyphs in validation])
    share = float(is_none.mean())
    if share in (0.0, 1.0):
        return 0.0
    return round(math.log(NONE_IN_USE / (1 - NONE_IN_USE)) - math.log(share / (1 - share)), 4)


def as_in_use(
    logits: Sequence[NDArray[np.float32]], validation: Sequence[LabelledGlyphs], bias: float
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Held-out glyphs of which no more are "not a digit", or digits, than in use, as the bias says: the others are left out.

    Returns:
        Logits (N, classes), labels (N,), and for each class what is added to its logits.
    """
    together = np.concatenate(logits)
    labels = np.concatenate([glyphs.labels for glyphs in validation])
    none = labels == validation[0].none_class
    shares = np.where(none, min(1.0, math.exp(bias)), min(1.0, math.exp(-bias)))
    kept = np.zeros(len(labels), bool)
    for kind in (none, ~none):
        kept[kind] = np.diff(np.floor(np.cumsum(shares[kind]) + 0.5), prepend=0) > 0  # evenly among them
    biases = biased(np.zeros((1, together.shape[1]), np.float32), bias, validation[0].none_class)[0]
    return together[kept], labels[kept], biases


def calibrate(
    logits: Sequence[NDArray[np.float32]], validation: Sequence[LabelledGlyphs], bias: float
) -> tuple[float, dict[str, float]]:
    """The temperature, and the scores of the card: each set's by its name, all else of the held-out glyphs as in use.

    A set's accuracy is that of what is read, with the temperature and the bias of "not a digit", and so counts refusals as
    errors; MNIST's is also given for the ten digits alone, as it usually is.
    """
    found, labels, biases = as_in_use(logits, validation, bias)
    temperature = fit_temperature(found, labels, biases=biases)
    scores = {}
    for part, glyphs in zip(logits, validation, strict=True):
        name = re.sub(r"\W+", "_", glyphs.name.lower()).strip("_")
        read = biased(part / temperature, bias, glyphs.none_class)
        scores[f"{name}_validation"] = float((read.argmax(axis=1) == glyphs.labels).mean())
        if NOT_A_DIGIT in glyphs.classes and (glyphs.labels < glyphs.none_class).all():
            which = part[:, : glyphs.none_class].argmax(axis=1)
            scores[f"{name}_validation_which_digit"] = float((which == glyphs.labels).mean())
    probabilities = softmax(found / temperature + biases)
    scores["validation_loss"] = float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())
    right = probabilities.argmax(axis=1) == labels
    scores["validation_accuracy"] = float(right.mean())
    scores["validation_ece"] = expected_calibration_error(probabilities.max(axis=1), right)
    return temperature, scores


def fit_rejection_threshold(
    logits: Sequence[NDArray[np.float32]],
    validation: Sequence[LabelledGlyphs],
    *,
    temperature: float,
    bias: float,
) -> float:
    """From how probable "not a single digit" is on a picture is refused, see ``Card``: as low as it keeps ``KEPT`` of the held-out digits.

    Letters that nobody taught get a share of the probability where digits hardly do, so that there is room below 1.
    """
    shares = []
    for part, glyphs in zip(logits, validation, strict=True):
        read = biased(part / temperature, bias, glyphs.none_class)[glyphs.labels < glyphs.none_class]
        if read.shape[1] == glyphs.none_class:
            return 1.0  # it knows no "not a digit"
        shares.append(np.exp(read[:, glyphs.none_class] - read[:, : glyphs.none_class].max(axis=1)))
    together = np.concatenate(shares)
    return (
        round(float(np.quantile(together, KEPT).clip(LEAST_REJECTION_THRESHOLD, 1)), 4)
        if len(together)
        else 1.0
    )


def confusion(
    logits: Sequence[NDArray[np.float32]],
    validation: Sequence[LabelledGlyphs],
    *,
    temperature: float,
    bias: float,
) -> tuple[tuple[int, ...], ...]:
    """How often held-out glyphs of each class (row) are read as each class (column), as a reader reads them."""
    classes = logits[0].shape[1]
    counts = np.zeros((classes, classes), np.int64)
    for part, glyphs in zip(logits, validation, strict=True):
        np.add.at(
            counts, (glyphs.labels, biased(part / temperature, bias, glyphs.none_class).argmax(axis=1)), 1
        )
    return tuple(tuple(row) for row in counts.tolist())


def reliability(
    logits: Sequence[NDArray[np.float32]],
    validation: Sequence[LabelledGlyphs],
    *,
    temperature: float,
    bias: float,
) -> tuple[tuple[float, ...], ...]:
    """How often the surest answers for held-out glyphs are right, see ``Card``; of what the score ``validation_ece`` is the mean gap."""
    found, labels, biases = as_in_use(logits, validation, bias)
    probabilities = softmax(found / temperature + biases)
    right = probabilities.argmax(axis=1) == labels
    bins = calibration_bins(probabilities.max(axis=1), right)
    return tuple(
        (found.count, round(found.count * found.accuracy), round(found.confidence, 6))
        if found.count
        else (0, 0, 0)
        for found in bins
    )


def biased(logits: NDArray[np.float32], bias: float, none_class: int) -> NDArray[np.float32]:
    """The logits with the bias added to that of "not a digit", if there is one."""
    return np.concatenate([logits[:, :none_class], logits[:, none_class:] + np.float32(bias)], axis=1)
