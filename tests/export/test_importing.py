"""A Keras classifier gives the same answers after import, or is rejected with the layer's name."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

from export_runs import NOT_OURS, needs

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.errors import (
    ExportError,
    MissingExtraError,
    ModelFormatError,
    ModelNotFoundError,
    OptionError,
    OutputError,
)
from inkread.export import export_model, import_keras
from inkread.export.parity import ParityData
from inkread.pipeline.classifier import Classifier, softmax

needs("keras")
os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from keras import layers

from inkread.export import from_keras, keras_layers

pytestmark = pytest.mark.filterwarnings(NOT_OURS)


def usual_mlp():
    """A network from a first lesson."""
    return [
        *[keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten()],
        *[layers.Dense(32, activation="relu"), layers.Dropout(0.2), layers.Dense(10, activation="softmax")],
    ]


def usual_cnn():
    """A network from a second lesson."""
    return [
        *[keras.Input((28, 28, 1)), layers.Conv2D(8, (3, 3), activation="relu"), layers.MaxPooling2D((2, 2))],
        *[layers.Conv2D(12, (3, 3), padding="same", use_bias=False), layers.BatchNormalization()],
        *[layers.Activation("relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5)],
        *[layers.Dense(10, activation="softmax")],
    ]


def flat_input():
    """784 values, batch norms that cannot be folded into a layer, and logits."""
    return [
        *[keras.Input((784,)), layers.Rescaling(1 / 100), layers.BatchNormalization()],
        *[layers.Dense(24, activation="relu"), layers.BatchNormalization(), layers.Dense(10)],
    ]


def every_padding():
    """Padding without a direct counterpart, and norms that cannot be folded."""
    return [
        *[keras.Input((28, 28, 1)), layers.Rescaling(1 / 127.5, offset=-1), layers.RandomRotation(0.1)],
        *[layers.Conv2D(6, 3, strides=2, padding="same"), layers.ReLU(), layers.BatchNormalization()],
        *[layers.Conv2D(5, 2, padding="same", activation="relu"), layers.MaxPooling2D(padding="same")],
        *[layers.ZeroPadding2D(((0, 2), (1, 0))), layers.Conv2D(4, 3), layers.Flatten()],
        *[layers.BatchNormalization(), layers.Dense(10), layers.Softmax()],
    ]


def no_dense_layer():
    """A fully convolutional network for 784 values."""
    return [
        *[keras.Input((784,)), layers.Reshape((28, 28, 1)), layers.Conv2D(10, 5, strides=3)],
        *[layers.AveragePooling2D(3, 2), layers.GlobalAveragePooling2D()],
    ]


def nested():
    """A nested model."""
    inner = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(16, activation="relu")])
    return [keras.Input((28, 28)), inner, layers.Dense(10, activation="softmax")]


def lenet_with_tanh():
    """LeNet-5 as usually taught, with zero padding."""
    return [
        *[keras.Input((28, 28, 1)), layers.ZeroPadding2D(2), layers.Conv2D(6, 5, activation="tanh")],
        *[layers.AveragePooling2D(2), layers.Conv2D(16, 5, activation="tanh"), layers.AveragePooling2D(2)],
        *[layers.Flatten(), layers.Dense(24, activation="tanh"), layers.Dense(10, activation="softmax")],
    ]


def sigmoids():
    """Ten independent sigmoids."""
    return [
        *[
            keras.Input((784,)),
            layers.Dense(24, activation="sigmoid"),
            layers.Dense(10, activation="sigmoid"),
        ],
    ]


def channels_first():
    """Channels-first layout."""
    first = {"data_format": "channels_first"}
    return [
        *[keras.Input((1, 28, 28)), layers.Conv2D(6, 3, **first), layers.BatchNormalization(axis=1)],
        *[layers.LeakyReLU(), layers.MaxPooling2D(**first), layers.ZeroPadding2D(1, **first)],
        *[layers.SeparableConv2D(5, 3, strides=2, **first), layers.ELU()],
        *[layers.Flatten(**first), layers.Dense(10, activation="softmax")],
    ]


def channels_first_in_the_middle():
    """Flattened with the channels slowest."""
    return [
        *[
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 5, strides=3, activation="relu"),
            layers.Permute((3, 1, 2)),
        ],
        *[layers.AveragePooling2D(2, data_format="channels_first"), layers.BatchNormalization(axis=-1)],
        *[layers.Flatten(), layers.Dense(10)],
    ]


def small_convolutions():
    """A network as used on phones."""
    return [
        *[
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, strides=2, padding="same"),
        ],
        *[layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), layers.ReLU(max_value=6)],
        *[
            layers.SeparableConv2D(12, 3, activation="silu"),
            layers.SpatialDropout2D(0.2),
            layers.PReLU(shared_axes=[1, 2]),
        ],
        *[layers.MaxPooling2D(3, 2, padding="same"), layers.Conv2D(6, 3, groups=2), layers.PReLU()],
        *[layers.GlobalMaxPooling2D(), layers.Dense(10, activation=layers.LeakyReLU(0.1))],
        *[layers.Rescaling(1 / 50), layers.Softmax()],
    ]


def unusual_shapes():
    """Rows of the glyph, averages over a padded edge, dilated kernels, and pooling that keeps its axes."""
    return [
        *[keras.Input((28, 28)), layers.BatchNormalization(), layers.Dense(12, activation="relu")],
        *[layers.Reshape((14, 24, 1)), layers.GaussianNoise(0.1), layers.Conv2D(6, 3, dilation_rate=2)],
        *[layers.AveragePooling2D(3, 1, padding="same"), layers.ReLU(negative_slope=0.2)],
        *[layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(10, 1), layers.Flatten()],
    ]


def inverted():
    """Expects dark ink on a bright background, from 0 to 1."""
    return [keras.Input((28, 28)), layers.Rescaling(-1, offset=1), *usual_mlp()[2:]]


def saved(model, path):
    """Saves the model with random weights."""
    rng = np.random.default_rng(0)
    for variable in model.weights:
        spread = (2 / np.prod(variable.shape[:-1])) ** 0.5 if len(variable.shape) > 1 else 0.3
        values = rng.normal(0, 2 * spread, variable.shape)
        if "seed" not in variable.path:
            variable.assign(np.abs(values) + 0.3 if variable.path.endswith("variance") else values)
    model.save(path)
    return path


def functional(stack):
    """Calls the same layers one after the other."""
    value = stack[0]
    for layer in stack[1:]:
        value = layer(value)
    return keras.Model(stack[0], value)


def answers_as_before(model, path, digits, brightest=1):
    """Imports the model's file, compares probabilities, and returns the imported model."""
    done = import_keras(path, trust=True, digits=digits)
    assert done.parity.changed == 0
    glyphs = digits.held_out.images.astype(np.float32) / np.float32(255)
    outputs = model.predict((glyphs * brightest).reshape(-1, *model.input_shape[1:]), verbose=0)
    sums = outputs.sum(axis=1, keepdims=True)
    if np.allclose(sums, 1, atol=1e-4):
        expected = outputs
    else:
        last = getattr(model.layers[-1], "activation", None)
        expected = outputs / sums if last is keras.activations.sigmoid else softmax(outputs)
    spread = expected.std(axis=0).max()
    assert spread > 1e-3, "all digits alike would prove nothing"
    assert np.abs(softmax(Classifier(done.folder).logits(glyphs)) - expected).max() < spread / 100
    return done


