"""Weights bundled with the package, in 16 bits, from which a training can start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save

from inkread.system.files import write_whole

if TYPE_CHECKING:
    from torch import nn

DETECTOR, CLOSEUP, STRIP, TEXT = (
    Path(__file__).with_name(f"{name}.safetensors") for name in ("detector", "closeup", "strip", "text")
)
"""The results of earlier trainings; see docs/experiments.md."""


def load_weights(network: nn.Module, path: Path) -> None:
    """Loads weights that ``save_weights`` wrote."""
    weights = {name: tensor.float() for name, tensor in load_file(path).items()}
    network.load_state_dict(network.state_dict() | weights)


def load_trunk(network: nn.Module, path: Path) -> None:
    """Loads those weights that a network for another task shares with this one, by name and shape."""
    own = network.state_dict()
    weights = {name: tensor.float() for name, tensor in load_file(path).items()}
    network.load_state_dict(
        own | {name: tensor for name, tensor in weights.items() if tensor.shape == own[name].shape}
    )


def save_weights(network: nn.Module, path: Path) -> None:
    """Writes a network's weights in 16 bits; raises an ``OutputError`` if that fails."""
    tensors = {
        name: tensor.half().contiguous()
        for name, tensor in network.state_dict().items()
        if tensor.dtype.is_floating_point
    }
    write_whole(path, save(tensors))
