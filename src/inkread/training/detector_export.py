"""The trained detector and the networks for close-ups and strips as ONNX: batch norms folded into the convolutions, compared with PyTorch."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from inkread.datasets.numbers import load_numbers
from inkread.errors import TrainingError
from inkread.evaluation.metrics import expected_calibration_error
from inkread.models import CLOSEUP, DETECTOR, DIGIT_CLASSES, MODEL_FILE, RESCORING, STRIP, Card, Model
from inkread.models.onnx_session import start_session
from inkread.models.quantization import in_8_bits
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.closeups import SIDE, CloseupClassifier
from inkread.pipeline.contrast import WINDOW, planes
from inkread.pipeline.detector import DIGITS, Detector
from inkread.pipeline.fusion import Fusion, Weights
from inkread.pipeline.rescoring import FEATURES, NEIGHBORS, OWN, PAIR, Rescorer
from inkread.pipeline.strip_reader import StripReader
from inkread.pipeline.strips import HEIGHT, TALL
from inkread.synthetic.scenes import CLASSES, SIZES, make_scene
from inkread.synthetic.writers import load_stock
from inkread.training.closeup_fit import page
from inkread.training.closeup_network import CloseupNetwork
from inkread.training.detector_fusion import (
    PAGE,
    UPRIGHT,
    Eyes,
    fit_fusion,
    fit_turning,
    gather,
    gather_numbers,
    gather_single,
    gather_turned,
    neighborhoods,
    read,
)
from inkread.training.detector_network import STRIDE, DetectorNetwork
from inkread.training.rescoring_fit import fit_rescoring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.synthetic.writers import Stock
    from inkread.training.detector_fusion import Judged
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.rescoring_network import RescoringEnsemble, RescoringNetwork
    from inkread.training.strip_network import StripNetwork

SURE = 0.99
"""Digits at least this probable should hardly ever be wrong."""
OPSET, IR_VERSION = 17, 8
LAST = "objects"
"""The name of the last convolution, which stays in 32 bits: logits and sides of boxes would share a scale."""
COMPARED, TOLERANCE = 8, 1e-3
"""Held-out scenes on which both runtimes must agree, and by how much, as a share of the largest answer."""
CALIBRATED = 200
"""Held-out scenes from which the ranges of 8 bits are taken."""
UNWEIGHED = Fusion(Weights(1.0, 1.0, 1.0, 0.0, 0.0, 0.0), Weights(1.0, 1.0, 1.0, 0.0, 0.0, 0.0), UPRIGHT)
"""Of a detector whose opinions are not weighed yet."""
HELD_OUT = (1_001, 1_002, 1_004)
"""Seeds of the held-out pages on which the opinions are weighed, of those that measure the result, and of those that are turned."""
REAL = 4
"""How often each real number counts: there are fewer of them than pages, and they are what people write. Fitted on
half of them, 347 of the other 394 are read exactly, 338 if each counts once and 345 with 8; pages are read as well."""
TURNED = 8
"""One page in this many is read in all four orientations."""


class _Graph:
    """An ONNX graph that grows by convolutions, sums and enlargements; values are known by name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def _named(self, operation: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, values: NDArray[np.float32]) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def convolution(self, layer: Any, value: str) -> str:
        """A convolution, with the batch norm behind it, if any, folded in."""
        parts: list[Any] = list(layer) if isinstance(layer, nn.Sequential) else [layer, None]
        conv, norm = parts
        weight, bias = _values(conv.weight), _values(conv.bias)
        if isinstance(norm, nn.BatchNorm2d):
            gain = _values(norm.weight) / np.sqrt(_values(norm.running_var) + norm.eps)
            weight = weight * gain[:, None, None, None]
            bias = _values(norm.bias) + (bias - _values(norm.running_mean)) * gain
        inputs = [
            value,
            self._constant(weight.astype(np.float32)),
            self._constant(np.broadcast_to(bias, len(weight)).astype(np.float32)),
        ]
        return self._named(
            "Conv",
            inputs,
            kernel_shape=list(conv.kernel_size),
            strides=list(conv.stride),
            pads=list(conv.padding) * 2,
            dilations=list(conv.dilation),
        )

    def relu(self, value: str) -> str:
        """What is positive."""
        return self._named("Relu", [value])

    def highest(self, layer: Any, value: str) -> str:
        """The highest of each window."""
        size = layer.kernel_size
        window = [size, size] if isinstance(size, int) else list(size)
        return self._named("MaxPool", [value], kernel_shape=window, strides=window)

    def add(self, one: str, other: str) -> str:
        """The sum."""
        return self._named("Add", [one, other])

    def residuals(self, blocks: nn.Sequential, value: str) -> str:
        """Residual blocks, one after the other."""
        for block in blocks:
            value = self.residual(block, value)
        return value

    def residual(self, block: Any, value: str) -> str:
        """A residual block."""
        inner = self.relu(self.convolution(block.first, value))
        return self.relu(self.add(value, self.convolution(block.second, inner)))

    def dense(self, layer: nn.Linear, value: str) -> str:
        """A layer that sees all of its input's last axis."""
        product = self._named("MatMul", [value, self._constant(_values(layer.weight).T.astype(np.float32))])
        return self._named("Add", [product, self._constant(_values(layer.bias).astype(np.float32))])

    def scaled(self, value: str, mean: Any, deviation: Any) -> str:
        """In deviations from the mean."""
        centered = self._named("Sub", [value, self._constant(_values(mean).astype(np.float32))])
        return self._named("Div", [centered, self._constant(_values(deviation).astype(np.float32))])

    def part(self, value: str, axis: int, first: int, end: int) -> str:
        """What lies between two indices of an axis."""
        numbers = [self._whole_numbers([each]) for each in (first, end, axis)]
        return self._named("Slice", [value, *numbers])

    def shaped(self, value: str, shape: Sequence[int]) -> str:
        """The same numbers in another shape."""
        return self._named("Reshape", [value, self._whole_numbers(shape)])

    def times(self, one: str, other: str) -> str:
        """The product of each two numbers."""
        return self._named("Mul", [one, other])

    def over(self, operation: str, value: str, axis: int) -> str:
        """The largest or the mean along an axis (``ReduceMax`` or ``ReduceMean``)."""
        return self._named(operation, [value], axes=[axis], keepdims=0)

    def mean(self, values: Sequence[str]) -> str:
        """The mean of several values of one shape."""
        return self._named("Mean", list(values))

    def beside(self, values: Sequence[str]) -> str:
        """One after the other along the second axis."""
        return self._named("Concat", list(values), axis=1)

    def _whole_numbers(self, values: Sequence[int]) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def doubled(self, value: str) -> str:
        """Twice as high and wide, each place repeated."""
        scales = self._constant(np.array([1, 1, 2, 2], np.float32))
        return self._named(
            "Resize", [value, "", scales], mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )  # fmt: skip