@pytest.mark.parametrize(("kind", "suffix"), [(keras.Sequential, ".h5"), (functional, ".keras")])
@pytest.mark.parametrize(
    "stack",
    [
        *[usual_mlp, usual_cnn, flat_input, every_padding, no_dense_layer, nested, lenet_with_tanh, sigmoids],
        *[channels_first, channels_first_in_the_middle, small_convolutions, unusual_shapes, inverted],
    ],
    ids=lambda f: f.__name__,
)
def test_a_usual_model_answers_as_it_did(stack, kind, suffix, tmp_path, digits):
    model = kind(stack())
    path = saved(model, tmp_path / f"old{suffix}")
    first = model.layers[0] if kind is keras.Sequential else model.layers[1]
    of_bytes = isinstance(first, layers.Rescaling) and first.scale > 0
    done = answers_as_before(model, path, digits, 255 if of_bytes else 1)
    assert done.folder == tmp_path / "old"


@pytest.mark.parametrize("name", [*keras_layers.ACTIVATIONS, "silu", "gelu", "log_softmax"])
def test_every_activation_answers_as_it_did(name, tmp_path, digits):
    hidden, last = ("relu", name) if name == "log_softmax" else (name, None)
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(16), layers.Activation(hidden), layers.Dense(10, activation=last)]
    )
    answers_as_before(model, saved(model, tmp_path / "old.keras"), digits)


