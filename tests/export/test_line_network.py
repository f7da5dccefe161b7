"""The network that reads lines is exported with the same answers, or not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

from export_runs import needs

from inkread.errors import ExportError, OptionError
from inkread.export import export_model, line_network
from inkread.export.line_network import drawn_lines, onnx_run, parity_of_lines
from inkread.models import CARD_FILE, TEXT, Card, load_model
from inkread.models.quantization import in_32_bits
from inkread.pipeline.strips import planes
from inkread.pipeline.text import TextRecognizer


@pytest.fixture(scope="module")
def lines():
    """A few drawn lines."""
    return drawn_lines(6)


@pytest.fixture(autouse=True)
def fewer_lines(monkeypatch, lines):
    """Compares on them."""
    monkeypatch.setattr(line_network, "drawn_lines", lambda: lines)


def test_undoing_quantization_changes_no_answer_and_only_rounding(lines):
    model = load_model(TEXT)
    rounded = lines.columns(onnx_run(model.content))
    exact = lines.columns(onnx_run(in_32_bits(model.content).SerializeToString()))
    found = parity_of_lines(exact, rounded, rounded, lines.texts)
    assert found.changed <= 1
    assert 0 < np.mean([np.abs(one - other).mean() for one, other in zip(exact, rounded, strict=True)]) < 1e-3


def test_the_onnx_folder_is_the_model_that_inkread_reads_with(tmp_path, lines):
    (done,) = export_model(TEXT, to=["onnx"], out=tmp_path)
    assert (done.parity.largest_difference, done.parity.changed) == (0, 0)
    ours = TextRecognizer(TEXT).probabilities_of(lines.pixels)
    theirs = TextRecognizer(str(done.path.parent)).probabilities_of(lines.pixels)
    assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))
    assert Card.load(done.path.parent / CARD_FILE).scores["export"]["format"] == "onnx"


def test_the_litert_file_reads_lines_of_any_width_as_its_card_says(tmp_path, lines):
    needs("litert")
    from ai_edge_litert.interpreter import Interpreter

    (done,) = export_model(TEXT, to=["litert"], out=tmp_path)
    assert done.parity.changed == 0
    card = json.loads((done.path.parent / "model.json").read_text(encoding="utf-8"))
    vectors = np.load(done.path.parent / "vectors.npz")
    runner = Interpreter(str(done.path)).get_signature_runner()
    widths = set()
    for index, text in enumerate(vectors["texts"].tolist()):
        pixels = vectors[f"line_{index}"]
        widths.add(pixels.shape[1])
        line = planes(pixels[None], np.array([pixels.shape[1]])).transpose(0, 2, 3, 1)
        (columns,) = runner(**{card["input"]["name"]: line})["columns"]
        assert columns.shape == (pixels.shape[1] // 2, len(card["labels"])), text
        assert np.abs(columns - vectors[f"columns_{index}"]).max() < 1e-4
    assert len(widths) > 1


def test_a_file_that_reads_differently_is_not_saved(tmp_path, monkeypatch):
    wrong = onnx_run(in_32_bits(load_model(TEXT).content).SerializeToString())
    monkeypatch.setattr(
        line_network, "_written", lambda _format, model, _plain, path: _keeping(model, path, wrong)
    )
    with pytest.raises(ExportError, match="does not match its source"):
        export_model(TEXT, to=["onnx"], out=tmp_path)
    assert not (tmp_path / "onnx").exists()


def _keeping(model, path, run):
    path.write_bytes(model.content)
    return run


def test_formats_of_glyph_models_are_rejected_before_anything_is_written(tmp_path):
    with pytest.raises(OptionError, match="use onnx or litert"):
        export_model(TEXT, to=["litert", "keras"], out=tmp_path)
    assert list(tmp_path.iterdir()) == []
