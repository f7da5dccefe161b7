"""Shared by all tests: reproducible property tests, and the development data if available."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from inkread.system.cores import let_idle_threads_sleep

let_idle_threads_sleep()  # before any test imports PyTorch
settings.register_profile("inkread", derandomize=True, deadline=None, max_examples=100, database=None)
settings.load_profile("inkread")

TESTS = Path(__file__).parent
SLOW = (
    "batch/test_job.py",
    "batch/test_ray.py",
    "batch/test_ray_engine.py",
    "batch/test_s3.py",
    "browser",
    "cli/test_batch.py",
    "cli/test_compare.py",
    "cli/test_export.py",
    "cli/test_sweep.py",
    "desktop/test_moving_pages.py",
    "desktop/test_reader_process.py",
    "desktop/test_screen.py",
    "evaluation/plots",
    "evaluation/reports",
    "export",
    "picture/test_worst_pictures.py",
    "pipeline/test_beam_search.py",
    "pipeline/test_ngrams.py",
    "server/test_certificates.py",
    "server/test_command.py",
    "server/test_limits.py",
    "server/test_openapi.py",
    "server/test_pool.py",
    "site",
    "store/test_durability.py",
    "synthetic",
    "system/test_cores.py",
    "system/test_supervision.py",
    "system/test_worker.py",
    "test_documentation_site.py",
    "test_environment.py",
    "test_fuzzers.py",
    "test_notebook.py",
    "test_privacy.py",
    "training",
)
"""Folders and files of which every test is slow; single slow tests have the mark."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Imports nothing for slow tests that will not run: PyTorch alone takes seconds."""
    return True if config.option.markexpr == "not slow" and is_slow(collection_path) else None


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of ``SLOW``."""
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(tryfirst=True)  # before the fixtures of the test
def pytest_runtest_setup() -> None:
    """Starts each test with the same random numbers, whichever tests ran before it in its process."""
    random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


def is_slow(path: Path) -> bool:
    """Returns whether a test file or folder is in ``SLOW``."""
    return any(path.is_relative_to(TESTS / name) for name in SLOW)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of development data, which is not in the repository; without it, the test is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("INKREAD_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"needs the development data: no folder {folder}; name it in INKREAD_DATA")
    return folder