def residual():
    """Branches that merge: added, scaled by channel weights, and concatenated."""
    inputs = keras.Input((28, 28, 1))
    value = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
    branch = layers.Conv2D(8, 3, padding="same")(layers.BatchNormalization()(value))
    value = layers.ReLU()(layers.Add()([value, branch]))
    weights = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(value))
    value = layers.Multiply()([value, weights])
    value = layers.Concatenate()([value, layers.MaxPooling2D(3, 1, padding="same")(value)])
    flat = layers.GlobalMaxPooling2D()(value)
    ends = layers.Average()([layers.Dense(12)(flat), layers.Dense(12)(layers.Flatten()(value))])
    ends = layers.Maximum()([ends, layers.Subtract()([layers.Minimum()([ends, ends * ends]), ends])])
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Concatenate()([ends, flat])))


def test_a_model_with_branches_answers_as_it_did(tmp_path, digits):
    model = residual()
    answers_as_before(model, saved(model, tmp_path / "old.keras"), digits)


def test_a_model_within_a_model_may_have_branches(tmp_path, digits):
    inputs = keras.Input((28, 28))
    inner_input = keras.Input((28, 28))
    wide = layers.Dense(9, activation="tanh")(layers.Flatten()(inner_input))
    inner = keras.Model(inner_input, layers.Add()([wide, layers.Dense(9)(wide)]))
    model = keras.Model(inputs, layers.Dense(10)(inner(inputs)))
    answers_as_before(model, saved(model, tmp_path / "old.keras"), digits)


def test_a_file_of_keras_2_is_imported(tmp_path, digits):
    import h5py

    path = saved(keras.Sequential(flat_input()[0:1] + usual_mlp()[3:]), tmp_path / "old.h5")
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        first, *others = (
            {key: each[key] for key in ("class_name", "config")} for each in config["config"]["layers"]
        )
        shape = first["config"].pop("batch_shape")
        first["config"]["batch_input_shape"] = others[0]["config"]["batch_input_shape"] = shape
        config["config"]["layers"] = [first, *others]
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.11.0"
    assert import_keras(path, trust=True, digits=digits).parity.changed == 0


def of_keras_2(config, variables, path, *, group="layers"):
    """Makes a Keras 2 file, with its names of settings and layers, and weights by layer class."""
    import h5py

    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for name, values in variables.items():
            for index, value in enumerate(values):
                file[f"{name.format(layers=group)}/vars/{index}"] = value
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "2.15.0", "date_saved": "2024-01-01"}))
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights.getvalue())
    return path


def layer_of_keras_2(kind, name, shape, **settings):
    """Makes a layer's entry with settings that Keras 3 does not know."""
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, "trainable": True, "dtype": "float32", **settings},
        "registered_name": None,
        "build_config": {"input_shape": [None, *shape]},
    }


def dense_of_keras_2(name, inputs, units, activation):
    initializer = {
        "module": "keras.initializers",
        "class_name": "Zeros",
        "config": {},
        "registered_name": None,
    }
    return layer_of_keras_2(
        "Dense",
        name,
        [inputs],
        units=units,
        activation=activation,
        use_bias=True,
        kernel_initializer=initializer,
    )


def input_of_keras_2(name):
    settings = {"batch_input_shape": [None, 28, 28], "dtype": "float32", "sparse": False, "ragged": False}
    return {"module": "keras.layers", "class_name": "InputLayer", "config": settings | {"name": name}}


