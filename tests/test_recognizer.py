"""Digits are read off the columns of a strip, each once and in its place, by no other model than one of rows."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections import Counter
from itertools import groupby, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkread.classifier import Classifier
from inkread.errors import ModelFormatError
from inkread.models import MODEL_FILE, Model, load_model
from inkread.recognizer import BLANK, Columns, Recognizer, log_likelihoods, spotted, unfold

STRIPS = ("strips", ("N", 1, 40, "W"))
COLUMNS = ("columns", ("N", None, 1, "T"))


def columns_of(path: str, sure: float = 0.9) -> Columns:
    """Columns that each say a digit, or none for "-"; their boxes are told apart by their numbers."""
    classes = [BLANK if sign == "-" else int(sign) for sign in path]
    probabilities = np.full((len(path), BLANK + 1), (1 - sure) / BLANK, np.float32)
    probabilities[range(len(path)), classes] = sure
    boxes = np.arange(len(path), dtype=np.float32)[:, None] + np.array([0, 10, 20, 30], np.float32)
    return Columns(probabilities, boxes)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("---", ""), ("7", "7"), ("777", "7"), ("7-7", "77"), ("-77---7-", "77"), ("12", "12"), ("-0055-5-4", "0554"),
    ],
)  # fmt: skip
def test_repeats_are_one_digit_unless_there_is_a_blank_between(path: str, text: str) -> None:
    assert "".join(str(one.digits.argmax()) for one in spotted(columns_of(path))) == text


def test_a_digit_has_the_mean_box_of_its_columns_and_the_probabilities_of_its_surest() -> None:
    columns = columns_of("-33-3")
    columns.probabilities[1] = columns_of("3", sure=0.3).probabilities
    first, second = spotted(columns)
    assert first.box == pytest.approx((1.75, 11.75, 21.75, 31.75))
    assert second.box == pytest.approx((4, 14, 24, 34))
    np.testing.assert_array_equal(first.digits, columns.probabilities[2, :BLANK])
    assert 1 - first.digits.sum() == pytest.approx(0.01, abs=1e-6)


def test_the_likelihood_of_a_text_is_that_of_all_its_paths() -> None:
    powers = np.exp(2 * np.random.default_rng(0).normal(size=(4, BLANK + 1)))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    columns = Columns(probabilities, np.zeros((4, 4), np.float32))
    by_text: Counter[str] = Counter()
    for path in product(range(BLANK + 1), repeat=4):
        text = "".join(str(label) for label, _ in groupby(path) if label != BLANK)
        by_text[text] += math.prod(probabilities[range(4), path].tolist())
    texts = [text for text in by_text if set(text) <= set("012")]
    assert {"", "1", "11", "121", "112", "0120"} <= set(texts)
    expected = [math.log(by_text[text]) for text in texts]
    assert log_likelihoods([columns], texts)[0].tolist() == pytest.approx(expected, abs=1e-5)
    for text, own in zip(texts, expected, strict=True):
        assert log_likelihoods([columns], [text]).item() == pytest.approx(own, abs=1e-5)


@pytest.mark.parametrize("text", ["12012", "111", "1100"])
def test_a_text_that_needs_more_columns_is_impossible(text: str) -> None:
    assert log_likelihoods([columns_of("1-1-")], [text, "11"])[0, 0] == -math.inf


@pytest.fixture(scope="module")
def torch() -> Any:
    pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    return pytest.importorskip("torch", reason="needs PyTorch, of the extra 'train'")


def network_of(torch: Any, channels: int = 30, height: int = 40) -> Any:
    """A network that sees no further than its own four columns."""
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, channels, (height, 4), stride=4)).requires_grad_(False)


def saying(torch: Any, digit: int, sides: tuple[float, ...]) -> Any:
    """A network that says the same in every column."""
    network = network_of(torch)
    network[0].weight.zero_()
    network[0].bias[:] = torch.tensor([10.0 * (label == digit) for label in range(11)] + list(sides)).repeat(
        2
    )
    return network


def model_of(network: Any, temperature: float = 1.0, takes: Any = STRIPS, gives: Any = COLUMNS) -> Model:
    from inkread.training.export import to_onnx

    content = to_onnx(network.eval(), takes=takes, gives=gives)
    sha256 = hashlib.sha256(content).hexdigest()
    card = dataclasses.replace(load_model().card, sha256=sha256, temperature=temperature)
    return Model("made", Path("made") / MODEL_FILE, card, content)


def test_answers_are_unfolded_as_in_training(torch: Any) -> None:
    from inkread.training.row_network import unfolded

    answer = np.random.default_rng(0).random((30, 7), np.float32)
    for one, other in zip(unfold(answer), unfolded(torch.from_numpy(answer)[None, :, None]), strict=True):
        np.testing.assert_array_equal(one, other[0])


@pytest.mark.parametrize("width", [1, 2, 8, 9, 11, 402])
def test_a_strip_of_any_width_is_read_as_by_pytorch(torch: Any, width: int) -> None:
    from inkread.training.row_network import unfolded

    network, count = network_of(torch), -(-width // 2)
    strip = np.random.default_rng(width).random((40, width), np.float32)
    columns = Recognizer(model_of(network, temperature=0.5)).columns(strip)
    padded = torch.nn.functional.pad(torch.from_numpy(strip), (0, -width % 4))
    logits, sides = unfolded(network(padded[None, None]))
    left, right, top, bottom = 40 * sides[0, :count].T
    middles = 2 * torch.arange(count) + 1
    expected = torch.stack([middles - left, top, middles + right, bottom], dim=1)
    np.testing.assert_allclose(
        columns.probabilities, (logits[0, :count] / 0.5).softmax(dim=1), rtol=0, atol=1e-5
    )
    np.testing.assert_allclose(columns.boxes, expected, atol=1e-3)


def test_a_box_is_measured_from_its_column_in_pixels_of_the_strip(torch: Any) -> None:
    recognizer = Recognizer(model_of(saying(torch, 7, (0.1, 0.2, 0.25, 0.75))))
    strip = np.zeros((40, 9), np.float32)
    columns = recognizer.columns(strip)
    assert columns.boxes.tolist() == [pytest.approx([x - 4, 10, x + 8, 30]) for x in (1, 3, 5, 7, 9)]
    (one,) = spotted(columns)
    assert one.digits.argmax() == 7
    assert one.box == pytest.approx((1, 10, 13, 30))


@pytest.mark.parametrize("width", [1, 9, 40])
def test_paper_that_a_model_is_given_at_the_ends_is_no_part_of_the_answer(torch: Any, width: int) -> None:
    strip = np.random.default_rng(width).random((40, width), np.float32)
    model = model_of(network_of(torch))
    with_paper = dataclasses.replace(
        model, card=dataclasses.replace(model.card, geometry=model.card.geometry | {"paper": 16})
    )
    expected, found = Recognizer(model).columns(strip), Recognizer(with_paper).columns(strip)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-4)


def test_where_every_column_is_blank_nothing_is_read(torch: Any) -> None:
    recognizer = Recognizer(model_of(saying(torch, BLANK, (0.1, 0.2, 0.25, 0.75))))
    assert spotted(recognizer.columns(np.zeros((40, 30), np.float32))) == []


@pytest.mark.parametrize("shape", [(41, 9), (40, 0), (1, 40, 9), (40,)])
def test_what_is_no_strip_is_refused(torch: Any, shape: tuple[int, ...]) -> None:
    recognizer = Recognizer(model_of(network_of(torch)))
    with pytest.raises(ValueError, match=r"not \(40, W\)"):
        recognizer.columns(np.zeros(shape, np.float32))


def test_a_model_of_glyphs_reads_no_rows() -> None:
    with pytest.raises(ModelFormatError, match=r"takes .*glyphs.*, not strips \(N, 1, 40, W\)"):
        Recognizer("default")


def test_a_model_of_rows_classifies_no_glyphs(torch: Any) -> None:
    with pytest.raises(ModelFormatError, match=r"takes .*strips.*, not glyphs \(N, 28, 28\)"):
        Classifier(model_of(network_of(torch)))


@pytest.mark.parametrize(
    ("takes", "gives", "sizes", "problem"),
    [
        (("rows", ("N", 1, 40, "W")), COLUMNS, {}, "takes"),
        (("strips", ("N", 1, 40, 64)), COLUMNS, {}, "takes"),
        (("strips", ("N", 1, 28, "W")), COLUMNS, {"height": 28}, "takes"),
        (STRIPS, ("logits", ("N", None, 1, "T")), {}, "gives"),
        (STRIPS, COLUMNS, {"channels": 15}, "gives"),
    ],
    ids=["input name", "fixed width", "height", "output name", "channels"],
)
def test_a_model_with_other_inputs_or_outputs_is_refused(
    torch: Any, takes: Any, gives: Any, sizes: dict[str, int], problem: str
) -> None:
    model = model_of(network_of(torch, **sizes), takes=takes, gives=gives)
    with pytest.raises(ModelFormatError, match=problem):
        Recognizer(model)
