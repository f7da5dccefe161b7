"""The input format of an external model is detected; an unusable model is rejected with a reason."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: train)")
from onnx import TensorProto, helper, numpy_helper

from inkread.errors import ModelFormatError, ModelNotFoundError
from inkread.evaluation import external_onnx
from inkread.evaluation.external_onnx import (
    LAYOUTS,
    RANGES,
    Convention,
    ExternalNetwork,
    find_convention,
)


@pytest.fixture
def network_of(foreign_model, tmp_path):
    """Opens a model with the given inputs and outputs."""
    return lambda **options: ExternalNetwork(foreign_model(tmp_path / "theirs.onnx", **options))


SCORES = ("logits", "probabilities", "log-probabilities", "sigmoids")
USUAL = (LAYOUTS[0], next(iter(RANGES)), SCORES[0])


def conventions():
    """Every convention; those that differ from the usual one in more than one way are slow tests."""
    for convention in itertools.product(LAYOUTS, RANGES, SCORES):
        differences = sum(one != other for one, other in zip(convention, USUAL, strict=True))
        marks = pytest.mark.slow if differences > 1 else ()
        yield pytest.param(*convention, marks=marks, id=" ".join(map(str, convention)))


@pytest.mark.parametrize(("layout", "values", "scores"), [*conventions()])
def test_layout_range_and_scores_are_found(layout, values, scores, network_of, digits):
    network = network_of(layout=layout, values=values, scores=scores)
    found = find_convention(network, digits)
    assert (found.layout, found.values, found.scores) == (layout, values, scores)
    assert found.probed > 0.9
    shares = network.probabilities(found, digits.images)
    assert shares.shape == (len(digits), 10)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 7])
def test_a_model_of_a_fixed_batch_reads_any_number_of_glyphs(batch, foreign_model, digits, tmp_path):
    fixed, free = (
        ExternalNetwork(foreign_model(tmp_path / f"{size}.onnx", layout=(784,), batch=size))
        for size in (batch, "N")
    )
    found = find_convention(fixed, digits)
    assert (found.layout, found.values) == ((784,), "0–1")
    some = digits.images[:10]
    assert np.allclose(fixed.scores(some, (784,), "0–1"), free.scores(some, (784,), "0–1"), atol=1e-4)
    assert fixed.scores(some[:0], (784,), "0–1").shape == (0, 10)


@pytest.mark.parametrize(
    ("dtype", "values"),
    [(TensorProto.UINT8, "0–255"), (TensorProto.DOUBLE, "0–1"), (TensorProto.FLOAT16, "−1–1")],
)
def test_other_types_of_numbers_are_served(dtype, values, foreign_model, digits, tmp_path):
    path = foreign_model(tmp_path / "theirs.onnx", dtype=dtype, values=values)
    assert find_convention(ExternalNetwork(path), digits).values == values


@pytest.mark.parametrize("values", ["0–1", "0–255", "−1–1", "0–1, dark ink"])
def test_the_range_of_a_model_in_8_bits_is_that_which_it_rounds_to(values, foreign_model, digits, tmp_path):
    """Values outside the range are clipped, and a clipped glyph is read nearly as well."""
    model = onnx.load(foreign_model(tmp_path / "theirs.onnx", values=values))
    paper, ink = RANGES[values]
    scale = (max(paper, ink) - min(paper, ink)) / 255
    rounded = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["bytes"]),
        helper.make_node("DequantizeLinear", ["bytes", "scale", "zero"], ["rounded"]),
    ]
    model.graph.node[0].input[0] = "rounded"
    for node in reversed(rounded):
        model.graph.node.insert(0, node)
    zero = np.uint8(round(-min(paper, ink) / scale))
    model.graph.initializer.append(numpy_helper.from_array(np.float32(scale), "scale"))
    model.graph.initializer.append(numpy_helper.from_array(zero, "zero"))
    onnx.save(model, tmp_path / "theirs.onnx")
    network = ExternalNetwork(tmp_path / "theirs.onnx")
    assert set(network.ranges) <= {values, f"{values}, dark ink", values.removesuffix(", dark ink")}
    assert find_convention(network, digits).values == values


def test_a_convention_is_described_with_its_uncertainty():
    assert str(Convention((784,), "0–255", "logits", 0.97)) == "(N, 784), 0–255, logits"
    assert "doubtful: 12% of probing digits right" in str(Convention((784,), "0–255", "logits", 0.12))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layout": (3, 28, 28)}, r"takes \(N, 3, 28, 28\), not 28×28 glyphs"),
        ({"layout": (32, 32)}, r"takes \(N, 32, 32\), not 28×28 glyphs"),
        ({"outputs": 9}, r"outputs y \(2, 9\) for 2 glyphs, not ten scores each"),
        ({"dtype": TensorProto.INT64}, "not just glyphs"),
    ],
)
def test_a_model_of_other_shapes_is_rejected(options, words, foreign_model, tmp_path):
    with pytest.raises(ModelFormatError, match=words):
        ExternalNetwork(foreign_model(tmp_path / "theirs.onnx", **options))


def test_scores_that_are_not_numbers_are_an_error(foreign_model, digits, tmp_path):
    path = foreign_model(tmp_path / "theirs.onnx")
    model = onnx.load(path)
    (biases,) = (tensor for tensor in model.graph.initializer if tensor.name == "biases")
    biases.CopyFrom(numpy_helper.from_array(np.full(10, np.nan, np.float32), "biases"))
    onnx.save(model, path)
    with pytest.raises(ModelFormatError, match="not numbers"):
        find_convention(ExternalNetwork(path), digits)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("old.keras", b"x", "inkread import .*old.keras --trust --out DIR"),
        ("old.h5", b"x", "inkread import"),
        ("model.pt", b"x", "export it as ONNX"),
        ("theirs.onnx", b"nonsense", "not a valid ONNX model"),
    ],
)
def test_a_file_that_is_not_onnx_is_rejected_with_a_remedy(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFormatError, match=words):
        ExternalNetwork(tmp_path / name)


def test_a_file_that_is_absent_is_not_found(tmp_path):
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        ExternalNetwork(tmp_path / "absent.onnx")


def test_a_file_that_is_too_large_is_not_read(foreign_model, tmp_path, monkeypatch):
    path = foreign_model(tmp_path / "theirs.onnx")
    monkeypatch.setattr(external_onnx, "LARGEST_MODEL", 1_000)
    with pytest.raises(ModelFormatError, match="too large"):
        ExternalNetwork(path)


def test_weights_outside_the_file_are_never_read(foreign_model, tmp_path):
    model = onnx.load(foreign_model(tmp_path / "theirs.onnx"))
    outside = tmp_path / "outside.onnx"
    onnx.save(model, outside, save_as_external_data=True, location="secrets", size_threshold=0)
    with pytest.raises(ModelFormatError, match="outside its file"):
        ExternalNetwork(outside)


def test_a_model_that_never_ends_is_stopped(tmp_path, monkeypatch):
    scalar = [helper.make_tensor_value_info(name, kind, []) for name, kind in (("i", 7), ("go", 9))]
    value = helper.make_tensor_value_info("v", TensorProto.FLOAT, None)
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["v", "v"], ["w"])],
        "body",
        [*scalar, value],
        [helper.make_tensor_value_info("on", 9, []), helper.make_tensor_value_info("w", 1, None)],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["times", "go", "x"], ["y"], body=body)],
        "endless",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 784])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 784])],
        [numpy_helper.from_array(np.int64(2**62), "times"), numpy_helper.from_array(np.array(True), "go")],
    )
    path = tmp_path / "endless.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    monkeypatch.setattr(external_onnx, "LONGEST_CALL", 0.1)
    with pytest.raises(ModelFormatError, match="terminate"):
        ExternalNetwork(path)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
