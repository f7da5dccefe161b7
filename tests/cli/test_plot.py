"""``inkread plot`` and ``inkread report`` save the requested files, and report errors before they begin."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")

from inkread.evaluation.plots import Inspection, catalogue, curves, inspection
from inkread.evaluation.reports import run as run_report
from inkread.system import lazy

HISTORY = tuple({"epoch": e, "train_loss": 1 / e, "validation_accuracy": 1 - 0.1 / e} for e in (1.0, 2.0))


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Replaces the drawing, in an empty folder, and records the requests."""
    monkeypatch.chdir(tmp_path)
    calls = []

    def draw(name, of, **options):
        calls.append((name, of.model.name, of.test, options))
        return curves({"run": HISTORY})

    monkeypatch.setattr(catalogue, "draw", draw)
    monkeypatch.setattr(inspection.Inspection, "history", HISTORY)
    return calls


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_plot_is_saved_as_its_suffix_says(run, drawn, tmp_path, suffix):
    file = tmp_path / "new" / f"plot.{suffix}"
    result = run("plot", "confusion", "--out", file)
    assert (result.code, result.err) == (0, "")
    assert result.out == f"Saved {file}\n"
    assert drawn == [("confusion", "default", False, {})]
    assert file.read_bytes().startswith(b"\x89PNG" if suffix == "png" else b"<?xml")


def test_without_a_file_it_is_named_after_the_plot(run, drawn, tmp_path):
    assert run("plot", "errors", "--quiet") == (0, "", "")
    assert (tmp_path / "errors.png").is_file()


def test_options_reach_the_plot_that_has_them(run, drawn, tmp_path):
    run("plot", "embedding", "--method", "pca", "--test", "--out", tmp_path / "a.png")
    run("plot", "features", "--glyph", 7, "--out", tmp_path / "b.png")
    assert [(call[0], *call[2:]) for call in drawn] == [
        ("embedding", True, {"method": "pca"}),
        ("features", False, {"glyph": 7}),
    ]


def test_curves_of_several_models_are_also_printed(run, drawn, tmp_path):
    result = run("plot", "curves", "--model", "default", "--model", "detector", "--out", tmp_path / "c.svg")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == [
        "Run",
        "default",
        "default",
        "detector",
        "detector",
        "Saved",
    ]
    assert "█▁" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["curvs"], "did you mean 'curves'"),
        (["errors", "--out", "e.gif"], "use .png or .svg"),
        (["errors", "--glyph", "3"], "is not an option of errors"),
        (["errors", "--model", "default", "--model", "detector"], "takes one model"),
        (["errors", "--model", "nowhere"], "is not a model"),
    ],
)
def test_a_mistake_is_reported_before_anything_is_drawn(run, drawn, tmp_path, arguments, message):
    result = run("plot", *arguments)
    assert result.code == (1 if "nowhere" in arguments else 2)
    assert result.err.startswith("error: ")
    assert message in result.err
    assert not drawn
    assert not list(tmp_path.iterdir())


def test_a_bundled_model_has_no_curves(run, tmp_path):
    result = run("plot", "curves", "--out", tmp_path / "c.png")
    assert result.code == 1
    assert "without a training history" in result.err


def test_without_matplotlib_the_extra_is_named(run, monkeypatch, tmp_path):
    def import_module(_name):
        raise ModuleNotFoundError(name="matplotlib")

    monkeypatch.setattr(lazy, "import_module", import_module)
    for command in (["plot", "errors"], ["report", tmp_path]):
        result = run(*command)
        assert result.code == 1
        assert "pip install '.[plot]'" in result.err


def test_a_report_is_written_where_it_is_wanted(run, monkeypatch, tmp_path):
    calls = []

    def write_report(folder, out, **options):
        calls.append((folder, out, options["test"], options["picture"]))
        return out

    monkeypatch.setattr(run_report, "write_report", write_report)
    result = run("report", tmp_path, "--out", tmp_path / "r.html")
    assert result == (0, f"Saved {tmp_path / 'r.html'}\n", "")
    assert calls == [(tmp_path, tmp_path / "r.html", False, None)]


def test_a_report_of_a_folder_that_is_not_a_run_is_an_error(run, tmp_path):
    result = run("report", tmp_path)
    assert result.code == 1
    assert "is not the folder of a run" in result.err
    assert Inspection("default").reads_pages is False
