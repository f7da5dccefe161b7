"""A model is loaded only if it matches its card."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.errors import ModelFormatError, ModelIntegrityError, ModelNotFoundError
from inkread.models import (
    CARD_FILE,
    CHARACTERS,
    CLOSEUP,
    DEFAULT,
    DETECTOR,
    MODEL_FILE,
    QUANTIZED,
    STRIP,
    TEXT,
    Card,
    bundled,
    load_model,
)
from inkread.models.card import HISTORY_FILE, load_history
from inkread.pipeline.classifier import Classifier

LARGEST_BUNDLED = 2_000_000


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the default model, to be damaged."""
    folder = tmp_path / "model"
    shutil.copytree(load_model().path.parent, folder)
    return folder


def edit_card(folder: Path, **changes: object) -> None:
    path = folder / CARD_FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_the_default_model_is_bundled_small_and_documented() -> None:
    assert bundled()[0] == DEFAULT
    model = load_model()
    assert len(model.content) <= LARGEST_BUNDLED
    assert len(model.card.labels) == 11
    assert model.card.command.startswith("inkread train")
    assert {"name", "split", "count", "sha256", "licence"} <= set(model.card.data[0])
    assert model.card.geometry["box"] == 20
    assert model.card.recipe["seed"] == model.card.seed


def test_the_bundled_models_are_small_together_and_each_says_how_it_was_made() -> None:
    assert {*bundled()} == {DEFAULT, DETECTOR, CHARACTERS, TEXT}
    beside = load_model(DETECTOR).path.parent
    digits = [load_model(name) for name in (DEFAULT, DETECTOR, beside / CLOSEUP, beside / STRIP)]
    text = [load_model(name) for name in (CHARACTERS, TEXT)]
    for models, most in ((digits, 8_000_000), (text, 6_000_000)):
        files = [each for model in models for each in (model, model.quantized) if each]
        assert sum(len(each.content) for each in files) <= most
    models = digits + text
    assert all(model.card.command.startswith("inkread train") for model in models)
    assert all(model.card.data for model in models)


def test_the_default_model_has_8_bits_and_agrees_with_its_source() -> None:
    model = load_model()
    assert model.quantized is not None
    assert len(model.quantized.content) < 0.3 * len(model.content)
    glyphs = synthetic_digits(100, seed=3).images
    source = Classifier(dataclasses.replace(model, quantized=None)).probabilities(glyphs)
    found = Classifier(model).probabilities(glyphs)
    np.testing.assert_array_equal(found, Classifier(model.quantized).probabilities(glyphs))
    assert 0 < np.abs(found - source).mean() < 0.001


def test_8_bits_of_another_model_are_rejected_and_damaged_ones_too(copied: Path) -> None:
    card = copied / QUANTIZED / CARD_FILE
    right = card.read_text(encoding="utf-8")
    exported = json.loads(right)
    exported["scores"]["export"]["source_sha256"] = "0" * 64
    card.write_text(json.dumps(exported), encoding="utf-8")
    with pytest.raises(ModelIntegrityError, match="belongs to another model"):
        load_model(copied)
    card.write_text(right, encoding="utf-8")
    (copied / QUANTIZED / MODEL_FILE).write_bytes(b"damaged")
    with pytest.raises(ModelIntegrityError, match="SHA-256"):
        load_model(copied)
    shutil.rmtree(copied / QUANTIZED)
    assert load_model(copied).quantized is None


def test_no_card_names_the_test_files_as_something_learned_from() -> None:
    for name in bundled():
        assert all(entry["split"] in {"train", "validation"} for entry in load_model(name).card.data)


def test_a_folder_of_a_run_is_a_model(copied: Path) -> None:
    assert load_model(copied).card == load_model().card


def test_a_changed_byte_is_rejected(copied: Path) -> None:
    content = bytearray((copied / MODEL_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / MODEL_FILE).write_bytes(content)
    with pytest.raises(ModelIntegrityError, match="SHA-256"):
        load_model(copied)


def test_an_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="'default'"):
        load_model("defualt")
    with pytest.raises(ModelNotFoundError, match=r"without a card\.json"):
        load_model(tmp_path)


def test_a_missing_model_file_is_named(copied: Path) -> None:
    (copied / MODEL_FILE).unlink()
    with pytest.raises(ModelNotFoundError, match=MODEL_FILE):
        load_model(copied)


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0},
        {"temperature": "warm"},
        {"labels": ["0", "0"]},
        {"labels": []},
        {"labels": ["0", "a\n"]},
        {"labels": ["0", "a" * 65]},
        {"temperature": float("inf")},
        {"temperature": 1e-300},
        {"temperature": True},
        {"refusal": 0},
        {"refusal": 1.5},
        {"refusal": "no"},
        {"labels": 7},
        {"labels": [["0"]]},
        {"sha256": None},
        {"surprise": 1},
        {"data": 3},
        {"data": [{"name": "mnist"}]},
        {"command": []},
        {"parameters": 1.5},
        {"parameters": True},
        {"geometry": 0.5},
        {"recipe": [1]},
        {"scores": None},
        {"confusion": [[0, "x"]]},
        {"reliability": [3]},
        {"background_logit_adjustment": "x"},
        {"rejection_threshold": -1},
    ],
    ids=str,
)
def test_a_card_that_makes_no_sense_is_rejected(copied: Path, changes: dict[str, object]) -> None:
    edit_card(copied, **changes)
    with pytest.raises(ModelFormatError, match=CARD_FILE):
        load_model(copied)


@pytest.mark.parametrize("scores", [{}, {"export": 3}, {"export": {"source_sha256": []}}], ids=str)
def test_an_8_bit_version_that_does_not_name_its_source_is_rejected(
    copied: Path, scores: dict[str, object]
) -> None:
    edit_card(copied / QUANTIZED, scores=scores)
    with pytest.raises(ModelIntegrityError, match="another model"):
        load_model(copied)


@pytest.mark.parametrize(
    "content", [b"epoch,loss\n1,x\n", b"epoch\n1,2\n", b'epoch\n"\0', b"a\n" + b"1" * 200_000]
)
def test_a_history_that_is_not_a_table_of_numbers_is_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / HISTORY_FILE).write_bytes(content)
    with pytest.raises(ModelFormatError, match="not a readable history"):
        load_history(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"name": "x"}', "\x00\xff", "[" * 100_000],
    ids=["empty", "list", "cut", "lacking", "binary", "deep"],
)
def test_a_file_that_is_not_a_card_is_rejected(copied: Path, text: str) -> None:
    (copied / CARD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelFormatError):
        load_model(copied)


def test_a_card_survives_being_written_and_read(tmp_path: Path) -> None:
    card = load_model().card
    (tmp_path / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    assert Card.load(tmp_path / CARD_FILE) == card
