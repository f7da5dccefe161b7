"""What the usual lesson on MNIST with Keras teaches; the benchmarks run it in an environment with TensorFlow.

::

    python _keras_script.py reach DATA.npz 0.99,0.995 SECONDS   trains the CNN until it reaches accuracies
    python _keras_script.py learn DATA.npz FOLDER MOST          trains MLP and CNN, and saves them
    python _keras_script.py read MODEL.keras PICTURE...         reads pictures of one digit
    python _keras_script.py serve MODEL.keras FILES.json        times calls for the benchmark

The lesson normalizes to 0..1, trains a few epochs with Adam, and reads a picture as grey, resized to 28×28,
inverted if it is light, with ``model.predict``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 28
LIGHT = 127.5
"""Mean grey value above which a picture is taken for dark ink on light paper."""
EPOCHS = {"mlp": 5, "cnn": 5}
BATCH = 128


def mlp() -> Any:
    """Builds one dense layer of 512 units and a dropout."""
    from keras import Input, Sequential, layers

    return compiled(
        Sequential(
            [
                Input((SIDE, SIDE, 1)),
                layers.Flatten(),
                layers.Dense(512, activation="relu"),
                layers.Dropout(0.2),
                layers.Dense(10, activation="softmax"),
            ]
        )
    )


def cnn() -> Any:
    """Builds two convolutions of 32 and 64 filters, as in many tutorials."""
    from keras import Input, Sequential, layers

    return compiled(
        Sequential(
            [
                Input((SIDE, SIDE, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dropout(0.5),
                layers.Dense(10, activation="softmax"),
            ]
        )
    )


def compiled(network: Any) -> Any:
    """Compiles a network as the lesson does."""
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def arrays(data: str) -> dict[str, tuple[Any, Any]]:
    """Returns inputs N×28×28×1 float32 in 0..1 and labels of each set in a file."""
    with np.load(data) as found:
        return {
            name: (found[f"{name}_images"][..., None].astype("float32") / 255, found[f"{name}_labels"])
            for name in ("learned", "held_out", "test")
        }


def reach(data: str, goals: str, most: str) -> dict[str, Any]:
    """Trains until the held-out accuracy reaches each goal, or for ``most`` seconds of training."""
    import keras

    sets = arrays(data)
    cnn().fit(*(each[:1280] for each in sets["learned"]), batch_size=BATCH, verbose=0)  # warm-up
    network, seconds = cnn(), 0.0
    history: list[tuple[float, float]] = []
    wanted = max(map(float, goals.split(",")))
    while seconds < float(most) and not (history and history[-1][1] >= wanted):
        start = time.perf_counter()
        network.fit(*sets["learned"], batch_size=BATCH, epochs=1, verbose=0)
        seconds += time.perf_counter() - start
        history.append((seconds, float(network.evaluate(*sets["held_out"], verbose=0)[1])))
    test = float(network.evaluate(*sets["test"], verbose=0)[1])
    return {"history": history, "test": test, "backend": keras.backend.backend()}


def learn(data: str, folder: str, most: str) -> dict[str, float]:
    """Trains both networks on at most so many digits, and returns their accuracies on the test images."""
    import keras

    sets, found = arrays(data), {}
    some = [each[: int(most)] for each in sets["learned"]]
    for name, build in (("mlp", mlp), ("cnn", cnn)):
        keras.utils.set_random_seed(0)
        network = build()
        network.fit(*some, batch_size=BATCH, epochs=EPOCHS[name], verbose=0)
        found[name] = float(network.evaluate(*sets["test"], verbose=0)[1])
        network.save(Path(folder) / f"{name}.keras")
    return found


def prepared(picture: str) -> Any:
    """Returns a picture as 28×28 float32 in 0..1: grey, resized, inverted if it is light."""
    from PIL import Image

    small = Image.open(picture).convert("L").resize((SIDE, SIDE))
    grey = np.asarray(small, "float32")
    return (255 - grey if grey.mean() > LIGHT else grey) / 255


def read(model: str, *pictures: str) -> list[int]:
    """Reads the digit of each picture; a file name ``@LIST`` stands for the names in that file."""
    import keras

    names = [
        name
        for each in pictures
        for name in (Path(each[1:]).read_text("utf-8").splitlines() if each.startswith("@") else [each])
    ]
    network = keras.models.load_model(model)
    inputs = np.stack([prepared(name) for name in names])[..., None]
    return [int(each) for each in network.predict(inputs, verbose=0).argmax(axis=1)]


def serve(model: str, files: str) -> None:
    """Times calls of a saved network, see ``_calls``."""
    import keras
    import tensorflow as tf
    from _calls import serve as answer

    network, given = keras.models.load_model(model), json.loads(Path(files).read_text("utf-8"))
    glyphs = np.load(given["glyphs"])[..., None].astype("float32") / 255
    folder = sorted(map(str, Path(given["digits"]).iterdir()))

    def predict(inputs: Any) -> Any:
        return network.predict(inputs, verbose=0).argmax(axis=1)

    def direct(inputs: Any) -> Any:
        return np.asarray(network(tf.constant(inputs), training=False)).argmax(axis=1)

    def cases(name: str, read_all: Callable[[Any], Any]) -> dict[str, Callable[[], object]]:
        return {
            f"{name} glyph": lambda: read_all(glyphs[:1]),
            f"{name} glyphs": lambda: read_all(glyphs),
            f"{name} digit": lambda: read_all(prepared(given["digit"])[None, ..., None]),
            f"{name} digits": lambda: read_all(np.stack([prepared(each) for each in folder])[..., None]),
        }

    answer(cases("predict", predict) | cases("direct", direct))


if __name__ == "__main__":
    tasks: dict[str, Callable[..., Any]] = {"reach": reach, "learn": learn, "read": read, "serve": serve}
    answered = tasks[sys.argv[1]](*sys.argv[2:])
    if answered is not None:
        sys.stdout.write(json.dumps(answered) + "\n")
