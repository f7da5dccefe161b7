"""A Keras classifier answers here as it does there, or is refused with the layer's name."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

from export_runs import NOT_OURS, needs

from inkread.classifier import Classifier, softmax
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
from inkread.export.digits import Digits

needs("keras")
os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from keras import layers

pytestmark = pytest.mark.filterwarnings(NOT_OURS)


def usual_mlp():
    """As the first lesson has it."""
    return [
        *[keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten()],
        *[layers.Dense(32, activation="relu"), layers.Dropout(0.2), layers.Dense(10, activation="softmax")],
    ]


def usual_cnn():
    """As the second lesson has it."""
    return [
        *[keras.Input((28, 28, 1)), layers.Conv2D(8, (3, 3), activation="relu"), layers.MaxPooling2D((2, 2))],
        *[layers.Conv2D(12, (3, 3), padding="same", use_bias=False), layers.BatchNormalization()],
        *[layers.Activation("relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5)],
        *[layers.Dense(10, activation="softmax")],
    ]


def flat_input():
    """784 values, batch norms where there is nothing to fold them into, and logits."""
    return [
        *[keras.Input((784,)), layers.Rescaling(1 / 100), layers.BatchNormalization()],
        *[layers.Dense(24, activation="relu"), layers.BatchNormalization(), layers.Dense(10)],
    ]


def every_padding():
    """Paddings that have no counterpart of their own, and norms that cannot be folded."""
    return [
        *[keras.Input((28, 28, 1)), layers.Rescaling(1 / 127.5, offset=-1), layers.RandomRotation(0.1)],
        *[layers.Conv2D(6, 3, strides=2, padding="same"), layers.ReLU(), layers.BatchNormalization()],
        *[layers.Conv2D(5, 2, padding="same", activation="relu"), layers.MaxPooling2D(padding="same")],
        *[layers.ZeroPadding2D(((0, 2), (1, 0))), layers.Conv2D(4, 3), layers.Flatten()],
        *[layers.BatchNormalization(), layers.Dense(10), layers.Softmax()],
    ]


def no_dense_layer():
    """A fully convolutional one, for 784 values."""
    return [
        *[keras.Input((784,)), layers.Reshape((28, 28, 1)), layers.Conv2D(10, 5, strides=3)],
        *[layers.AveragePooling2D(3, 2), layers.GlobalAveragePooling2D()],
    ]


def nested():
    """A model within a model."""
    inner = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(16, activation="relu")])
    return [keras.Input((28, 28)), inner, layers.Dense(10, activation="softmax")]


def saved(model, path):
    """The model with random weights as a file."""
    rng = np.random.default_rng(0)
    for variable in model.weights:
        spread = (2 / np.prod(variable.shape[:-1])) ** 0.5 if len(variable.shape) > 1 else 0.3
        values = rng.normal(0, 2 * spread, variable.shape)
        if "seed" not in variable.path:
            variable.assign(np.abs(values) + 0.3 if variable.path.endswith("variance") else values)
    model.save(path)
    return path


def functional(stack):
    """The same layers, called one after the other."""
    value = stack[0]
    for layer in stack[1:]:
        value = layer(value)
    return keras.Model(stack[0], value)


@pytest.mark.parametrize(("kind", "suffix"), [(keras.Sequential, ".h5"), (functional, ".keras")])
@pytest.mark.parametrize(
    "stack",
    [usual_mlp, usual_cnn, flat_input, every_padding, no_dense_layer, nested],
    ids=lambda f: f.__name__,
)
def test_a_usual_model_answers_as_it_did(stack, kind, suffix, tmp_path, digits):
    model = kind(stack())
    path = saved(model, tmp_path / f"old{suffix}")
    done = import_keras(path, trust=True, digits=digits)
    assert done.folder == tmp_path / "old"
    assert done.agreement.changed == 0
    glyphs = digits.held_out.images.astype(np.float32) / np.float32(255)
    first = model.layers[0] if kind is keras.Sequential else model.layers[1]
    brightest = 255 if isinstance(first, layers.Rescaling) else 1
    outputs = model.predict((glyphs * brightest).reshape(-1, *model.input_shape[1:]), verbose=0)
    expected = outputs if np.allclose(outputs.sum(axis=1), 1, atol=1e-4) else softmax(outputs)
    spread = expected.std(axis=0).max()
    assert spread > 1e-3, "all digits alike would prove nothing"
    assert np.abs(softmax(Classifier(done.folder).logits(glyphs)) - expected).max() < spread / 100


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
    assert import_keras(path, trust=True, digits=digits).agreement.changed == 0


def test_the_imported_model_has_a_card_and_goes_out_again(tmp_path, digits):
    done = import_keras(
        saved(keras.Sequential(usual_cnn()), tmp_path / "old.keras"), trust=True, digits=digits
    )
    card = Classifier(done.folder).model.card
    assert card == done.card
    assert card.labels == tuple("0123456789")
    assert card.licence == "NOASSERTION"
    assert card.parameters == 8 * 9 + 8 + 12 * 8 * 9 + 24 + 6 * 6 * 12 * 10 + 10
    assert (card.temperature, card.data) == (1.0, ()), "our own hand is none to calibrate by"
    again = export_model(done.folder, to=["keras"], digits=digits)[0]
    back = import_keras(again.path, trust=True, out=tmp_path / "back", digits=digits)
    assert back.agreement.changed == 0


def test_real_digits_calibrate_the_imported_model(tmp_path, digits):
    held_out = digits.held_out
    real = LabelledGlyphs("MNIST", held_out.images, held_out.labels, "0" * 64, "CC0-1.0", "drawn by the test")
    path = saved(keras.Sequential(usual_mlp()), tmp_path / "old.keras")
    done = import_keras(path, trust=True, digits=Digits(real, digits.calibration))
    assert done.card.temperature > 2, "random weights are not to be trusted"
    assert done.card.data == (real.describe("validation"),)


@pytest.mark.parametrize(
    ("stack", "layer"),
    [
        ([keras.Input((28, 28)), layers.LSTM(8), layers.Dense(10)], r"'lstm.*' \(LSTM\)"),
        (
            [keras.Input((784,)), layers.Dense(8, activation="tanh"), layers.Dense(10)],
            r"Dense\) that has the activation tanh",
        ),
        (
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(4, 3, dilation_rate=2),
                layers.Flatten(),
                layers.Dense(10),
            ],
            "dilated or grouped",
        ),
        (
            [keras.Input((28, 28)), layers.BatchNormalization(), layers.Flatten(), layers.Dense(10)],
            "channels",
        ),
        ([keras.Input((784,)), layers.LeakyReLU(), layers.Dense(10)], "LeakyReLU"),
        ([keras.Input((784,)), layers.ReLU(max_value=6), layers.Dense(10)], "no plain rectifier"),
        ([keras.Input((784,)), layers.Dense(10), layers.Softmax(), layers.Dense(10)], "follows the softmax"),
        (
            [
                *[keras.Input((28, 28, 1)), layers.MaxPooling2D(3, padding="same")],
                *[layers.Flatten(), layers.Dense(10)],
            ],
            "pads what it pools from 28×28",
        ),
        (
            [
                *[keras.Input((28, 28, 1)), layers.ZeroPadding2D(), layers.MaxPooling2D()],
                *[layers.Flatten(), layers.Dense(10)],
            ],
            "follows a padding",
        ),
        (
            [keras.Input((28, 28)), layers.Dense(4), layers.Flatten(), layers.Dense(10)],
            "nothing is flattened",
        ),
        ([keras.Input((784,)), layers.Dense(5)], r"goes from \(None, 784\) to \(None, 5\)"),
        ([keras.Input((32, 32)), layers.Flatten(), layers.Dense(10)], r"goes from \(None, 32, 32\)"),
    ],
)
def test_what_cannot_be_imported_is_named(stack, layer, tmp_path, digits):
    path = saved(keras.Sequential(stack), tmp_path / "old.keras")
    with pytest.raises(ModelFormatError, match=layer):
        import_keras(path, trust=True, digits=digits)
    assert not (tmp_path / "old").exists()


def test_a_graph_that_branches_is_refused(tmp_path, digits):
    inputs = keras.Input((784,))
    one = layers.Dense(8, name="one")(inputs)
    model = keras.Model(inputs, layers.Dense(10)(layers.Add(name="both")([one, layers.Dense(8)(inputs)])))
    with pytest.raises(ModelFormatError, match="does not simply follow"):
        import_keras(saved(model, tmp_path / "old.keras"), trust=True, digits=digits)


def test_arithmetic_between_layers_is_refused(tmp_path, digits):
    inputs = keras.Input((784,))
    model = keras.Model(inputs, layers.Dense(10)(inputs / 255))
    with pytest.raises(ModelFormatError, match="TrueDivide"):
        import_keras(saved(model, tmp_path / "old.keras"), trust=True, digits=digits)


def test_without_trust_no_file_is_opened(tmp_path, digits):
    path = tmp_path / "old.keras"
    path.write_bytes(b"whatever")
    with pytest.raises(OptionError, match=r"run whatever code.*add --trust"):
        import_keras(path, digits=digits)


def test_even_a_trusted_file_does_not_run_code_of_its_own(tmp_path, digits):
    path = tmp_path / "old.keras"
    keras.Sequential([keras.Input((784,)), layers.Lambda(lambda x: x[:, :10])]).save(path)
    with pytest.raises(ModelFormatError, match="cannot be opened by Keras"):
        import_keras(path, trust=True, digits=digits)


def test_bad_files_and_places_are_refused(tmp_path, digits):
    with pytest.raises(ModelNotFoundError, match="is no file"):
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
    with pytest.raises(OutputError, match="holds a model already"):
        import_keras(path, trust=True, digits=digits)


def test_a_disagreement_saves_nothing(tmp_path, digits, monkeypatch):
    from inkread.export import from_keras

    def tampered(model_layers):
        *before, last = model_layers
        return original(
            [*before, dataclasses.replace(last, bias=last.bias + np.eye(10, dtype=np.float32)[3])]
        )

    original = from_keras.onnx_of
    monkeypatch.setattr(from_keras, "onnx_of", tampered)
    path = saved(keras.Sequential(usual_mlp()), tmp_path / "old.keras")
    with pytest.raises(ExportError, match="does not agree"):
        import_keras(path, trust=True, digits=digits)
    assert not (tmp_path / "old").exists()


def test_without_keras_the_message_has_the_install_line(tmp_path, digits, monkeypatch):
    path = tmp_path / "old.keras"
    path.write_bytes(b"whatever")
    for module in ("inkread.export.from_keras", "inkread.export.to_keras"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'inkread\[keras\]'"):
        import_keras(path, trust=True, digits=digits)
    assert [each.name for each in tmp_path.iterdir()] == ["old.keras"]