def _values(tensor: Any) -> NDArray[np.float64]:
    """A tensor as an array; 0 for none."""
    return np.zeros(()) if tensor is None else np.asarray(tensor.detach().double().cpu().numpy())


def to_onnx(network: DetectorNetwork) -> bytes:
    """The network as an ONNX model: ``planes`` N×2×H×W -> ``objects`` N×(classes + 4)×H/4×W/4."""
    g = _Graph()
    value = g.relu(g.convolution(network.stem_half, "planes"))
    value = g.relu(g.convolution(network.stem_quarter, value))
    quarter = g.residuals(network.quarter_down, value)
    eighth = g.residuals(network.eighth_down, g.relu(g.convolution(network.to_eighth, quarter)))
    coarse = g.residuals(network.sixteenth, g.relu(g.convolution(network.to_sixteenth, eighth)))
    coarse = g.doubled(g.convolution(network.from_sixteenth, coarse))
    eighth = g.residuals(network.eighth_up, g.relu(g.add(eighth, coarse)))
    fine = g.doubled(g.convolution(network.from_eighth, eighth))
    fine = g.residuals(network.quarter_up, g.relu(g.add(quarter, fine)))
    fine = g.relu(g.convolution(network.head, fine))
    g.convolution(network.output, fine)
    g.nodes[-1].name, g.nodes[-1].output[0] = LAST, "objects"
    return _whole(
        g, "detector", ("planes", [None, 2, None, None]), ("objects", [None, network.classes + 4, None, None])
    )


