"""A training whose disk fails, or that is killed, at any file operation continues and ends as if unharmed."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from faults import ENV, FAULTS, drawn, unfinished

from inkread.errors import OutputError
from inkread.models import CARD_FILE
from inkread.training import Recipe, load_run, train, workflow
from inkread.training.checkpoint import CHECKPOINT_FILE

QUICK = Recipe(network="linear", epochs=2, validation=100, threads=1, precision="float32")

OPERATIONS = 25
"""File operations of such a training: three checkpoints, and five files that appear together, card last."""


@pytest.fixture(autouse=True)
def only_bars(glyphs, monkeypatch):
    """Bars in the place of every collection."""
    monkeypatch.setattr(workflow, "load_named", lambda *_, **__: glyphs)


def test_a_training_has_as_many_file_operations_as_the_faults_are_drawn_from(tmp_path):
    with FAULTS.counting(tmp_path / "run") as counted:
        train(QUICK, out=tmp_path / "run")
    assert counted.count == OPERATIONS + 1  # the last removes the lock of other systems, if there is one


@pytest.mark.parametrize("number", drawn(4, OPERATIONS - 3))
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_training_on_a_disk_that_fails_is_an_error_and_continues_when_it_is_mended(tmp_path, code, number):
    out = tmp_path / "run"
    with FAULTS.failing(out, number, code), pytest.raises(OutputError, match=os.strerror(code)):
        train(QUICK, out=out)
    assert not (out / CARD_FILE).exists()
    train(QUICK, out=out, resume=(out / CHECKPOINT_FILE).exists())
    assert load_run(out).card.name == "linear"
    assert not unfinished(out)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_training_killed_at_any_file_operation_ends_as_an_unkilled_one(tmp_path):
    program = Path(__file__).parents[1] / "killed_training.py"
    numbers = drawn(6, OPERATIONS)
    command = [sys.executable, str(program), str(tmp_path), *map(str, numbers)]
    done = subprocess.run(command, env=os.environ | ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    whole, *killed = map(json.loads, done.stdout.splitlines())
    assert [each["signal"] for each in (whole, *killed)] == [0, *[signal.SIGKILL] * len(numbers)]
    assert {each["weights"] for each in killed} == {whole["weights"]}
    assert not any(each["unfinished"] for each in (whole, *killed))


def test_a_training_on_a_full_disk_says_that_it_can_be_resumed(tmp_path):
    recipe = dataclasses.replace(QUICK, epochs=1)
    with (
        FAULTS.failing(tmp_path / "run", OPERATIONS // 2, errno.ENOSPC),
        pytest.raises(OutputError, match="make room, then resume the run"),
    ):
        train(recipe, out=tmp_path / "run")
