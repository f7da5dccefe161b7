from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest

import inkread.export
from inkread.export.formats import FORMATS
from inkread.export.parity import Parity

FOUND = Parity("MNIST", 5_000, 1.3e-6, 2, 0.9912, 0.9914)


@pytest.fixture
def exports(monkeypatch):
    """Replaces the export and records its arguments."""
    from inkread.export import Exported

    calls = []

    def export_model(model, *, to, on_format, **options):
        calls.append({"model": model, "to": to} | options)
        on_format()
        return [Exported(FORMATS[name], Path(f"out/{name}"), 790_000, FOUND) for name in to]

    monkeypatch.setattr(inkread.export, "export_model", export_model, raising=False)
    return calls


def test_the_table_says_how_far_each_file_is_from_its_source(run, exports, tmp_path):
    result = run("export", "runs/cnn", "--to", "onnx", "--to", "litert", "--out", tmp_path)
    assert (result.code, result.err) == (0, "")
    assert exports == [{"model": "runs/cnn", "to": ["onnx", "litert"], "out": tmp_path, "data_dir": None}]
    lines = result.out.splitlines()
    assert " ".join(lines[0].split()) == "Format Size Largest difference Changed answers Accuracy File"
    assert lines[1].split() == ["onnx", "0.79", "MB", "1.3e-06", "2", "99.12%", str(Path("out/onnx"))]
    assert "in probability on 5,000 examples (MNIST)" in lines[-1]
    assert "99.14%" in lines[-1]


def test_a_wrong_format_is_reported_before_anything_is_loaded(run, exports):
    result = run("export", "runs/cnn", "--to", "tflite")
    assert result.code == 2
    assert "--to tflite: is not a format" in result.err
    assert "litert" in result.err
    assert not exports


def test_a_bundled_model_is_exported_by_its_name(run, tmp_path, monkeypatch):
    pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")
    for variable in ("INKREAD_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    result = run("export", "default", "--to", "onnx", "--out", tmp_path / "out")
    assert (result.code, result.err) == (0, "")
    assert "synthetic digits" in result.out
    assert (tmp_path / "out" / "onnx" / "model.onnx").is_file()


@pytest.fixture
def imports(monkeypatch, tmp_path):
    """Replaces the import, returns what it is given, and records its arguments."""
    from inkread.export import importing
    from inkread.models import load_model

    calls = SimpleNamespace(made=[], found=FOUND)

    def import_keras(file, **options):
        calls.made.append({"file": file} | options)
        return importing.Imported(tmp_path / "old", load_model().card, calls.found)

    monkeypatch.setattr(inkread.export, "import_keras", import_keras, raising=False)
    return calls


def test_an_import_reports_the_comparison_and_the_folder(run, imports, tmp_path):
    result = run("import", tmp_path / "old.keras", "--trust")
    assert (result.code, result.err) == (0, "")
    assert imports.made == [{"file": tmp_path / "old.keras", "trust": True, "out": None, "data_dir": None}]
    for shown in ("1.3e-06", "5,000 digits (MNIST)", "99.12%", str(tmp_path / "old")):
        assert shown in result.out
    assert "few of these digits" not in result.out


def test_an_imported_model_that_misreads_most_digits_causes_a_warning(run, imports, tmp_path):
    imports.found = dataclasses.replace(FOUND, accuracy=0.11)
    result = run("import", tmp_path / "old.keras", "--trust")
    assert result.code == 0
    assert "few of these digits. Does it expect input other than" in result.out


def test_an_import_without_trust_says_why(run, tmp_path):
    (tmp_path / "old.h5").write_bytes(b"")
    result = run("import", tmp_path / "old.h5")
    assert result.code == 2
    assert "run any code in it" in result.err
    assert "--trust" in result.err
