"""The plots of a sweep show every trial and every searched setting."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("optuna", reason="Optuna is not installed (extra: sweep)")

from inkread.evaluation.plots import settings, trials
from inkread.training.space import Choices, Range
from inkread.training.sweep import Sweep, Trial

SPACE = {
    "learning_rate": Range(1e-5, 1e-1, log=True),
    "batch_size": Choices((64, 128)),
    "augmentation.rotation": Range(0.0, 5.0),
    "dropout": Choices((0.3,)),
}
CURVES = {
    (0.8, 0.9): "complete",
    (0.5,): "pruned",
    (0.7, 0.99): "complete",
    (): "pruned",
    (0.9, 0.95): "complete",
}


def sweep_of(curves):
    values = {"learning_rate": 1e-3, "batch_size": 128, "augmentation.rotation": 2.0, "dropout": 0.3}
    found = tuple(Trial(i, state, values, curve, 1.0) for i, (curve, state) in enumerate(curves.items()))
    return Sweep(Path("sweep"), SPACE, found, {"batch_size": 0.75, "learning_rate": 0.25})


def test_each_trial_has_its_point_and_its_course():
    plot = trials(sweep_of(CURVES))
    order, course = plot.axes
    assert len(order.collections) == len(course.lines) == len(CURVES)
    assert plot.get_suptitle() == "99.00% right on held-out data, the best of 5 trials"


def test_the_best_so_far_never_falls():
    (line,) = trials(sweep_of(CURVES)).axes[0].lines
    assert list(line.get_ydata()) == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.01])


def test_settings_that_vary_have_panels_by_their_importance():
    plot = settings(sweep_of(CURVES))
    titles = [axes.get_title(loc="left") for axes in plot.axes if axes.get_visible()]
    assert titles == ["batch size (75%)", "learning rate (25%)", "rotation"]
    assert [label.get_text() for label in plot.axes[0].get_xticklabels()] == ["64", "128"]


def test_a_sweep_without_a_finished_trial_has_plots_too():
    unfinished = sweep_of({(0.5,): "pruned"})
    assert trials(unfinished).get_suptitle() == "None of 1 trials was trained to the end"
    assert settings(unfinished).to_png().startswith(b"\x89PNG")
