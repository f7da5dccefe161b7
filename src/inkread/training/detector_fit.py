"""Trains the digit detector on scenes that are made beside the training."""

from __future__ import annotations

import argparse
import copy
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from inkread.pipeline.contrast import planes
from inkread.synthetic.scenes import CLASSES, Scene, make_scene
from inkread.synthetic.writers import load_stock
from inkread.training.detector_loss import loss_of, targets_of
from inkread.training.detector_network import DetectorNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

AHEAD = 16
"""Scenes that each process makes in advance."""
APART = 64
"""A scene is seen again after about so many batches."""
STEEPEST = 5.0
"""Norm that gradients are clipped to."""
START = Path(__file__).with_name("detector.safetensors")
"""What 12,000 steps on one core came to, from random weights; 16 bits."""
STATEFUL = ("network", "mean", "optimizer")


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How the detector is trained.

    Attributes:
        steps: in all.
        decay: share of the steps, at the end, over which the rate falls to nothing.
        batch: scenes a step.
        rate: of AdamW, while it is constant.
        warmup: steps over which the rate rises.
        weight_decay: of convolutions.
        ema: weight of the past in the mean of the weights.
        echo: how often each scene is used (Choi et al., "Faster neural network training with data echoing", 2019).
        seed: of weights and scenes.
        size: side of the scenes, pixels.
        warm: start from the weights that come with the package, not from random ones.
    """

    steps: int = 20_000
    decay: float = 0.3
    batch: int = 8
    rate: float = 1.2e-3
    warmup: int = 300
    weight_decay: float = 0.02
    ema: float = 0.9985
    echo: int = 2
    seed: int = 0
    size: int = 256
    warm: bool = True


class Scenes(IterableDataset[Scene]):
    """Endless scenes, the same for the same seed; each worker makes every ``workers``-th."""

    def __init__(self, seed: int, start: int, size: int, *, held_out: bool = False) -> None:
        self.seed, self.start, self.size, self.held_out = seed, start, size, held_out

    def __iter__(self) -> Iterator[Scene]:
        cv2.setNumThreads(1)
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        stock = load_stock(held_out=self.held_out)
        index = self.start + first
        while True:
            yield make_scene(
                stock, np.random.default_rng([self.seed, int(self.held_out), index]), size=self.size
            )
            index += step


def jittered(scene: Scene, rng: np.random.Generator) -> Scene:
    """The scene seen once more: other light, other polarity."""
    pixels = scene.pixels if rng.random() < 0.8 else 255 - scene.pixels
    gain, shift = float(rng.uniform(0.6, 1.1)), float(rng.uniform(-20, 40))
    return Scene(
        cv2.convertScaleAbs(np.clip(pixels * gain + shift, 0, 255)), scene.boxes, scene.classes, scene.kind
    )


def rate_at(step: int, recipe: DetectorRecipe) -> float:
    """Rises, stays, and falls at the end (Hägele et al., "Scaling laws and compute-optimal training beyond fixed durations", 2024)."""
    falling = recipe.steps * recipe.decay
    left = (recipe.steps - step) / max(1.0, falling)
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup, max(0.0, left))


def batches(recipe: DetectorRecipe, start: int, *, workers: int) -> Iterator[list[Scene]]:
    """A batch for every step from ``start`` on, each scene ``recipe.echo`` times, the repetitions among later scenes."""
    fresh = recipe.batch // recipe.echo
    scenes = iter(
        DataLoader(
            Scenes(recipe.seed, start * fresh, recipe.size),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=AHEAD if workers else None,
        )
    )
    rng = np.random.default_rng([recipe.seed, start])
    waiting: list[Scene] = []
    while True:
        batch = [next(scenes) for _ in range(fresh)]
        waiting += batch * (recipe.echo - 1)
        while len(batch) < recipe.batch:
            if len(waiting) > APART * recipe.batch:
                index = int(rng.integers(len(waiting)))
                waiting[index], waiting[-1] = waiting[-1], waiting[index]
                batch.append(jittered(waiting.pop(), rng))
            else:
                batch.append(next(scenes))
        yield batch


class DetectorTraining:
    """A detector while it learns: its weights, their mean, the optimizer, and how far it is.

    Args:
        recipe: how it is trained.
        device: where.
    """

    def __init__(self, recipe: DetectorRecipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step = recipe, device, 0
        self.network = DetectorNetwork(len(CLASSES)).to(device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean = copy.deepcopy(self.network).eval()
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate)

    def learn(self, batch: Sequence[Scene]) -> NDArray[np.float64]:
        """One step; the losses of places and of boxes."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.step, self.recipe)
        inputs = torch.from_numpy(np.stack([planes(scene.pixels) for scene in batch]))
        targets = targets_of(batch, len(CLASSES), self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            output = self.network(inputs.to(self.device, memory_format=torch.channels_last))
        places, sides = loss_of(output, targets)
        (places + sides).backward()  # type: ignore[no-untyped-call]
        if torch.isfinite(torch.nn.utils.clip_grad_norm_(self.network.parameters(), STEEPEST)):
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._average()
        self.step += 1
        return np.array([places.item(), sides.item()])

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the mean of the weights towards what they are now, faster at first."""
        weight = 1 - min(self.recipe.ema, (self.step + 1) / (self.step + 10))
        now = self.network.state_dict()
        for name, kept in self.mean.state_dict().items():
            if kept.dtype.is_floating_point:
                kept.lerp_(now[name], weight)
            else:
                kept.copy_(now[name])

    def start_from(self, path: Path) -> None:
        """Starts with weights in place of random ones.

        Args:
            path: safetensors, as ``save_weights`` writes them; ``START`` are those that come with the package.
        """
        weights = {name: tensor.float() for name, tensor in load_file(path).items()}
        for network in (self.network, self.mean):
            network.load_state_dict(network.state_dict() | weights)

    def save_weights(self, path: Path) -> None:
        """Writes the mean of the weights in 16 bits, to start another training from."""
        tensors = {
            name: tensor.half().contiguous()
            for name, tensor in self.mean.state_dict().items()
            if tensor.dtype.is_floating_point
        }
        save_file(tensors, path)

    def save(self, path: Path) -> None:
        """Writes everything that is needed to go on, in one step."""
        partial = path.with_suffix(".part")
        state = {name: getattr(self, name).state_dict() for name in STATEFUL}
        torch.save(state | {"step": self.step, "recipe": asdict(self.recipe)}, partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        """Goes on from what ``save`` wrote."""
        state = torch.load(path, weights_only=True, map_location=self.device)
        for name in STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        self.step = int(state["step"])


def fit_detector(
    recipe: DetectorRecipe, folder: Path, *, workers: int = 1, every: int = 250
) -> DetectorTraining:
    """Trains a detector, or goes on from ``folder/checkpoint.pt``; writes that and ``folder/log.jsonl`` ``every`` so many steps."""
    folder.mkdir(parents=True, exist_ok=True)
    training = DetectorTraining(recipe, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        training.resume(checkpoint)
    elif recipe.warm:
        training.start_from(START)
    losses, began = np.zeros(2), time.monotonic()
    for batch in batches(recipe, training.step, workers=workers):
        if training.step >= recipe.steps:
            break
        losses += training.learn(batch)
        if training.step % every == 0 or training.step == recipe.steps:
            entry = dict(zip(("places", "sides"), np.round(losses / every, 4).tolist(), strict=True))
            entry |= {"step": training.step, "seconds": round((time.monotonic() - began) / every, 4)}
            with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
                print(json.dumps(entry), file=log)
            training.save(checkpoint)
            losses, began = np.zeros(2), time.monotonic()
    return training


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "folder", type=Path, help="where checkpoint and log are written; a checkpoint there is resumed"
    )
    parser.add_argument("--steps", type=int, default=DetectorRecipe().steps, help="in all")
    parser.add_argument("--seed", type=int, default=0, help="of weights and scenes")
    parser.add_argument("--workers", type=int, default=1, help="processes that make scenes")
    parser.add_argument("--threads", type=int, default=1, help="threads that train")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    fit_detector(
        DetectorRecipe(steps=options.steps, seed=options.seed), options.folder, workers=options.workers
    )