def closeups_to_onnx(network: CloseupNetwork) -> bytes:
    """The network as an ONNX model: ``planes`` N×2×48×48 -> ``logits`` N×classes."""
    g = _Graph()
    value = g.residual(network.fine, g.relu(g.convolution(network.stem, "planes")))
    value = g.residual(network.middle, g.relu(g.convolution(network.to_middle, value)))
    value = g.residual(network.coarse, g.relu(g.convolution(network.to_coarse, value)))
    value = g.convolution(network.output, g.relu(g.convolution(network.flat, value)))
    g.nodes[-1].name = LAST
    g.nodes.append(helper.make_node("Flatten", [value], ["logits"], name="logits"))
    classes = network.output.out_channels
    return _whole(g, "closeup", ("planes", [None, 2, SIDE, SIDE]), ("logits", [None, classes]))


def strips_to_onnx(network: StripNetwork) -> bytes:
    """The network as an ONNX model: ``strips`` N×1×40×W -> ``columns`` N×(2 * classes)×1×W/4."""
    g = _Graph()
    value, layers = "strips", list(network)
    for layer, following in pairwise(layers):
        if isinstance(layer, nn.Conv2d):
            norm = following if isinstance(following, nn.BatchNorm2d) else nn.Identity()
            value = g.convolution(nn.Sequential(layer, norm), value)
        elif isinstance(layer, nn.ReLU):
            value = g.relu(value)
        elif isinstance(layer, nn.MaxPool2d):
            value = g.highest(layer, value)
    g.convolution(layers[-1], value)
    g.nodes[-1].name, g.nodes[-1].output[0] = LAST, "columns"
    answers = int(layers[-1].out_channels)  # type: ignore[arg-type]
    return _whole(g, "strip", ("strips", [None, 1, HEIGHT, None]), ("columns", [None, answers, 1, None]))


def rescoring_to_onnx(networks: RescoringEnsemble) -> bytes:
    """The networks as one ONNX model: ``features`` N×277 -> ``changes`` N×classes."""
    g = _Graph()
    answers = [_rescored(g, cast("RescoringNetwork", member)) for member in networks.members]
    g.mean(answers)
    g.nodes[-1].output[0] = "changes"
    return _whole(g, "rescoring", ("features", [None, FEATURES]), ("changes", [None, len(DIGIT_CLASSES)]))


def _rescored(g: _Graph, network: RescoringNetwork) -> str:
    scaled = g.scaled("features", network.mean, network.deviation)
    shape = (-1, NEIGHBORS, PAIR)
    pairs = g.shaped(g.part(scaled, 1, OWN, FEATURES), shape)
    present = g.part(g.shaped(g.part("features", 1, OWN, FEATURES), shape), 2, 0, 1)
    heard = g.relu(g.dense(network.second, g.relu(g.dense(network.first, pairs))))
    heard = g.times(heard, present)
    pooled = [g.over(operation, heard, 1) for operation in ("ReduceMax", "ReduceMean")]
    value = g.relu(g.dense(network.together, g.beside([g.part(scaled, 1, 0, OWN), *pooled])))
    return g.dense(network.output, g.relu(g.dense(network.narrow, value)))


