"""Shared by all tests: reproducible property tests, and the development data if available."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from inkread.system.idle import let_idle_threads_sleep

let_idle_threads_sleep()  # before any test imports PyTorch
settings.register_profile("inkread", derandomize=True, deadline=None, max_examples=100, database=None)
settings.load_profile("inkread")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of development data, which is not in the repository; without it, the test is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("INKREAD_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"needs the development data: no folder {folder}; name it in INKREAD_DATA")
    return folder
