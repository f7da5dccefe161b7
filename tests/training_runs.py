"""What two runs have in common, and how one is interrupted."""

from __future__ import annotations

import dataclasses


def weights(run):
    return {name: tensor.numpy().tobytes() for name, tensor in run.network.state_dict().items()}


def figures(run):
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in run.history]


def interrupt_at(calls):
    """A callback that is interrupted, as by Ctrl-C, at its ``calls``-th call."""
    remaining = [calls]

    def callback(*_):
        remaining[0] -= 1
        if not remaining[0]:
            raise KeyboardInterrupt

    return callback
