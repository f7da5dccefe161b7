"""What exported files promise to programs that do not use inkread."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

import onnxruntime
from export_runs import NOT_OURS, needs, network_named, save_run
from safetensors import safe_open

from inkread.export import export_model
from inkread.pipeline.classifier import Classifier

pytestmark = pytest.mark.filterwarnings(NOT_OURS)


@pytest.fixture
def exported(tmp_path, digits):
    """Exports a toy run to one format; returns the file and the expected probabilities."""
    folder = save_run(network_named("lenet5"), tmp_path / "toy")

    def export(form):
        return export_model(folder, to=[form], digits=digits)[0].path

    export.classifier = Classifier(folder)
    return export


def test_onnx_takes_any_number_of_glyphs(exported, glyphs):
    session = onnxruntime.InferenceSession(exported("onnx"), providers=["CPUExecutionProvider"])
    for count in (1, 7):
        (logits,) = session.run(["logits"], {"glyphs": glyphs[:count]})
        assert logits.shape == (count, 11)


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_plain_keras_opens_the_file_and_predicts_calibrated_probabilities(form, exported, glyphs):
    needs(form)
    path = exported(form)
    import keras

    model = keras.models.load_model(path)
    assert (model.input_shape, model.output_shape) == ((None, 28, 28), (None, 11))
    assert model.inputs[0].name == "glyphs"
    assert model.layers[-1].name == "probabilities"
    assert model.name == "inkread_toy"
    found = model.predict(glyphs, verbose=0)
    assert np.allclose(found, exported.classifier.probabilities(glyphs), atol=1e-5)


def test_the_litert_interpreter_runs_one_glyph_or_many_by_the_signature_too(exported, glyphs):
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="LiteRT is not installed (extra: litert)"
    )
    expected = exported.classifier.probabilities(glyphs)
    path = exported("litert")
    interpreter = litert.Interpreter(model_path=str(path), num_threads=1)
    (takes,), (gives,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (takes["name"], takes["shape"].tolist()) == ("glyphs", [1, 28, 28])
    assert takes["shape_signature"].tolist() == [-1, 28, 28]
    assert (gives["name"], gives["shape"].tolist()) == ("probabilities", [1, 11])
    for count in (1, 7):
        interpreter.resize_tensor_input(takes["index"], (count, 28, 28))
        interpreter.allocate_tensors()
        interpreter.set_tensor(takes["index"], glyphs[:count])
        interpreter.invoke()
        assert np.allclose(interpreter.get_tensor(gives["index"]), expected[:count], atol=1e-5)
    runner = litert.Interpreter(model_path=str(path)).get_signature_runner()
    assert np.allclose(runner(glyphs=glyphs[:1])["probabilities"], expected[:1], atol=1e-5)


def test_the_compiled_model_of_apps_runs_the_file_as_it_is(exported, glyphs):
    needs("litert")
    from ai_edge_litert.compiled_model import CompiledModel

    model = CompiledModel.from_file(str(exported("litert")))
    takes, gives = model.create_input_buffers(0), model.create_output_buffers(0)
    for glyph, expected in zip(glyphs[:3], exported.classifier.probabilities(glyphs[:3]), strict=True):
        takes[0].write(glyph.ravel())
        model.run_by_index(0, takes, gives)
        assert np.allclose(gives[0].read(11, np.float32), expected, atol=1e-5)


def test_a_litert_file_of_integers_takes_pixels_and_gives_shares_of_256(tmp_path, digits, glyphs):
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="LiteRT is not installed (extra: litert)"
    )
    (done,) = export_model("default", to=["litert-int8"], out=tmp_path, digits=digits)
    interpreter = litert.Interpreter(model_path=str(done.path), num_threads=1)
    (takes,), (gives,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert {np.dtype(each["dtype"]).name for each in interpreter.get_tensor_details()} == {"int8", "int32"}
    interpreter.allocate_tensors()
    for glyph, expected in zip(glyphs[:5], Classifier("default").probabilities(glyphs[:5]), strict=True):
        pixels = np.rint(glyph * 255) - 128
        interpreter.set_tensor(takes["index"], pixels[None].astype(np.int8))
        interpreter.invoke()
        found = (interpreter.get_tensor(gives["index"])[0].astype(float) + 128) / 256
        assert np.abs(found - expected).max() < 0.2


def test_a_litert_file_has_its_buffers_where_accelerators_may_read_them_and_says_what_it_is(exported):
    needs("litert")
    from ai_edge_litert import schema_py_generated as schema

    content = exported("litert").read_bytes()
    assert content[4:8] == b"TFL3"
    model = schema.Model.GetRootAs(content)
    starts = [
        model.Buffers(index)._tab.Vector(model.Buffers(index)._tab.Offset(4))
        for index in range(1, model.BuffersLength())
    ]
    assert len(starts) > 10
    assert all(start % 16 == 0 for start in starts)
    entry = model.Metadata(0)
    described = json.loads(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes())
    assert entry.Name() == b"inkread.json"
    assert json.loads(described["labels"]) == [*"0123456789", ""]


def test_torchscript_runs_in_plain_pytorch_and_carries_its_metadata(exported, glyphs):
    extra = {"inkread.json": ""}
    with pytest.warns(DeprecationWarning, match="torch.jit.load"):
        model = torch.jit.load(exported("torchscript"), _extra_files=extra)
    assert np.allclose(model(torch.tensor(glyphs)).detach(), exported.classifier.logits(glyphs), atol=1e-4)
    assert json.loads(json.loads(extra["inkread.json"])["temperature"]) == 1.7


def test_safetensors_fit_a_sequential_of_the_layers_that_their_metadata_list(exported, glyphs):
    with safe_open(exported("safetensors"), framework="pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    kinds = [layer["type"] for layer in json.loads(metadata["layers"])]
    assert kinds[:5] == ["AddChannel", "Convolution", "Rectifier", "Pooling", "Convolution"]
    from torch import nn

    network = nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        *[nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Flatten(), nn.Linear(400, 120), nn.ReLU()],
        *[nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 11)],
    )
    network.load_state_dict(weights)
    with torch.no_grad():
        assert np.allclose(network(torch.tensor(glyphs)), exported.classifier.logits(glyphs), atol=1e-4)
