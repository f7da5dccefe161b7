"""The trained detector as ONNX: batch norms folded into the convolutions, compared with PyTorch."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from inkread.classifier import Classifier
from inkread.errors import TrainingError
from inkread.evaluation.metrics import expected_calibration_error
from inkread.models import CARD_FILE, MODEL_FILE, Card, Model
from inkread.models.eight_bits import in_8_bits
from inkread.pipeline.contrast import WINDOW, planes
from inkread.pipeline.detector import DIGITS, Detector
from inkread.pipeline.fusion import Fusion
from inkread.runtime import start_session
from inkread.synthetic.scenes import CLASSES, SIZES, make_scene
from inkread.synthetic.writers import load_stock
from inkread.training.detector_fusion import Opinions, fit_fusion, gather
from inkread.training.detector_network import STRIDE, DetectorNetwork, Residual

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.training.detector_fit import DetectorTraining

SURE = 0.99
"""Digits at least this probable should hardly ever be wrong."""
DATA: tuple[dict[str, str], ...] = (
    {"name": "MNIST, training files", "attribution": "Yann LeCun, Corinna Cortes, Christopher J. C. Burges"},
    {"name": "UNIPEN characters and words", "licence": "CC-BY-4.0",
     "attribution": "The UNIPEN Foundation and its contributors: UNIPEN train_r01_v07, https://doi.org/10.5281/zenodo.1195803"},
    {"name": "Pendigits and UJI Pen Characters", "licence": "CC-BY-4.0",
     "attribution": "E. Alpaydin, F. Alimoglu; D. Llorens et al.; UCI Machine Learning Repository"},
    {"name": "BHMSDS", "licence": "MIT", "attribution": "W. Błachowski"},
    {"name": "Quick, Draw!", "licence": "CC-BY-4.0", "attribution": "Google"},
    {"name": "Copiste d'un jour", "licence": "CC-BY-4.0", "attribution": "Bibliothèque et Archives nationales du Québec"},
    {"name": "DHSD", "licence": "CC-BY-4.0", "attribution": "Riaz, Saifullah, Agne, Dengel, Ahmed (DFKI), ICDAR 2024"},
    {"name": "handwriting fonts, rendered", "licence": "OFL-1.1, Apache-2.0, LGPL-3.0, GPL with font exception",
     "attribution": "their designers"},
)  # fmt: skip
"""What scenes are made of."""

OPSET, IR_VERSION = 17, 8
LAST = "objects"
"""The last convolution stays in 32 bits: logits and sides of boxes would share a scale."""
COMPARED, TOLERANCE = 8, 1e-3
"""Held-out scenes on which both runtimes must agree, and by how much, as a share of the largest answer."""
CALIBRATED = 200
"""Held-out scenes from which the ranges of 8 bits are taken."""
JUDGED = 1_500
"""Held-out pages on which the weights of both opinions are fitted, and as many others on which they are judged."""


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
        pads = [conv.padding[0], conv.padding[1]] * 2
        return self._named(
            "Conv", inputs, kernel_shape=list(conv.kernel_size), strides=list(conv.stride), pads=pads
        )

    def relu(self, value: str) -> str:
        """What is positive."""
        return self._named("Relu", [value])

    def add(self, one: str, other: str) -> str:
        """The sum."""
        return self._named("Add", [one, other])

    def residuals(self, blocks: nn.Sequential, value: str) -> str:
        """Residual blocks, one after the other."""
        for block in (module for module in blocks if isinstance(module, Residual)):
            inner = self.relu(self.convolution(block.first, value))
            value = self.relu(self.add(value, self.convolution(block.second, inner)))
        return value

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
    graph = helper.make_graph(
        g.nodes,
        "detector",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [None, 2, None, None])],
        [
            helper.make_tensor_value_info(
                "objects", TensorProto.FLOAT, [None, network.classes + 4, None, None]
            )
        ],
        g.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def export_detector(training: DetectorTraining, folder: Path, *, command: str, pages: int = JUDGED) -> Card:
    """Writes ``model.onnx``, in 8 bits, and ``card.json``, from the mean of the weights.

    Args:
        training: as far as it is.
        folder: where to.
        command: what reproduces the run, for the card.
        pages: on how many held-out pages both opinions are weighed, and on how many others they are judged.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on held-out scenes.
    """
    network = training.mean.cpu().eval()
    source = to_onnx(network)
    stock = load_stock(held_out=True)
    examples = [
        planes(make_scene(stock, np.random.default_rng([CALIBRATED, i])).pixels)[None]
        for i in range(CALIBRATED)
    ]
    _compare(source, network, examples[:COMPARED])
    content = bytes(in_8_bits(source, examples, keep=[LAST]).SerializeToString())
    card = Card(
        name="detector",
        created=datetime.now(UTC).date().isoformat(),
        sha256=hashlib.sha256(content).hexdigest(),
        labels=CLASSES,
        temperature=1.0,
        parameters=sum(p.numel() for p in network.parameters()),
        geometry={"stride": STRIDE, "heights": list(SIZES), "window": WINDOW},
        fusion=dataclasses.asdict(Fusion(1.0, 0.5, 0.5, 0.0, 0.0)),
        data=DATA,
        recipe=dataclasses.asdict(training.recipe) | {"step": training.step},
        command=command,
        seed=training.recipe.seed,
    )
    model = Model("detector", folder / MODEL_FILE, card, content)
    detector, classifier = Detector(model), Classifier()
    fusion = fit_fusion(gather(detector, classifier, stock, pages=pages, seed=1))
    judged = gather(detector, classifier, stock, pages=pages, seed=2)
    card = dataclasses.replace(card, fusion=dataclasses.asdict(fusion), scores=scores_of(judged, fusion))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(content)
    (folder / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    return card


def scores_of(opinions: Opinions, fusion: Fusion) -> dict[str, float]:
    """Recall, precision and calibration on held-out pages, by both opinions together."""
    probabilities = fusion.probabilities(opinions.detector, opinions.classifier)
    best = probabilities.argmax(axis=1)
    read, right = best < DIGITS, (best == opinions.truth) & (best < DIGITS)
    sure = read & (probabilities.max(axis=1) >= SURE)
    return {
        "pages_recall": float(right.sum() / max(1, opinions.digits)),
        "pages_precision": float(right.sum() / max(1, read.sum())),
        "pages_ece": expected_calibration_error(probabilities.max(axis=1)[read], right[read]),
        "pages_sure_and_wrong": float((sure & ~right).sum() / max(1, sure.sum())),
    }


@torch.no_grad()
def _compare(content: bytes, network: DetectorNetwork, examples: Sequence[NDArray[np.float32]]) -> None:
    session = start_session(content, MODEL_FILE, threads=0)
    for example in examples:
        expected = network(torch.from_numpy(example)).numpy()
        gap = np.abs(session.run(None, {"planes": example})[0] - expected).max() / np.abs(expected).max()
        if not gap <= TOLERANCE:  # NaN is no agreement
            raise TrainingError(
                MODEL_FILE,
                f"disagrees with the network (answers differ by {gap:.2g})",
                "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread asks for",
            )
