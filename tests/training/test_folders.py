"""A run's folder: used by one process at a time, whole on a full disk, named by any kind of path."""

from __future__ import annotations

import dataclasses
import errno
import inspect
import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from training_runs import interrupt_at

import inkread
from inkread import export, training
from inkread.errors import ModelFormatError, OutputError
from inkread.evaluation import plots
from inkread.models import CARD_FILE, MODEL_FILE, load_model
from inkread.system.locks import working_in
from inkread.training import (
    DetectorRecipe,
    FineTuneConfig,
    Recipe,
    fine_tune,
    load_run,
    train,
    train_detector,
    workflow,
)
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.digits import fit
from inkread.training.recipe import TextRecipe

QUICK = Recipe(network="linear", epochs=2, validation=100, threads=1, precision="float32")


@pytest.fixture
def only_bars(glyphs, monkeypatch):
    """Bars in the place of every collection."""
    monkeypatch.setattr(workflow, "load_named", lambda *_, **__: glyphs)


@pytest.mark.parametrize(
    "work",
    [
        lambda out: train(QUICK, out=out),
        lambda out: train(QUICK, out=out, resume=True),
        lambda out: fine_tune(FineTuneConfig(), start="default", data=["mnist"], out=out),
        lambda out: train_detector(DetectorRecipe(), out=out),
        lambda out: export.export_model("default", to=["onnx"], out=out),
    ],
    ids=["train", "resume", "train on", "detector", "export"],
)
def test_only_one_process_works_in_a_folder(work, tmp_path):
    with working_in(tmp_path), pytest.raises(OutputError, match="in use by another inkread command"):
        work(tmp_path)
    assert not [*tmp_path.iterdir()]


def test_only_one_sweep_works_in_a_folder(glyphs, held_out, tmp_path):
    sweep = pytest.importorskip("inkread.training.sweep", reason="Optuna is not installed (extra: sweep)")
    with working_in(tmp_path), pytest.raises(OutputError, match="in use"):
        sweep.sweep(QUICK, {}, glyphs, held_out, out=tmp_path, trials=1, watch=None)


def test_a_disk_that_fills_up_leaves_the_last_checkpoint_and_no_part(glyphs, held_out, tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        fit(QUICK, glyphs, held_out, out=tmp_path, on_epoch=interrupt_at(1))
    before = (tmp_path / CHECKPOINT_FILE).read_bytes()
    write = Path.write_bytes

    def half(path, content):
        write(path, content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        with pytest.raises(OutputError, match="No space left on device"):
            fit(QUICK, glyphs, held_out, out=tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]
    assert (tmp_path / CHECKPOINT_FILE).read_bytes() == before
    assert len(fit(QUICK, glyphs, held_out, out=tmp_path, resume=True).history) == 2


def test_a_folder_may_be_named_by_a_string(only_bars, tmp_path):
    recipe = dataclasses.replace(QUICK, epochs=1)
    run = train(recipe, out=str(tmp_path / "run"), data_dir=str(tmp_path))
    assert run.out == tmp_path / "run"
    assert load_run(str(tmp_path / "run")).card == run.card
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
    plots.save(plots.curves({"run": load_run(str(run.out)).history}), str(tmp_path / "curves.svg"))
    assert (tmp_path / "curves.svg").is_file()


@pytest.mark.parametrize("geometry", [{}, {"height": "48"}, {"height": 10**9}, {"height": 0}], ids=str)
def test_a_run_of_text_whose_card_has_no_sensible_height_is_rejected(tmp_path, geometry):
    source = load_model()
    changed = {"recipe": TextRecipe().to_dict(), "geometry": geometry}
    card = dataclasses.replace(source.card, **changed)
    (tmp_path / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    (tmp_path / MODEL_FILE).write_bytes(source.content)
    with pytest.raises(ModelFormatError, match="pixels high"):
        load_run(tmp_path)


@pytest.mark.parametrize("package", [inkread, training, plots, export], ids=lambda package: package.__name__)
def test_every_public_function_takes_any_kind_of_path(package):
    public = [getattr(package, name) for name in package.__all__]
    for each in filter(callable, public):
        for parameter in inspect.signature(each).parameters.values():
            own = each.__module__.startswith("inkread") and not dataclasses.is_dataclass(each)
            assert not (own and re.search(r"\bPath\b", str(parameter.annotation))), (each, parameter)
