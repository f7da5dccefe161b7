"""This process among those of one training, as torchrun numbers them in the environment."""

from __future__ import annotations

import os

from inkread.errors import OptionError


def rank() -> int:
    """Returns this process's number, from 0; the first one writes and prints."""
    return _number("RANK", 0)


def rank_here() -> int:
    """Returns its number among the processes of this machine, which is that of its GPU."""
    return _number("LOCAL_RANK", 0)


def ranks() -> int:
    """Returns how many processes there are; 1 if torchrun did not start this one."""
    return _number("WORLD_SIZE", 1)


def _number(name: str, alone: int) -> int:
    """Returns a variable of the environment, or its value for a process that is alone."""
    value = os.environ.get(name) or str(alone)
    if not value.isdecimal():
        raise OptionError(f"{name}={value}", "is not a number", f"unset {name}, or start with torchrun")
    return int(value)