def _whole(
    graph: _Graph, name: str, takes: tuple[str, list[int | None]], gives: tuple[str, list[int | None]]
) -> bytes:
    """The graph as the bytes of a model that ONNX' checker accepts."""
    inputs, outputs = (
        helper.make_tensor_value_info(one, TensorProto.FLOAT, shape) for one, shape in (takes, gives)
    )
    whole = helper.make_graph(graph.nodes, name, [inputs], [outputs], graph.weights)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


@dataclass(frozen=True, slots=True)
class Origin:
    """Where networks come from, for their cards.

    Attributes:
        recipe: every setting.
        data: what they learned from, see ``Card.data``.
        command: the command that reproduces the run.
    """

    recipe: DetectorRecipe
    data: tuple[dict[str, Any], ...]
    command: str

    def card(
        self, name: str, network: nn.Module, *, labels: tuple[str, ...], geometry: dict[str, Any]
    ) -> Card:
        """Returns the card of a network that is not exported yet."""
        return Card(
            name=name,
            created=datetime.now(UTC).date().isoformat(),
            sha256="0" * 64,
            labels=labels,
            temperature=1.0,
            parameters=sum(p.numel() for p in network.parameters()),
            geometry=geometry,
            fusion=dataclasses.asdict(UNWEIGHED) if name == DETECTOR else {},
            data=self.data,
            recipe=self.recipe.to_dict(),
            command=self.command,
            seed=self.recipe.seed,
        )


def detector_model(network: DetectorNetwork, folder: Path, origin: Origin, *, held_out: Stock) -> Model:
    """Returns the detector in 8 bits; the opinions are not weighed yet.

    Args:
        network: the trained network, in evaluation mode.
        folder: the folder that the model will be in.
        origin: for its card.
        held_out: the material of the scenes from which the ranges for 8 bits are taken.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on held-out scenes.
    """
    examples = [
        planes(make_scene(held_out, np.random.default_rng([CALIBRATED, i])).pixels)[None]
        for i in range(CALIBRATED)
    ]
    geometry = {"stride": STRIDE, "heights": list(SIZES), "window": WINDOW}
    card = origin.card(DETECTOR, network, labels=CLASSES, geometry=geometry)
    return _in_8_bits(to_onnx(network), network, examples, card, folder)


