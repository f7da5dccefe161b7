"""Where a training computes: devices, the precision that each computes fast, and several processes.

``torchrun`` starts these, see docs/training.md, on one machine or many; each learns its share of every batch.
They draw the same batches, and gradients, statistics of batch norms, and figures are those of whole batches,
so that the weights are those of one process, but for rounding and dropout. Only the first process writes.
"""

from __future__ import annotations

import dataclasses
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from inkread.errors import TrainingError
from inkread.system.ranks import rank, rank_here, ranks
from inkread.training.recipe import TrainingConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.training.digits import DigitsTask
    from inkread.training.trainer import Answer

SETTLING = 0.2
"""Seconds in which Gloo's threads, which outlive the group of processes, give back the last tensors. Python
aborts a process that ends before they have (github.com/pytorch/pytorch/pull/179291)."""

Config = TypeVar("Config", bound=TrainingConfig)
Value = TypeVar("Value")


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


def parallel(network: nn.Module) -> nn.Module:
    """Returns the module to call instead of the network: its gradients are those of the whole batch.

    Of several processes, that is a parallel twin, which shares the network's weights; the network's batch
    norms change in place.
    """
    if not _are_joined():
        return network
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.__class__ = _SharedBatchNorm
    return DistributedDataParallel(network)


def mean(figures: NDArray[np.float64], device: str) -> NDArray[np.float64]:
    """Returns the mean of figures over the processes, which compute on ``device``."""
    if not _are_joined():
        return figures
    return np.asarray(_summed(torch.tensor(figures, device=device)).cpu().numpy() / ranks())


def agreed(value: Value) -> Value:
    """Returns the first process's value, so that all take the same decisions."""
    values = [value]
    if _are_joined():
        distributed.broadcast_object_list(values)
    return values[0]


def _are_joined() -> bool:
    return ranks() > 1 and distributed.is_initialized()


class Share:
    """The share of each batch that this process learns; see ``trainer.Task``.

    Losses and figures are scaled, so that their means over the processes are those of the whole batch, which
    ``task`` would learn.
    """

    def __init__(self, task: DigitsTask) -> None:
        self._task = task
        self.batches = task.batches  # whole ones: all processes draw the same random numbers
        self.end_epoch = task.end_epoch

    def loss(self, answer: Answer, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the scaled loss and figures of this process's share of a batch."""
        glyphs, labels = batch
        has_any = rank() < len(labels)  # else it keeps step with a glyph that does not count
        mine = slice(rank(), None, ranks()) if has_any else slice(1)
        loss, further = self._task.loss(answer, (glyphs[mine], labels[mine]))
        weight = has_any * self._task.weight(labels[mine]) / self._task.weight(labels)
        share = has_any * len(labels[mine]) / len(labels)
        return loss * ranks() * weight, tuple(each * ranks() * share for each in further)


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Joins the processes that torchrun started, which compute on ``device``; others train alone."""
    if ranks() == 1:
        yield
        return
    if device == "cuda":
        torch.cuda.set_device(rank_here())
    try:
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    except (ValueError, RuntimeError) as error:  # an address is missing, or another process did not come
        problem, remedy = f"cannot join the others ({error})", "start all of them with torchrun"
        raise TrainingError(f"process {rank()} of {ranks()}", problem, remedy) from error
    try:
        yield
    finally:
        distributed.destroy_process_group()
        time.sleep(SETTLING)


class _SharedBatchNorm(nn.BatchNorm2d):
    """A batch norm with the statistics of the whole batch. PyTorch's own works only on GPUs."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # PyTorch's name
        if not self.training:
            return super().forward(input)
        values, channels = input.float(), input.shape[1]
        axes = (0, 2, 3)
        count = values.new_tensor([values.numel() / channels])
        apply: Any = _Sum.apply
        sums = apply(torch.cat([values.sum(axes), values.square().sum(axes), count]))
        count, mean = sums[-1], sums[:channels] / sums[-1]
        variance = sums[channels:-1] / count - mean.square()
        self._note(mean.detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return (values * scale[:, None, None] + shift[:, None, None]).to(input.dtype)

    @torch.no_grad()
    def _note(self, mean: Tensor, variance: Tensor) -> None:
        kept: Any = self  # PyTorch's types allow for norms without statistics
        kept.running_mean.lerp_(mean, kept.momentum)
        kept.running_var.lerp_(variance, kept.momentum)
        kept.num_batches_tracked += 1


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes, also for its gradient."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return _summed(values)

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:
        return _summed(gradient)


def _summed(values: Tensor) -> Tensor:
    result = values.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(result)
    return result
