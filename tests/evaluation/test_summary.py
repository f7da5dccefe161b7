"""A summary lists what a network computes, from its file alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

from inkread.errors import MissingExtraError, ModelFormatError
from inkread.evaluation.cost import examine
from inkread.evaluation.summary import FREE_SIDE, summarize
from inkread.models import CLOSEUP, QUANTIZED, RESCORING, STRIP, Model, load_model
from inkread.models.onnx_session import start_session

DETECTOR = load_model("detector").path.parent
BUNDLED = [
    load_model(),
    load_model(load_model().path.parent / QUANTIZED),
    *(load_model(DETECTOR / part) for part in (".", CLOSEUP, STRIP, RESCORING)),
]


@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.path.parent.name)
def test_shapes_are_those_that_the_runtime_computes(model):
    summary = summarize(model)
    session = start_session(model.content, model.name, threads=1)
    (result,) = session.run(None, {summary.source: np.zeros((1, *summary.shape), np.float32)})
    assert result.shape[1:] == summary.rows[-1].shape
    assert all(all(row.shape) for row in summary.rows)


@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.path.parent.name)
def test_multiplications_are_those_of_the_comparison(model):
    summary = summarize(model)
    assert summary.operations == examine(model.content, summary.shape, model.name).operations


def test_the_layers_of_the_bundled_classifier_are_listed():
    first, second, pool, *_, flat, dense, last = summarize(load_model()).rows
    assert (first.name, first.kind, first.shape) == ("conv 1", "convolution 3×3, ReLU", (16, 28, 28))
    assert (first.parameters, first.operations) == (16 * 9 + 16, 16 * 9 * 28 * 28)
    assert (second.name, pool.name) == ("conv 2", "pool 1")
    assert (pool.kind, pool.shape, pool.parameters) == ("maximum pooling 2×2", (16, 14, 14), 0)
    assert (flat.shape, dense.kind, last.kind) == ((720,), "fully connected, ReLU", "fully connected")


def test_eight_bits_change_no_row():
    model = load_model()
    assert summarize(model).rows == summarize(load_model(model.path.parent / QUANTIZED)).rows


def test_every_weight_counts_once():
    assert summarize(load_model()).parameters == examine(load_model().content, (28, 28), "").parameters
    rescoring = load_model(DETECTOR / RESCORING)
    scaling = 8 * 277  # mean and deviation of 277 features, for each of four networks
    assert summarize(rescoring).parameters == rescoring.card.parameters + scaling


def test_an_open_side_is_named_and_a_fixed_one_is_not():
    strip, closeup = (summarize(load_model(DETECTOR / part)) for part in (STRIP, CLOSEUP))
    assert (strip.free, strip.shape) == (True, (1, 40, FREE_SIDE))
    assert (closeup.free, closeup.shape) == (False, (2, 48, 48))
    assert "convolution 1×5, dilation 1×4, ReLU" in {row.kind for row in strip.rows}


def made_of(*nodes, weights):
    graph = onnx.helper.make_graph(
        list(nodes), "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 4, 8, 8])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    content = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model = load_model()
    return Model("made", model.path, model.card, content.SerializeToString())


def test_a_weight_that_two_layers_share_counts_with_the_first():
    twice = [
        onnx.helper.make_node("Conv", ["x", "w"], ["h"], pads=[1, 1, 1, 1], group=4),
        onnx.helper.make_node("Conv", ["h", "w"], ["y"], strides=[1, 2], group=4),
    ]
    one, two = summarize(made_of(*twice, weights={"w": np.zeros((4, 1, 3, 3), np.float32)})).rows
    assert (one.parameters, two.parameters) == (36, 0)
    assert (one.kind, two.kind) == ("convolution 3×3, 4 groups", "convolution 3×3, stride 1×2, 4 groups")
    assert two.shape == (4, 6, 3)


def test_an_output_that_two_layers_use_is_a_layer_of_its_own():
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w"], ["h"]),
        onnx.helper.make_node("Relu", ["h"], ["r"]),
        onnx.helper.make_node("Add", ["h", "r"], ["y"]),
    ]
    rows = summarize(made_of(*nodes, weights={"w": np.zeros((4, 4, 1, 1), np.float32)})).rows
    assert [(row.name, row.kind) for row in rows] == [
        ("conv 1", "convolution 1×1"), ("relu 1", "ReLU"), ("add 1", "addition"),
    ]  # fmt: skip


def test_multiplications_that_are_unknown_are_not_guessed():
    node = onnx.helper.make_node("Einsum", ["x", "w"], ["y"], equation="nihw,ij->njhw")
    summary = summarize(made_of(node, weights={"w": np.zeros((4, 3), np.float32)}))
    assert summary.operations is None
    assert summary.parameters == 12


def test_a_network_of_two_inputs_is_an_error_that_names_the_file():
    node = onnx.helper.make_node("Add", ["x", "z"], ["y"])
    made = onnx.load_from_string(made_of(node, weights={}).content)
    made.graph.input.add().CopyFrom(onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [1]))
    model = load_model()
    with pytest.raises(ModelFormatError, match=r"model\.onnx.*cannot be listed"):
        summarize(Model("made", model.path, model.card, made.SerializeToString()))


def test_a_shape_that_cannot_be_inferred_is_left_open():
    node = onnx.helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2, 2])
    assert summarize(made_of(node, weights={})).rows[0].shape == ()


def test_without_onnx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="export"):
        summarize(load_model())


def test_torch_is_not_needed():
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from inkread.evaluation.summary import summarize\n"
        "from inkread.models import load_model\n"
        "print(len(summarize(load_model('detector')).rows))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"
