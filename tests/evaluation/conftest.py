"""A small model of digits that nobody trained, and the ONNX files that strangers might have made of it."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.evaluation.foreign import RANGES
from inkread.evaluation.probes import written_digits


def templates(glyphs):
    """Weights and biases of a linear reader of digits, by least squares: 785×10."""
    flat = glyphs.images.reshape(len(glyphs), -1) / 255
    wanted = np.eye(10)[glyphs.labels] * 16 - 8
    inputs = np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
    return np.linalg.solve(inputs.T @ inputs + 10 * np.eye(785), inputs.T @ wanted).astype(np.float32)


@pytest.fixture(scope="session")
def digits():
    """400 digits by our own hand, that the model has not seen."""
    return written_digits(400, seed=1)


@pytest.fixture(scope="session")
def foreign_model():
    """Makes an ONNX file of a linear reader that wants its glyphs in some layout and range, and gives some kind of scores."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: train)")
    from onnx import TensorProto, helper, numpy_helper

    weights = templates(written_digits(1_000))

    def make(
        *, layout=(28, 28), values="0–1", scores="logits", batch="N", dtype=TensorProto.FLOAT, outputs=10
    ):
        paper, ink = RANGES[values]
        tensors = {
            "paper": np.float32(paper),
            "span": np.float32(ink - paper),
            "flat": np.array([-1, 784]),
            "weights": weights[:784, :outputs],
            "biases": weights[784, :outputs],
        }
        last = {
            "logits": "Identity",
            "probabilities": "Softmax",
            "log-probabilities": "LogSoftmax",
            "sigmoids": "Sigmoid",
        }[scores]
        nodes = [
            helper.make_node("Cast", ["x"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Sub", ["float", "paper"], ["less"]),
            helper.make_node("Div", ["less", "span"], ["glyphs"]),
            helper.make_node("Reshape", ["glyphs", "flat"], ["rows"]),
            helper.make_node("Gemm", ["rows", "weights", "biases"], ["raw"]),
            helper.make_node(last, ["raw"], ["y"]),
        ]
        graph = helper.make_graph(
            nodes,
            "theirs",
            [helper.make_tensor_value_info("x", dtype, [batch, *layout])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, outputs])],
            [numpy_helper.from_array(value, name) for name, value in tensors.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def save(path, **options):
        onnx.save(make(**options), path)
        return path

    return save
