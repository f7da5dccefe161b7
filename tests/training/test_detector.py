"""The detector learns, goes on where it was, and is the same network in ONNX."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inkread.models import MODEL_FILE
from inkread.pipeline.detector import BOX_UNIT, DIGITS, STRIDE
from inkread.runtime import start_session
from inkread.synthetic.scenes import CLASSES, IGNORED, Scene
from inkread.training import detector_network
from inkread.training.detector_export import to_onnx
from inkread.training.detector_fit import START, DetectorRecipe, DetectorTraining, jittered, rate_at
from inkread.training.detector_fusion import Opinions, fit_fusion, matched
from inkread.training.detector_loss import loss_of, targets_of
from inkread.training.detector_network import DetectorNetwork

CPU = torch.device("cpu")
RECIPE = DetectorRecipe(steps=40, batch=2, warmup=5, size=64, warm=False)


def scene(digit: int = 7, box: tuple[float, float, float, float] = (20, 16, 36, 44)) -> Scene:
    """A dark bar for a digit."""
    pixels = np.full((64, 64), 230, np.uint8)
    x0, y0, x1, y1 = (int(v) for v in box)
    pixels[y0:y1, x0:x1] = 40
    return Scene(pixels, np.array([box], np.float32), np.array([digit], np.int64), "single")


def test_the_network_and_the_reader_agree_on_its_geometry() -> None:
    assert (detector_network.STRIDE, detector_network.BOX_UNIT) == (STRIDE, BOX_UNIT)


def test_an_answer_that_is_the_target_costs_next_to_nothing_and_a_blank_one_much() -> None:
    targets = targets_of([scene()], len(CLASSES), CPU)
    assert targets.heat.max() == 1
    assert int(targets.centre.sum()) == 1
    perfect = torch.cat([torch.where(targets.centre, 12.0, -12.0), targets.box], dim=1)
    blank = torch.full_like(perfect, -12.0)
    assert sum(loss_of(perfect, targets)) < 1e-3
    assert sum(loss_of(blank, targets)) > 5


def test_a_digit_that_may_be_found_or_not_costs_nothing_either_way() -> None:
    doubtful = scene(IGNORED)
    targets = targets_of([doubtful], len(CLASSES), CPU)
    output = torch.full((1, len(CLASSES) + 4, 16, 16), -12.0)
    seen = output.clone()
    seen[0, 7, 4:11, 5:9] = 9.0
    assert loss_of(seen, targets)[0] == pytest.approx(float(loss_of(output, targets)[0]), abs=1e-4)


def test_training_lowers_the_loss_and_goes_on_where_it_was(tmp_path: Path) -> None:
    training = DetectorTraining(RECIPE, CPU)
    batch = [scene(), scene(3, (30, 10, 44, 40))]
    losses = [training.learn(batch).sum() for _ in range(30)]
    assert np.mean(losses[-3:]) < 0.5 * losses[0]
    training.save(tmp_path / "checkpoint.pt")
    other = DetectorTraining(RECIPE, CPU)
    other.resume(tmp_path / "checkpoint.pt")
    assert other.step == 30
    assert other.learn(batch) == pytest.approx(training.learn(batch))


def test_weights_in_16_bits_start_another_training(tmp_path: Path) -> None:
    training = DetectorTraining(RECIPE, CPU)
    training.learn([scene(), scene(3)])
    training.save_weights(tmp_path / "weights.safetensors")
    other = DetectorTraining(RECIPE, CPU)
    other.start_from(tmp_path / "weights.safetensors")
    inputs = torch.randn(1, 2, 32, 32)
    with torch.no_grad():
        assert torch.allclose(other.mean(inputs), training.mean(inputs), rtol=0.02, atol=0.05)
    assert other.step == 0


def test_the_weights_that_come_with_the_package_are_of_this_network() -> None:
    training = DetectorTraining(RECIPE, CPU)
    before = training.mean.output.weight.clone()
    training.start_from(START)
    assert not torch.equal(training.mean.output.weight, before)
    with pytest.raises(OSError, match="No such file"):
        training.start_from(START.with_name("other.safetensors"))


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    rates = [rate_at(step, DetectorRecipe(steps=1000, warmup=100)) for step in range(1001)]
    assert rates[0] < rates[50] < rates[100] == max(rates)
    assert rates[600] == rates[100] > rates[900] > rates[1000] == 0


def test_a_scene_seen_again_has_the_same_boxes() -> None:
    seen = jittered(scene(), np.random.default_rng(0))
    assert np.array_equal(seen.boxes, scene().boxes)
    assert not np.array_equal(seen.pixels, scene().pixels)


def test_onnx_answers_as_the_network_does() -> None:
    torch.manual_seed(1)
    network = DetectorNetwork(len(CLASSES), widths=(8, 8, 12, 16)).eval()
    inputs = torch.randn(1, 2, 48, 64)
    with torch.no_grad():
        expected = network(inputs).numpy()
    session = start_session(to_onnx(network), MODEL_FILE, threads=1)
    found = session.run(["objects"], {"planes": inputs.numpy()})[0]
    assert found == pytest.approx(expected, abs=1e-4)


def test_each_digit_of_a_page_belongs_to_one_box_only() -> None:
    boxes = np.array([[20, 16, 36, 44], [21, 17, 36, 44], [50, 50, 60, 60]], np.float32)
    assert matched(boxes, scene()).tolist() == [7, DIGITS, DIGITS]


def test_the_fitted_weights_follow_the_opinion_that_is_right() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 11, 600)
    detector = rng.normal(-4, 1, (600, 15)).astype(np.float32)
    detector[truth < DIGITS, truth[truth < DIGITS]] += rng.normal(6, 1, (truth < DIGITS).sum())
    classifier = rng.dirichlet(np.ones(11), 600).astype(np.float32)
    fusion = fit_fusion(Opinions(detector, classifier, truth, np.ones(600, bool), 600))
    assert fusion.detector > 4 * abs(fusion.classifier)
    found = fusion.probabilities(detector, classifier).argmax(axis=1)
    assert np.mean(found == truth) > 0.95
    assert fusion.single_bias <= fusion.bias