@pytest.mark.parametrize(
    ("group", "second"), [("layers", 1), ("_layer_checkpoint_dependencies", 2)], ids=["2.15", "2.13"]
)
def test_a_sequence_of_layers_saved_by_keras_2_is_imported(group, second, tmp_path, digits):
    rng = np.random.default_rng(0)
    first = [rng.normal(0, 0.1, (784, 12)), rng.normal(0, 0.1, 12)]
    norm = [rng.random(12) + 0.5, rng.normal(size=12), rng.normal(size=12), rng.random(12) + 0.5]
    last = [rng.normal(0, 1, (12, 10)), rng.normal(0, 1, 10)]
    stack = [
        input_of_keras_2("flatten_input"),
        layer_of_keras_2(
            "Flatten", "flatten", [28, 28], batch_input_shape=[None, 28, 28], data_format="channels_last"
        ),
        dense_of_keras_2("hidden", 784, 12, "tanh"),
        layer_of_keras_2(
            *["BatchNormalization", "norm", [12]],
            axis=[1],
            momentum=0.99,
            epsilon=0.001,
            center=True,
            scale=True,
        ),
        layer_of_keras_2("LeakyReLU", "leaky", [12], alpha=0.3),
        dense_of_keras_2("scores", 12, 10, "softmax"),
    ]
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {"name": "old", "layers": stack},
        "build_config": {"input_shape": [None, 28, 28]},
        "compile_config": {"optimizer": "adam", "loss": "mse"},
    }
    variables = {
        "{layers}/dense": first,
        "{layers}/batch_normalization": norm,
        f"{{layers}}/dense_{second}": last,
    }
    done = import_keras(
        of_keras_2(config, variables, tmp_path / "old.keras", group=group), trust=True, digits=digits
    )
    glyphs = digits.held_out.images.reshape(-1, 784) / 255
    hidden = np.tanh(glyphs @ first[0] + first[1])
    hidden = (hidden - norm[2]) / np.sqrt(norm[3] + 0.001) * norm[0] + norm[1]
    logits = np.where(hidden > 0, hidden, 0.3 * hidden) @ last[0] + last[1]
    found = softmax(Classifier(done.folder).logits(digits.held_out.images))
    assert np.allclose(found, softmax(logits.astype(np.float32)), atol=1e-4)


def test_a_model_with_branches_within_a_model_saved_by_keras_2_is_imported(tmp_path, digits):
    rng = np.random.default_rng(1)
    one, two = ([rng.normal(0, 0.1, (784, 12)), rng.normal(0, 0.1, 12)] for _ in range(2))
    last = [rng.normal(0, 1, (12, 10)), rng.normal(0, 1, 10)]

    def called(layer, *inputs):
        name = layer["config"]["name"]
        return layer | {"name": name, "inbound_nodes": [[[each, call, 0, {}] for each, call in inputs]]}

    def model(name, layers, first, final):
        settings = {
            "name": name,
            "layers": layers,
            "input_layers": [[first, 0, 0]],
            "output_layers": [[final, 0, 0]],
        }
        return {
            "module": "keras.src.engine.functional",
            "class_name": "Functional",
            "config": settings,
            "registered_name": "Functional",
            "build_config": {"input_shape": [None, 28, 28]},
        }

    inner = model(
        "inner",
        [
            input_of_keras_2("within") | {"name": "within", "inbound_nodes": []},
            called(
                layer_of_keras_2("Flatten", "flatten", [28, 28], data_format="channels_last"), ("within", 0)
            ),
            called(dense_of_keras_2("one", 784, 12, "relu"), ("flatten", 0)),
            called(dense_of_keras_2("two", 784, 12, "linear"), ("flatten", 0)),
            called(layer_of_keras_2("Add", "both", [12]), ("one", 0), ("two", 0)),
        ],
        "within",
        "both",
    )
    config = model(
        "outer",
        [
            input_of_keras_2("glyphs") | {"name": "glyphs", "inbound_nodes": []},
            called(inner, ("glyphs", 0)),
            called(dense_of_keras_2("scores", 12, 10, "linear"), ("inner", 1)),  # Keras 2 counted from 1
        ],
        "glyphs",
        "scores",
    )
    variables = {
        "layers/functional/layers/dense": one,
        "layers/functional/layers/dense_1": two,
        "layers/dense": last,
    }
    done = import_keras(of_keras_2(config, variables, tmp_path / "old.keras"), trust=True, digits=digits)
    glyphs = digits.held_out.images.reshape(-1, 784) / 255
    logits = (np.maximum(0, glyphs @ one[0] + one[1]) + glyphs @ two[0] + two[1]) @ last[0] + last[1]
    found = Classifier(done.folder).logits(digits.held_out.images)
    assert np.allclose(found, logits, atol=1e-4)


