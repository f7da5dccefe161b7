"""Training in several processes, on one machine or many: each learns its share of every batch.

``torchrun`` starts the processes, see docs/training.md. They draw the same batches, and gradients, statistics
of batch norms, and figures are those of whole batches, so that the weights are those of one process, but for
rounding and dropout. Only the first process writes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from inkread.errors import TrainingError
from inkread.system.ranks import rank, rank_here, ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from inkread.training.digits import DigitsTask, Epoch
    from inkread.training.trainer import Answer, Passed

Value = TypeVar("Value")


class Alone:
    """Training in one process."""

    def parallel(self, network: nn.Module) -> nn.Module:
        """Returns the module to call instead of the network: its gradients are those of the whole batch."""
        return network

    def mean(self, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the mean of figures over the processes."""
        return figures

    def agreed(self, value: Value) -> Value:
        """Returns the first process's value, so that all take the same decisions."""
        return value


ALONE = Alone()


class Ranks(Alone):
    """Training in several processes."""

    def __init__(self, device: str) -> None:
        self._device = device

    def parallel(self, network: nn.Module) -> nn.Module:
        """Returns the network's parallel twin, which shares its weights; its batch norms change in place."""
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = _SharedBatchNorm
        return DistributedDataParallel(network)

    def mean(self, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the mean of figures over the processes."""
        summed = torch.tensor(figures, device=self._device)
        distributed.all_reduce(summed)
        mean: NDArray[np.float64] = summed.cpu().numpy() / ranks()
        return mean

    def agreed(self, value: Value) -> Value:
        """Returns the first process's value."""
        values = [value]
        distributed.broadcast_object_list(values)
        return values[0]


class Share:
    """The share of each batch that this process learns; see ``trainer.Task``.

    Losses and figures are scaled, so that their means over the processes are those of the whole batch.

    Args:
        task: learns the whole batches.
    """

    def __init__(self, task: DigitsTask) -> None:
        self._task = task

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields the whole batches: all processes draw the same random numbers."""
        return self._task.batches(epoch)

    def loss(self, answer: Answer, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[float, ...]]:
        """Returns the scaled loss and figures of this process's share of a batch."""
        glyphs, labels = batch
        has_any = rank() < len(labels)  # else it keeps step with a glyph that does not count
        mine = slice(rank(), None, ranks()) if has_any else slice(1)
        loss, further = self._task.loss(answer, (glyphs[mine], labels[mine]))
        weight = has_any * self._task.weight(labels[mine]) / self._task.weight(labels)
        share = has_any * len(labels[mine]) / len(labels)
        return loss * ranks() * weight, tuple(each * ranks() * share for each in further)

    def end_epoch(self, averaged: nn.Module, passed: Passed) -> Epoch:
        """Measures the averaged network, like one process."""
        return self._task.end_epoch(averaged, passed)


@contextmanager
def joined(device: str) -> Iterator[Alone]:
    """Joins the processes that torchrun started; a process that it did not start trains alone.

    Args:
        device: what they compute on.
    """
    if ranks() == 1:
        yield ALONE
        return
    if device == "cuda":
        torch.cuda.set_device(rank_here())
    try:
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    except (ValueError, RuntimeError) as error:  # an address is missing, or another process did not come
        problem, remedy = f"cannot join the others ({error})", "start all of them with torchrun"
        raise TrainingError(f"process {rank()} of {ranks()}", problem, remedy) from error
    try:
        yield Ranks(device)
    finally:
        distributed.destroy_process_group()


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
