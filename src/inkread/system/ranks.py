"""This process among those of one training, as torchrun numbers them in the environment."""

from __future__ import annotations

import os


def rank() -> int:
    """Returns this process's number, from 0; the first one writes and prints."""
    return int(os.environ.get("RANK", "0"))


def rank_here() -> int:
    """Returns its number among the processes of this machine, which is that of its GPU."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def ranks() -> int:
    """Returns how many processes there are; 1 if torchrun did not start this one."""
    return int(os.environ.get("WORLD_SIZE", "1"))