def test_the_imported_model_has_a_card_and_goes_out_again(tmp_path, digits):
    done = import_keras(
        saved(keras.Sequential(usual_cnn()), tmp_path / "old.keras"), trust=True, digits=digits
    )
    card = Classifier(done.folder).model.card
    assert card == done.card
    assert card.labels == tuple("0123456789")
    assert card.licence == "NOASSERTION"
    assert card.parameters == 8 * 9 + 8 + 12 * 8 * 9 + 24 + 6 * 6 * 12 * 10 + 10
    assert (card.temperature, card.data) == (1.0, ()), "synthetic digits are not for calibration"
    again = export_model(done.folder, to=["keras"], digits=digits)[0]
    back = import_keras(again.path, trust=True, out=tmp_path / "back", digits=digits)
    assert back.parity.changed == 0


@pytest.mark.parametrize("form", ["keras", "litert", "safetensors", "torchscript", "int8"])
@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "elu", "leaky_relu"])
def test_an_imported_model_of_other_activations_is_exported_to_every_format(hidden, form, tmp_path, digits):
    needs(form)
    stack = [keras.Input((28, 28, 1)), layers.Conv2D(4, 3, strides=2, padding="same", activation=hidden)]
    stack += [layers.Flatten(), layers.Dense(10, activation="softmax")]
    path = saved(keras.Sequential(stack), tmp_path / "old.keras")
    done = import_keras(path, trust=True, digits=digits)
    assert export_model(done.folder, to=[form], digits=digits)[0].parity.changed <= 1


def test_an_imported_model_with_branches_is_exported_to_what_takes_every_graph(tmp_path, digits):
    done = import_keras(saved(residual(), tmp_path / "old.keras"), trust=True, digits=digits)
    (again,) = export_model(done.folder, to=["onnx"], digits=digits)
    assert again.parity.largest_difference == 0
    with pytest.raises(ModelFormatError, match=r"an unsupported operator \w+; .* onnx and int8 export"):
        export_model(done.folder, to=["safetensors"], digits=digits)


def test_real_digits_calibrate_the_imported_model(tmp_path, digits):
    held_out = digits.held_out
    real = LabelledGlyphs("MNIST", held_out.images, held_out.labels, "0" * 64, "CC0-1.0", "drawn by the test")
    path = saved(keras.Sequential(usual_mlp()), tmp_path / "old.keras")
    done = import_keras(path, trust=True, digits=ParityData(real, digits.calibration))
    assert done.card.temperature > 2, "random weights are not to be trusted"
    assert done.card.data == (real.describe("validation"),)


@pytest.mark.parametrize(
    ("stack", "layer"),
    [
        (
            [keras.Input((28, 28)), layers.LSTM(8), layers.Dense(10)],
            r"'lstm.*' \(LSTM\) that cannot be imported",
        ),
        ([keras.Input((784,)), layers.Dense(8, activation="mish"), layers.Dense(10)], "the activation mish"),
        ([keras.Input((784,)), layers.ReLU(threshold=1), layers.Dense(10)], "has a threshold"),
        ([keras.Input((784,)), layers.Dense(10), layers.Softmax(), layers.Dense(10)], "follows the softmax"),
        (
            [
                keras.Input((28, 28)),
                layers.Dense(4, activation="softmax"),
                layers.Flatten(),
                layers.Dense(10),
            ],
            "something other than ten classes",
        ),
        (
            [keras.Input((28, 28, 1)), layers.RandomCrop(24, 24), layers.Flatten(), layers.Dense(10)],
            "RandomCrop",
        ),
        (
            [
                *[keras.Input((28, 28, 1)), layers.AveragePooling2D(3, 2, padding="same")],
                *[layers.Flatten(), layers.Dense(10)],
            ],
            "averages over padding that is wider on one side",
        ),
        ([keras.Input((784,)), layers.Dense(5)], r"maps \(None, 784\) to \(None, 5\)"),
        ([keras.Input((32, 32)), layers.Flatten(), layers.Dense(10)], r"maps \(None, 32, 32\)"),
    ],
)
def test_layers_that_cannot_be_imported_are_named(stack, layer, tmp_path, digits):
    path = saved(keras.Sequential(stack), tmp_path / "old.keras")
    with pytest.raises(ModelFormatError, match=layer):
        import_keras(path, trust=True, digits=digits)
    assert not (tmp_path / "old").exists()


