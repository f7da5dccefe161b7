"""Opens Keras 2 files (TensorFlow 2.15 and before), whose layers and weights Keras 3 names differently."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from inkread.export.to_keras import keras

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
"""The members of a ``.keras`` file."""

VERSION = "keras_version"

LAYER_GROUPS = ("layers", "_layer_checkpoint_dependencies")
"""Groups of a ``.keras`` file that contain the layers: since Keras 2.13, and before."""

DROPPED = ("batch_input_shape", "ragged", "build_config", "compile_config")
"""Settings that no Keras 3 layer takes; the first belongs to the input layer, under another name."""

TRAINING = ("_initializer", "_regularizer", "_constraint")
"""Suffixes of settings that act only in training; Keras 3 no longer has some of them."""

MODELS = {"Functional": "Model", "Model": "Model", "Sequential": "Sequential"}
"""The classes of models, by their names in files."""

UNKNOWN = {
    "SeparableConv2D": ("groups",),
    "DepthwiseConv2D": ("groups",),
    "SpatialDropout1D": ("trainable", "noise_shape"),
    "SpatialDropout2D": ("trainable", "noise_shape"),
}
"""Settings without effect that these layers no longer have."""


def is_of_keras_2(path: Path) -> bool:
    """Returns whether Keras 2 or Keras 1 saved a file; false for damaged files."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            if METADATA not in file.namelist():
                return False
            version = json.loads(file.read(METADATA)).get(VERSION)
    elif h5py.is_hdf5(path):
        with h5py.File(path) as file:
            version = file.attrs.get(VERSION)
    else:
        return False
    return str(version)[:2] in ("1.", "2.")


def open_keras_2(path: Path) -> Any:
    """Opens a Keras 2 file in Keras's safe mode; it may raise anything."""
    if h5py.is_hdf5(path):  # before TensorFlow 2.13, whatever its name
        with h5py.File(path) as file:
            model = _model(json.loads(file.attrs["model_config"]))
        with tempfile.TemporaryDirectory(prefix="inkread-") as folder:
            named = Path(folder) / "model.h5"
            shutil.copyfile(path, named)
            model.load_weights(named)
        return model
    with zipfile.ZipFile(path) as file:
        model = _model(json.loads(file.read(CONFIG)))
        weights = io.BytesIO(file.read(WEIGHTS))
    with h5py.File(weights) as file:
        _set_weights(model, file)
    return model


def _model(config: dict[str, Any]) -> Any:
    return keras.saving.deserialize_keras_object(converted(config), safe_mode=True)


def converted(config: Any) -> Any:
    """Converts the configuration of a model, or of a part of one, to Keras 3."""
    if isinstance(config, list):
        return [converted(each) for each in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or not isinstance(config.get("config"), dict):
        return {name: converted(value) for name, value in config.items()}
    kind, settings = config["class_name"], config["config"]
    kept = {
        name: converted(value)
        for name, value in settings.items()
        if name not in (*DROPPED, *UNKNOWN.get(kind, ())) and not name.endswith(TRAINING)
    }
    if kind == "BatchNormalization" and isinstance(kept["axis"], list):
        (kept["axis"],) = kept["axis"]
    if kind == "LeakyReLU" and "alpha" in kept:
        kept["negative_slope"] = kept.pop("alpha")
    if kind == "InputLayer" and "batch_input_shape" in settings:
        kept["batch_shape"] = settings["batch_input_shape"]
    elif kind in ("Functional", "Model"):
        _count_calls(kept)
    elif kind == "Sequential":
        kept["layers"] = [*_missing_input(settings["layers"]), *kept["layers"]]
    result = {name: value for name, value in config.items() if name not in DROPPED} | {"config": kept}
    if kind in MODELS:
        result |= {"module": "keras", "class_name": MODELS[kind], "registered_name": None}
    return result


def _count_calls(settings: dict[str, Any]) -> None:
    """Renumbers calls of nested models from 0, as for layers: Keras 2 counted their creation as a call."""
    kinds = {each["name"]: each["class_name"] for each in settings["layers"]}
    references = [one for each in settings["layers"] for call in each["inbound_nodes"] for one in call]
    for reference in references:
        reference[1] -= kinds[reference[0]] in MODELS
    for reference in settings["output_layers"]:
        reference[1] -= kinds[reference[0]] == "Sequential"  # Keras 3 does this itself for the others


def _missing_input(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the input layer, which old files have only as the first layer's input shape."""
    first = layers[0]
    shape = first["config"].get("batch_input_shape")
    if first["class_name"] == "InputLayer" or shape is None:
        return []
    settings = {"batch_shape": shape, "dtype": "float32", "name": "glyphs"}
    return [
        {"module": "keras.layers", "class_name": "InputLayer", "config": settings, "registered_name": None}
    ]


def _set_weights(model: Any, group: Any) -> None:
    """Sets the weights of a model, and of nested models, from their group in a ``.keras`` file."""
    layers = next(group[name] for name in LAYER_GROUPS if name in group)
    before: Counter[str] = Counter()
    for layer in model.layers:
        kind = _snake_case(type(layer).__name__)
        place, before[kind] = before[kind], before[kind] + 1
        if not layer.weights:
            continue
        # Layers of one class are named "dense", "dense_1", …, or in TensorFlow 2.13 "dense", "dense_2", ….
        numbers = [name.removeprefix(kind) for name in layers if re.fullmatch(rf"{kind}(_\d+)?", name)]
        saved = layers[kind + sorted(numbers, key=lambda number: int(number[1:] or 0))[place]]
        if isinstance(layer, keras.Model):
            _set_weights(layer, saved)
        else:
            layer.set_weights([np.asarray(saved["vars"][str(each)]) for each in range(len(saved["vars"]))])


def _snake_case(name: str) -> str:
    """Returns a class name as both Keras versions spell it in files: "LeakyReLU" is "leaky_re_lu"."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
