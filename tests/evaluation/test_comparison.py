"""A comparison scores each model, tests each pair, and shows their differences."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed (extra: train)")
from onnx import TensorProto, helper, numpy_helper

from inkread.datasets.synthetic_digits import SYNTHETIC
from inkread.errors import ModelFormatError, ModelNotFoundError, OptionError
from inkread.evaluation import cost
from inkread.evaluation.comparison import Comparison, compare
from inkread.evaluation.cost import examine
from inkread.evaluation.figures import count, duration, p_value
from inkread.evaluation.systems import System, open_systems, read_first
from inkread.models import load_model

CONTENT = load_model().content


def answering(name, answers, *, sure=0.9):
    """A system that returns these digits for any input."""
    shares = np.full((len(answers), 10), (1 - sure) / 9, np.float32)
    shares[np.arange(len(answers)), answers] = sure
    return System(name, "given", lambda glyphs: shares[: len(glyphs)], CONTENT, (28, 28), {"model": name})


@pytest.fixture(scope="module")
def compared(digits) -> Comparison:
    right = digits.labels.astype(int)
    first, second = right.copy(), right.copy()
    first[:8] = (right[:8] + 1) % 10
    second[6:7] = (right[6:7] + 2) % 10
    models = [
        answering("all", right),
        answering("a<b>", first, sure=0.6),
        answering("c", second, sure=0.7),
    ]
    return compare(models, [digits], timed=False, notes=["a note"])


def test_each_model_has_its_score_with_its_interval(compared):
    scores = [entry.scores[SYNTHETIC] for entry in compared.entries]
    assert [score.right for score in scores] == [400, 392, 399]
    low, high = scores[1].interval
    assert low < scores[1].accuracy < high
    assert scores[0].calibration_error == pytest.approx(0.1, abs=1e-6)


def test_each_pair_is_tested(compared):
    found = {(p.one, p.other): (p.only_one, p.only_other, p.differing) for p in compared.pairs}
    assert found == {("all", "a<b>"): (8, 0, 8), ("all", "c"): (1, 0, 1), ("a<b>", "c"): (0, 7, 8)}
    assert compared.pairs[0].p == pytest.approx(2 / 2**8)
    assert compared.pairs[0].adjusted == pytest.approx(6 / 2**8)


def test_the_most_confident_contradictions_come_first(compared):
    assert [one.conflict for one in compared.disagreements] == pytest.approx([0.7] + [0.6] * 7)
    first = compared.disagreements[0]
    assert (first.index, first.label, len(first.answers)) == (6, 6, 3)
    assert first.answers == (6, 7, 8)


def test_equal_models_show_no_difference(digits):
    right = digits.labels.astype(int)
    same = compare([answering("one", right), answering("two", right)], [digits], timed=False)
    assert [pair.p for pair in same.pairs] == [1.0]
    assert same.disagreements == ()


def test_one_model_is_not_a_comparison(digits):
    with pytest.raises(OptionError, match="fewer than two"):
        compare([answering("alone", digits.labels.astype(int))], [digits], timed=False)


def test_it_can_be_kept_as_json(compared):
    kept = json.loads(json.dumps(compared.to_dict()))
    assert [model["model"] for model in kept["models"]] == ["all", "a<b>", "c"]
    assert kept["pairs"][0]["only_right"] == [8, 0]
    assert kept["disagreements"][0]["answers"] == ["6", "7", "8"]
    assert kept["notes"][0] == "a note"


def test_parameters_and_operations_are_those_of_the_network():
    graph = examine(CONTENT, (28, 28), "default")
    assert graph.operations == 9_407_488  # 9,407,360 of ten classes, and 128 of the eleventh
    assert graph.parameters == 196_787
    assert graph.size == len(CONTENT)


@pytest.mark.parametrize(("layout", "batch"), [((784,), "N"), ((1, 28, 28), 1), ((28, 28, 1), 7)])
def test_operations_are_counted_per_glyph_for_any_batch(layout, batch, foreign_model, tmp_path):
    path = foreign_model(tmp_path / "theirs.onnx", layout=layout, batch=batch)
    graph = examine(path.read_bytes(), layout, "theirs")
    assert (graph.parameters, graph.operations) == (7_850, 7_840)


def test_operations_that_cannot_be_counted_are_not_guessed():
    weights = numpy_helper.from_array(np.zeros((784, 10), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Einsum", ["x", "w"], ["y"], equation="ni,ij->nj")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 784])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    assert examine(model.SerializeToString(), (784,), "g").operations is None


def test_latency_is_measured_in_turns(monkeypatch):
    turns = []
    monkeypatch.setattr(cost, "SECONDS", 0.0)
    readers = [lambda glyphs, name=name: turns.append((name, len(glyphs))) for name in "ab"]
    seconds = cost.measure_latency(readers, np.zeros((3, 28, 28), np.uint8))
    assert len(seconds) == 2
    assert min(seconds) > 0
    assert turns[2 * cost.WARM_UPS :] == [("a", 3), ("b", 3)] * cost.LEAST_ROUNDS


def test_a_cold_start_is_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(cost, "COLD_STARTS", 1)
    (seconds,) = cost.measure_cold_starts([{"model": "default"}])
    assert 0 < seconds < cost.LONGEST_START
    with pytest.raises(ModelFormatError, match=r"absent.*fresh process"):
        cost.measure_cold_starts([{"model": "absent"}])


def test_bundled_runs_and_files_can_take_part(foreign_model, digits, tmp_path):
    path = foreign_model(tmp_path / "theirs.onnx", layout=(784,), values="0–255", batch=1)
    asked = []

    def probes():
        asked.append(1)
        return digits

    opened = open_systems(["bundled", "default", str(path), str(path)], probes)
    assert [one.name for one in opened] == ["bundled", "default", str(path), f"{path} (2)"]
    assert opened[2].note == "(N, 784), 0–255, logits; always 1 at a time"
    assert asked == [1]
    for one in opened:
        shares = one.probabilities(digits.images[:5])
        assert shares.shape == (5, 10)
        assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
        read_first(json.dumps(one.identity))


def test_without_foreign_models_nobody_needs_probing_digits():
    open_systems(["bundled"], lambda: pytest.fail("asked for digits"))


def test_the_file_within_the_folder_of_a_model_is_that_model():
    """Its card states what probing could only guess, and guesses wrong in 8 bits."""
    path = load_model("default").path
    (opened,) = open_systems([str(path)], lambda: pytest.fail("asked for digits"))
    assert "by inkread, calibrated" in opened.note


def test_an_unknown_model_is_not_found(digits, tmp_path):
    with pytest.raises(ModelNotFoundError, match="use a bundled model"):
        open_systems(["defualt"], lambda: digits)
    with pytest.raises(ModelNotFoundError, match="without a card"):
        open_systems([str(tmp_path)], lambda: digits)


def test_numbers_are_short():
    assert [count(n) for n in (None, 12, 7_840, 999_950, 9_407_488)] == [
        "?",
        "12 ",
        "7.84 k",
        "1 M",
        "9.41 M",
    ]
    assert [duration(s) for s in (2.5e-6, 0.00024, 0.158, 3.2)] == ["2.5 µs", "240 µs", "158 ms", "3.2 s"]
    assert [p_value(p) for p in (1.0, 0.0321, 1e-9)] == ["1.000", "0.032", "< 0.001"]
