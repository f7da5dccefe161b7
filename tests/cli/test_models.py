from __future__ import annotations

from types import SimpleNamespace

import pytest

import inkread.models
from inkread.errors import ModelNotFoundError
from inkread.models.card import Card


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """One bundled model."""
    path = tmp_path / "model.onnx"
    path.write_bytes(b"x" * 1_500_000)
    card = Card(
        name="cnn", created="2026-01-02", sha256="abcdef0123456789" * 4, labels=("1", "2", ""),
        temperature=1.25,
        parameters=123_456, scores={"mnist_test": 0.9967, "per_class": {"1": 1.0}},
    )  # fmt: skip

    def load_model(name):
        if name != "default":
            raise ModelNotFoundError(name, "is not a model", "name a bundled one")
        return SimpleNamespace(card=card, path=path)

    monkeypatch.setattr(inkread.models, "bundled", lambda: ["default"])
    monkeypatch.setattr(inkread.models, "load_model", load_model)


def test_models_lists_parameters_size_scores_and_hash(run, registry):
    heading, row = (line.split() for line in run("models").out.strip().splitlines())
    assert heading == ["Model", "Parameters", "Size", "mnist", "test", "SHA-256"]
    assert row == ["default", "123,456", "1.50", "MB", "0.9967", "abcdef012345"]


def test_models_with_a_name_shows_the_whole_card(run, registry):
    out = run("models", "default").out
    assert all(
        text in out for text in ("abcdef0123456789" * 4, "(no digit)", "2026-01-02", "per_class", "1.25")
    )


def test_an_unknown_model_is_an_error(run, registry):
    assert run("models", "nonsense") == (1, "", "error: nonsense: is not a model; name a bundled one\n")


@pytest.mark.parametrize("arguments", [("default", "--summary"), ("--summary", "default")])
def test_a_summary_lists_the_layers_and_their_sums(run, arguments):
    pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")
    heading, columns, first, *_, total, _, note = run("models", *arguments).out.splitlines()
    assert heading == "default: glyphs 28×28"
    assert columns.split() == ["Layer", "Kind", "Output", "shape", "Parameters", "Multiplications"]
    assert first.split() == ["conv", "1", "convolution", "3×3,", "ReLU", "16×28×28", "160", "112,896"]
    assert total.split() == ["Total", "12", "layers", "196,787", "9,407,488"]
    assert note == "Training had 197,051 parameters: batch norms are now folded into other layers."


def test_a_summary_without_a_name_is_of_every_bundled_network(run):
    pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")
    out = run("models", "--summary").out
    headings = [block.splitlines()[0].partition(":")[0] for block in out.split("\n\n")]
    assert headings == [
        "default", "characters", "detector", "detector/closeup", "detector/strip", "detector/rescoring",
        "text",
    ]  # fmt: skip
    assert "The input has no fixed size; this is for 2×256×256." in out