def test_a_layer_that_is_used_twice_is_rejected(tmp_path, digits):
    inputs = keras.Input((784,))
    twice = layers.Dense(784, name="twice")
    model = keras.Model(inputs, layers.Dense(10)(twice(twice(inputs))))
    with pytest.raises(ModelFormatError, match=r"'twice'.*used more than once"):
        import_keras(saved(model, tmp_path / "old.keras"), trust=True, digits=digits)


def test_arithmetic_between_layers_is_rejected(tmp_path, digits):
    inputs = keras.Input((784,))
    model = keras.Model(inputs, layers.Dense(10)(inputs / 255))
    with pytest.raises(ModelFormatError, match="TrueDivide"):
        import_keras(saved(model, tmp_path / "old.keras"), trust=True, digits=digits)


def test_without_trust_no_file_is_opened(tmp_path, digits):
    path = tmp_path / "old.keras"
    path.write_bytes(b"whatever")
    with pytest.raises(OptionError, match=r"run any code.*add --trust"):
        import_keras(path, digits=digits)


def test_even_a_trusted_file_does_not_run_code_of_its_own(tmp_path, digits):
    path = tmp_path / "old.keras"
    keras.Sequential([keras.Input((784,)), layers.Lambda(lambda x: x[:, :10])]).save(path)
    with pytest.raises(ModelFormatError, match="cannot be opened by Keras"):
        import_keras(path, trust=True, digits=digits)


def test_bad_files_and_places_are_rejected(tmp_path, digits):
    with pytest.raises(ModelNotFoundError, match="is not a file"):
        import_keras(tmp_path / "none.keras", trust=True, digits=digits)
    with pytest.raises(OptionError, match=r"\.keras, \.h5"):
        import_keras(tmp_path / "model.pkl", trust=True, digits=digits)
    for name in ("cut.keras", "cut.h5"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and then nothing")
        with pytest.raises(ModelFormatError, match="cannot be opened"):
            import_keras(tmp_path / name, trust=True, digits=digits)
    path = saved(keras.Sequential(usual_mlp()), tmp_path / "run.keras")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "card.json").write_text("{}")
    with pytest.raises(OutputError, match="already contains a model"):
        import_keras(path, trust=True, digits=digits)


def test_a_disagreement_saves_nothing(tmp_path, digits, monkeypatch):
    original = from_keras.open_keras

    def tampered(path):
        opened = original(path)
        model = onnx.load_from_string(opened.content)
        bias = next(each for each in model.graph.initializer if each.name == model.graph.node[-1].input[-1])
        changed = onnx.numpy_helper.to_array(bias) + np.eye(10, dtype=np.float32)[3]
        bias.CopyFrom(onnx.numpy_helper.from_array(changed, bias.name))
        return dataclasses.replace(opened, content=model.SerializeToString())

    monkeypatch.setattr(from_keras, "open_keras", tampered)
    path = saved(keras.Sequential(usual_mlp()), tmp_path / "old.keras")
    with pytest.raises(ExportError, match="does not match"):
        import_keras(path, trust=True, digits=digits)
    assert not (tmp_path / "old").exists()


def test_without_keras_the_message_has_the_install_line(tmp_path, digits, monkeypatch):
    path = tmp_path / "old.keras"
    path.write_bytes(b"whatever")
    for module in ("inkread.export.from_keras", "inkread.export.to_keras"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[keras\]'"):
        import_keras(path, trust=True, digits=digits)
    assert [each.name for each in tmp_path.iterdir()] == ["old.keras"]
