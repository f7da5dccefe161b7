"""Makes permissions effective for tests that run as root."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager

import pytest

VERSION = 0x20080522
"""From the kernel's interface (capability.h), with two words for each set."""

OVERRIDE = 1 << 1
"""CAP_DAC_OVERRIDE: to write where permissions forbid it."""


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


@contextmanager
def permissions_that_count():
    """Makes write permissions apply to root as well, who may still read everything."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system has no such permissions")
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("here, root may write everywhere")
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(VERSION, 0), (_Sets * 2)()
    _check(libc.capget(ctypes.byref(header), sets))
    before = sets[0].effective
    sets[0].effective = before & ~OVERRIDE
    _check(libc.capset(ctypes.byref(header), sets))
    try:
        yield
    finally:
        sets[0].effective = before
        _check(libc.capset(ctypes.byref(header), sets))


def _check(result):
    if result:
        raise OSError(ctypes.get_errno(), "the kernel's capabilities cannot be changed")
