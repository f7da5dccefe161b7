"""The devices of this machine, and the precision that each computes fast."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import torch

from inkread.errors import TrainingError
from inkread.training.recipe import TrainingConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = TypeVar("Config", bound=TrainingConfig)


def multiplies_bfloat16(device: str) -> bool:
    """Whether a device, ``"cpu"``, ``"cuda"`` or ``"mps"``, multiplies bfloat16 in hardware.

    A processor without such instructions emulates them, which takes ten times as long as float32.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    features: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # new in PyTorch 2.10
    return device == "cpu" and bool(features.get("amx_bf16") or features.get("avx512_bf16"))


def resolved(config: Config) -> Config:
    """Returns the settings with threads, device and precision as this machine will use them.

    Raises:
        TrainingError: it does not have such a device.
    """
    device, precision = _device(config.device), config.precision
    if precision == "auto":
        precision = "bfloat16" if multiplies_bfloat16(device) else "float32"
    threads = config.threads or torch.get_num_threads()
    return dataclasses.replace(config, threads=threads, device=device, precision=precision)


def _device(name: str) -> str:
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, found in available.items() if found)
    if not available[name]:
        raise TrainingError(name, "is not a device of this machine", "leave --device out, or use cpu")
    return name


@contextmanager
def torch_settings(config: TrainingConfig) -> Iterator[None]:
    """Sets the number of threads, and isolates the random numbers; both are restored afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(config.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def opencv_in_one_thread() -> Iterator[None]:
    """Stops OpenCV's threads, and restores their number afterwards.

    A forked process that makes examples cannot do this itself: it would wait forever for threads that exist
    only in its parent.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
