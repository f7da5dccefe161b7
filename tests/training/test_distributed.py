"""Two processes, each with its share of every batch, learn what one process learns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

import parallel_training

from inkread.cli import main
from inkread.training.run import load_run

PATIENCE = 600
"""Seconds after which processes count as hanging."""
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

pytestmark = pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="PyTorch has no gloo")


def torchrun(*arguments):
    command = [sys.executable, "-W", "error", *TORCHRUN, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def in_two(tmp_path_factory):
    """Returns the folder of a run in two processes, which join each other once only, as those of users do."""

    @cache
    def folder_of(name):
        folder = tmp_path_factory.mktemp("two")
        torchrun(parallel_training.__file__, name, folder)
        return folder

    return folder_of


@pytest.mark.parametrize("name", parallel_training.RECIPES)
def test_the_figures_and_weights_of_two_processes_are_those_of_one(name, in_two, tmp_path):
    wanted, folder = parallel_training.figures(parallel_training.train(name, tmp_path)), in_two(name)
    for rank in range(2):
        rows = json.loads((folder / f"{rank}.json").read_text())
        for row, expected in zip(rows, wanted, strict=True):
            assert row == pytest.approx(expected, abs=1e-4)
    one, two = (torch.load(each / "checkpoint.pt", weights_only=True) for each in (tmp_path, folder))
    for part in ("network", "averaged"):
        for key, value in one[part].items():
            assert torch.allclose(value.float(), two[part][key].float(), atol=1e-4), key


def test_one_process_continues_what_two_began(in_two, tmp_path):
    shutil.copytree(in_two("mlp"), tmp_path / "run")
    run = parallel_training.train("mlp", tmp_path / "run", resume=True)
    assert [epoch.epoch for epoch in run.history] == [1, 2]


def test_the_command_prints_once_and_saves_a_finished_run(tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra: plot)")
    options = ("--network", "linear", "--epochs", "1", "--data", "digits", "--out", tmp_path)
    done = torchrun("-m", "inkread", "train", *options)
    assert done.stdout.count("Saved in") == 1
    assert len(load_run(tmp_path).history) == 1


@pytest.mark.parametrize(
    "options", [("--network", "detector"), ("--seeds", "2"), ("--init-from", "bundled", "--data", "mine")]
)
def test_what_only_one_process_can_train_is_refused(options, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", *options, "--out", str(tmp_path)]) == 2
    assert f"error: {options[0]}" in capsys.readouterr().err


def test_an_environment_without_the_others_is_an_error(monkeypatch, tmp_path, capsys):
    options = ["train", "--network", "linear", "--epochs", "1", "--data", "digits", "--out", str(tmp_path)]
    monkeypatch.setenv("RANK", "first")
    assert main(options) == 2
    assert "error: RANK=first: is not a number; unset RANK" in capsys.readouterr().err
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert main(options) == 1
    assert "error: process 0 of 2: cannot join the others" in capsys.readouterr().err
