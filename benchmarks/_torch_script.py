"""The network and the recipe of PyTorch's own MNIST example, in our words; needs PyTorch.

::

    python _torch_script.py reach DATA.npz 0.99,0.995 SECONDS   trains until it reaches accuracies
    python _torch_script.py serve FILES.json                    times calls for the benchmark

Two convolutions of 32 and 64 filters, one pooling, dropout, a dense layer of 128 units; batches of 64,
Adadelta with rate 1 that falls by 0.7 each epoch, inputs with mean 0 and deviation 1 (pytorch/examples,
mnist).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

MEAN, DEVIATION = 0.1307, 0.3081
BATCH, RATE, DECAY = 64, 1.0, 0.7
DIGITS = 10


def network() -> nn.Module:
    """Builds the example's network, N×1×28×28 to N×10 logits."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(64 * 12 * 12, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, DIGITS),
    )


def inputs(images: Any) -> torch.Tensor:
    """Normalizes N×28×28 uint8 to the network's input."""
    return ((torch.tensor(images).float() / 255 - MEAN) / DEVIATION)[:, None]


def accuracy(model: nn.Module, glyphs: torch.Tensor, labels: torch.Tensor) -> float:
    """Returns the share that is read right."""
    model.eval()
    with torch.inference_mode():
        right = [
            (model(glyphs[start : start + 1000]).argmax(dim=1) == labels[start : start + 1000]).sum().item()
            for start in range(0, len(glyphs), 1000)
        ]
    return sum(right) / len(labels)


def epoch(model: nn.Module, optimizer: Any, glyphs: torch.Tensor, labels: torch.Tensor) -> float:
    """Trains one epoch, and returns its seconds."""
    model.train()
    start = time.perf_counter()
    order = torch.randperm(len(labels))
    for first in range(0, len(order), BATCH):
        chosen = order[first : first + BATCH]
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(glyphs[chosen]), labels[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return time.perf_counter() - start


def reach(data: str, goals: str, most: str) -> dict[str, Any]:
    """Trains until the held-out accuracy reaches each goal, or for ``most`` seconds of training."""
    with np.load(data) as found:
        sets = {
            name: (inputs(found[f"{name}_images"]), torch.tensor(found[f"{name}_labels"]).long())
            for name in ("learned", "held_out", "test")
        }
    warm = network()
    epoch(warm, torch.optim.Adadelta(warm.parameters(), lr=RATE), *(each[:1280] for each in sets["learned"]))
    model, seconds = network(), 0.0
    history: list[tuple[float, float]] = []
    optimizer = torch.optim.Adadelta(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=DECAY)
    wanted = max(map(float, goals.split(",")))
    while seconds < float(most) and not (history and history[-1][1] >= wanted):
        seconds += epoch(model, optimizer, *sets["learned"])
        schedule.step()
        history.append((seconds, accuracy(model, *sets["held_out"])))
    return {"history": history, "test": accuracy(model, *sets["test"])}


def serve(files: str) -> None:
    """Times calls of the network, whose weights do not matter for its speed; see ``_calls``."""
    from _calls import serve as answer

    glyphs = np.load(json.loads(Path(files).read_text("utf-8"))["glyphs"])
    model = network().eval()

    def classify(some: Any) -> Any:
        with torch.inference_mode():
            glyphs = inputs(some)
            parts = [glyphs[start : start + 256] for start in range(0, len(glyphs), 256)]
            return torch.cat([model(part).argmax(dim=1) for part in parts]).numpy()

    answer({"glyph": lambda: classify(glyphs[:1]), "glyphs": lambda: classify(glyphs)})


if __name__ == "__main__":
    result = {"reach": reach, "serve": serve}[sys.argv[1]](*sys.argv[2:])  # type: ignore[operator]
    if result is not None:
        sys.stdout.write(json.dumps(result) + "\n")
