"""The command searches, prints the result, and explains how to resume."""

from __future__ import annotations

import importlib.util

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("optuna", reason="Optuna is not installed (extra: sweep)")
pytest.importorskip("matplotlib", reason="Matplotlib is not installed (extra: plot)")

import inkread.datasets.mnist
import inkread.training.sweep
from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.synthetic_digits import synthetic_digits


@pytest.fixture(autouse=True)
def mnist(monkeypatch):
    """A few digits instead of MNIST's; half of them are held out."""
    import inkread.cli.sweep as command

    digits = synthetic_digits(200)
    small = LabelledGlyphs("MNIST", digits.images, digits.labels, "0" * 64, "", "")
    halves = small.subset(slice(None, 100)), small.subset(slice(100, None))
    monkeypatch.setattr(command, "_data", lambda recipe, data_dir, *, quiet: halves)


@pytest.fixture
def arguments(tmp_path):
    return ["sweep", "--network", "linear", "--epochs", 2, "--trials", 3, "--out", tmp_path / "sweep"]


def test_results_are_shown_and_saved(run, arguments, tmp_path):
    result = run(*arguments, terminal=True)
    assert result.code == 0, result.err
    assert "3 trials, 0 of them stopped early" in result.out
    assert "0.0005 to 0.02, log" in result.out
    assert f"inkread train --recipe {tmp_path / 'sweep' / 'best.json'}" in result.out.replace("\n", "")
    assert {path.name for path in (tmp_path / "sweep").iterdir()} == {
        "best", "best.json", "trials.csv", "sweep.sqlite",
        "history.svg", "history.png", "settings.svg", "settings.png",
    }  # fmt: skip
    assert run(*arguments).out.splitlines()[0] == result.out.splitlines()[0]


def test_an_interrupted_sweep_says_how_to_go_on(run, arguments, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(inkread.training.sweep, "fit", interrupted)
    result = run(*arguments)
    assert result.code == 130
    assert "run the same command again (--out" in result.err
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--network", "lenet"], "did you mean 'lenet5'"), (["--space", "absent.toml"], "not a readable space")],
)
def test_wrong_options_are_an_error(run, arguments, options, words):
    result = run(*arguments, *options)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_without_optuna_the_extra_is_named(run, arguments, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "optuna" else find_spec(name)
    )
    result = run(*arguments)
    assert result.code == 1
    assert (
        result.err
        == "error: optuna: is not installed; run this in inkread's folder: pip install '.[sweep]'\n"
    )