def second_network_model(
    network: CloseupNetwork | StripNetwork,
    examples: Sequence[NDArray[np.float32]],
    folder: Path,
    origin: Origin,
) -> Model:
    """Returns the network for close-ups or for strips in 8 bits.

    Args:
        network: the trained network.
        examples: held-out inputs, each N×2×48×48 close-ups, or N×1×40×W strips of one width.
        folder: the folder that the model will be in.
        origin: for its card.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on the examples.
    """
    geometry: dict[str, float]
    if isinstance(network, CloseupNetwork):
        name, geometry, content = CLOSEUP, {"side": SIDE, "box": SIDE // 2}, closeups_to_onnx(network.eval())
    else:
        name, geometry, content = STRIP, {"height": HEIGHT, "digits": TALL}, strips_to_onnx(network.eval())
    card = origin.card(name, network, labels=DIGIT_CLASSES, geometry=geometry)
    return _in_8_bits(content, network, examples, card, folder)


def weighed(
    models: Mapping[str, Model], folder: Path, origin: Origin, *, data_dir: Path | None = None
) -> tuple[Card, Model]:
    """Fits the weights of the opinions and the rescoring network; returns the detector's card and that network.

    Both are fitted on held-out pages, real numbers, and pictures of one digit, at most ``recipe.judged_pages`` of
    each. Half as many other pages measure the result.

    Args:
        models: the quantized detector and the networks for close-ups and strips, by name.
        folder: the run's folder.
        origin: for the cards.
        data_dir: the folder of the collections; default: where the loaders look.
    """
    eyes = Eyes(
        Detector(models[DETECTOR]),
        CloseupClassifier(models[CLOSEUP]),
        StripReader(models[STRIP]),
        Classifier(),
    )
    stock, pages = load_stock(data_dir=data_dir, held_out=True), origin.recipe.judged_pages
    seen = list(gather(eyes, stock, pages=pages, seed=HELD_OUT[0]))
    seen += REAL * list(gather_numbers(eyes, load_numbers(data_dir, held_out=True)[:pages]))
    fusion = fit_fusion(seen, list(gather_single(eyes, stock, pictures=pages, seed=HELD_OUT[0])))
    features, fused, truth = neighborhoods(seen, fusion)
    network = fit_rescoring(features, fused, truth, seed=origin.recipe.seed)
    rescoring = rescoring_model(network, [features[:64]], folder / RESCORING, origin)
    rescorer = Rescorer(rescoring)
    turnable = (page(stock, HELD_OUT[2], index, size=PAGE) for index in range(pages // TURNED))
    turning = fit_turning(gather_turned(eyes, turnable, fusion, rescorer))
    scores = scores_of(gather(eyes, stock, pages=pages // 2, seed=HELD_OUT[1]), fusion, rescorer)
    fusion = dataclasses.replace(fusion, turning=turning)
    card = dataclasses.replace(models[DETECTOR].card, fusion=dataclasses.asdict(fusion), scores=scores)
    return card, rescoring


def rescoring_model(
    network: RescoringEnsemble, examples: Sequence[NDArray[np.float32]], folder: Path, origin: Origin
) -> Model:
    """Returns the rescoring network in 32 bits, because it is small, and its inputs have many ranges."""
    content = rescoring_to_onnx(network)
    _compare(content, network, examples)
    card = origin.card(RESCORING, network, labels=DIGIT_CLASSES, geometry={"neighbors": NEIGHBORS})
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    return Model(card.name, folder / MODEL_FILE, card, content)


def scores_of(judged: Iterable[Judged], fusion: Fusion, rescorer: Rescorer) -> dict[str, float]:
    """Recall, precision and calibration on held-out pages, by all opinions together."""
    digits, parts = 0, []
    for each in judged:
        probabilities, truth = read(each, fusion, rescorer)
        parts.append((probabilities.max(axis=1), probabilities.argmax(axis=1) == truth, truth >= 0))
        digits += int(((each.scene.classes >= 0) & (each.scene.classes < DIGITS)).sum())
    probable, right, counted = (np.concatenate(column) for column in zip(*parts, strict=True))
    probable, right = probable[counted], right[counted]
    sure = probable >= SURE
    return {
        "pages_recall": float(right.sum() / max(1, digits)),
        "pages_precision": float(right.mean()) if right.size else 0.0,
        "pages_ece": expected_calibration_error(probable, right),
        "pages_sure_and_wrong": float((sure & ~right).sum() / max(1, sure.sum())),
    }


def _in_8_bits(
    content: bytes, network: nn.Module, examples: Sequence[NDArray[np.float32]], card: Card, folder: Path
) -> Model:
    """The model in 8 bits, after a comparison with the network."""
    _compare(content, network, examples[:COMPARED])
    content = bytes(in_8_bits(content, examples, keep=[LAST]).SerializeToString())
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    return Model(card.name, folder / MODEL_FILE, card, content)


@torch.no_grad()
def _compare(content: bytes, network: nn.Module, examples: Sequence[NDArray[np.float32]]) -> None:
    session = start_session(content, MODEL_FILE, threads=0)
    name = session.get_inputs()[0].name
    for example in examples:
        expected = network(torch.from_numpy(example)).numpy()
        gap = np.abs(session.run(None, {name: example})[0] - expected).max() / np.abs(expected).max()
        if not gap <= TOLERANCE:  # NaN is no agreement
            raise TrainingError(
                MODEL_FILE,
                f"disagrees with the network (answers differ by {gap:.2g})",
                "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread asks for",
            )
