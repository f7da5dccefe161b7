"""A typical Keras script, timed by epoch; ``fast.py`` runs it in an environment with TensorFlow.

``python _keras_script.py DATA.npz GOAL MOST`` trains until the held-out accuracy is ``GOAL``, for at most
``MOST`` epochs, and prints JSON: seconds of training, without import, first compilation and evaluation;
epochs; accuracies.
"""

from __future__ import annotations

import json
import sys
import time

import keras
import numpy as np


def model() -> keras.Model:
    """Builds the network found in many tutorials."""
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def main(data: str, goal: float, most: int) -> None:
    """Trains the network and prints the result."""
    with np.load(data) as arrays:
        sets = {
            name: (arrays[f"{name}_images"][..., None].astype("float32") / 255, arrays[f"{name}_labels"])
            for name in ("learned", "held_out", "test")
        }
    model().fit(*(each[:1280] for each in sets["learned"]), batch_size=128, verbose=0)  # warm-up
    network, seconds, epochs, held_out = model(), 0.0, 0, 0.0
    while held_out < goal and epochs < most:
        start = time.perf_counter()
        network.fit(*sets["learned"], batch_size=128, epochs=1, verbose=0)
        seconds += time.perf_counter() - start
        epochs += 1
        held_out = float(network.evaluate(*sets["held_out"], verbose=0)[1])
    test = float(network.evaluate(*sets["test"], verbose=0)[1])
    found = {"seconds": seconds, "epochs": epochs, "held_out": held_out, "test": test}
    sys.stdout.write(json.dumps(found | {"backend": keras.backend.backend()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
