"""The detector learns, goes on where it was, and is the same network in ONNX."""

import dataclasses
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inkread.datasets.strips import load_numbers
from inkread.errors import TrainingError
from inkread.models import CLOSEUP, DIGIT_CLASSES, MODEL_FILE, STRIP, Model, load_model
from inkread.models.onnx_session import Network, open_session
from inkread.pipeline.closeups import SIDE, CloseupClassifier
from inkread.pipeline.config import ReaderConfig
from inkread.pipeline.detector import DIGITS, STRIDE, Detections, Detector
from inkread.pipeline.fusion import Fusion, Weights
from inkread.pipeline.opinions import Opinions
from inkread.pipeline.rescoring import FEATURES, Rescorer
from inkread.synthetic.scenes import CLASSES, IGNORED, Scene
from inkread.training import detector_fit, detector_run, export, on_the_fly
from inkread.training.alignment import DOUBTFUL, labelled, matched
from inkread.training.closeup_fit import CloseupNetwork, Closeups, fit_closeups
from inkread.training.detector_fit import (
    DetectorEpoch,
    DetectorNetwork,
    DetectorTask,
    fit_detector,
    jittered,
    loss_of,
    targets_of,
)
from inkread.training.detector_fusion import Judged, fit_fusion, neighborhoods
from inkread.training.detector_run import scores_of, train_detector
from inkread.training.on_the_fly import load_weights, save_weights
from inkread.training.recipe import DetectorRecipe
from inkread.training.rescoring_fit import RescoringEnsemble, RescoringNetwork, fit_rescoring
from inkread.training.run import load_run
from inkread.training.to_onnx import to_onnx
from inkread.training.turning_fit import UPRIGHT, fit_turning

CPU = torch.device("cpu")
UNTAUGHT = RescoringEnsemble([RescoringNetwork(DIGITS + 1)]).eval()
NOTHING: Any = None  # no scene is made
RECIPE = DetectorRecipe(
    steps=40, batch_size=2, warmup=0.1, scene_side=64, weights="random", device="cpu", precision="float32"
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other would take minutes where the cores are taken."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def scene(digit: int = 7, box: tuple[float, float, float, float] = (20, 16, 36, 44)) -> Scene:
    """A dark bar for a digit."""
    pixels = np.full((64, 64), 230, np.uint8)
    x0, y0, x1, y1 = (int(v) for v in box)
    pixels[y0:y1, x0:x1] = 40
    return Scene(pixels, np.array([box], np.float32), np.array([digit], np.int64), "single")


def test_the_network_and_the_reader_agree_on_its_geometry() -> None:
    with torch.no_grad():
        output = DetectorNetwork(len(CLASSES)).eval()(torch.zeros(1, 2, 32, 64))
    assert output.shape == (1, len(CLASSES) + 4, 32 // STRIDE, 64 // STRIDE)


def test_an_answer_that_is_the_target_costs_next_to_nothing_and_a_blank_one_much() -> None:
    targets = targets_of([scene()], len(CLASSES), CPU)
    assert targets.heat.max() == 1
    assert int(targets.center.sum()) == 1
    perfect = torch.cat([torch.where(targets.center, 12.0, -12.0), targets.box], dim=1)
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


def test_training_lowers_the_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, batch = dataclasses.replace(RECIPE, steps=30), [scene(), scene(3, (30, 10, 44, 40))]
    monkeypatch.setattr(DetectorRecipe, "epoch_steps", 3)
    monkeypatch.setattr(detector_fit, "batches", lambda *_given, **_options: repeat(batch))
    history = fit_detector(recipe, tmp_path, stock=NOTHING).history
    assert history[-1].train_loss < 0.5 * history[0].train_loss
    assert history[-1].side_loss < history[0].side_loss


def test_an_interrupted_training_continues_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DetectorRecipe, "epoch_steps", 4)
    monkeypatch.setattr(
        detector_fit, "batches", lambda *_given, **_options: repeat([scene(), scene(3, (30, 10, 44, 40))])
    )
    recipe = dataclasses.replace(RECIPE, steps=10)
    whole = fit_detector(recipe, tmp_path / "whole", stock=NOTHING)
    assert [epoch.epoch for epoch in whole.history] == [1, 2, 3]

    def stop(epoch: DetectorEpoch) -> None:
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_detector(recipe, tmp_path / "part", stock=NOTHING, on_epoch=stop)
    told: list[DetectorEpoch] = []
    resumed = fit_detector(recipe, tmp_path / "part", stock=NOTHING, resume=True, on_epoch=told.append)
    assert [epoch.epoch for epoch in told] == [1, 2, 3]
    for one, other in zip(whole.averaged.parameters(), resumed.averaged.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    with pytest.raises(TrainingError, match="another recipe"):
        fit_detector(dataclasses.replace(recipe, seed=1), tmp_path / "part", stock=NOTHING, resume=True)


def test_weights_in_16_bits_start_another_training(tmp_path: Path) -> None:
    network, other = DetectorNetwork(len(CLASSES)).eval(), DetectorNetwork(len(CLASSES)).eval()
    save_weights(network, tmp_path / "weights.safetensors")
    load_weights(other, tmp_path / "weights.safetensors")
    inputs = torch.randn(1, 2, 32, 32)
    with torch.no_grad():
        assert torch.allclose(other(inputs), network(inputs), rtol=0.02, atol=0.05)
    with pytest.raises(OSError, match="No such file"):
        load_weights(other, tmp_path / "none.safetensors")


def test_a_training_starts_from_the_weights_that_come_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DetectorTask, "batches", lambda _task, _epoch: [[scene(), scene(3)]])
    recipe = dataclasses.replace(RECIPE, steps=1, weights="bundled", learning_rate=1e-8)
    bundled = DetectorNetwork(len(CLASSES))
    load_weights(bundled, on_the_fly.DETECTOR)
    network = fit_detector(recipe, tmp_path, stock=NOTHING).network
    assert torch.allclose(network.output.weight, bundled.output.weight, atol=1e-6)


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    plan = on_the_fly.plan(DetectorRecipe(steps=1000, warmup=0.1, decay=0.3, device="cpu"))
    rates = [plan.schedule(step / 1000) for step in range(1001)]
    assert rates[0] < rates[50] < rates[100] == max(rates) == 1
    assert rates[600] == rates[100] > rates[900] > rates[1000] == 0


def test_a_scene_seen_again_has_the_same_boxes() -> None:
    seen = jittered(scene(), np.random.default_rng(0))
    assert np.array_equal(seen.boxes, scene().boxes)
    assert not np.array_equal(seen.pixels, scene().pixels)


def run_in_onnx(network: torch.nn.Module, reader: type[Network], inputs: torch.Tensor) -> Any:
    """The output of the network's model, opened as its reader does."""
    content = to_onnx(network, takes=reader.takes, gives=reader.gives[0])
    model = Model("test", Path(MODEL_FILE), load_model("detector").card, content)
    session = open_session(model, threads=1, takes=reader.takes, gives=reader.gives)
    return session.run(None, {reader.takes[0]: inputs.numpy()})[0]


def test_onnx_answers_as_the_network_does() -> None:
    torch.manual_seed(1)
    network = DetectorNetwork(len(CLASSES), widths=(8, 8, 12, 16)).eval()
    inputs = torch.randn(1, 2, 48, 64)
    with torch.no_grad():
        expected = network(inputs).numpy()
    assert run_in_onnx(network, Detector, inputs) == pytest.approx(expected, abs=1e-4)


def test_each_digit_of_a_page_belongs_to_one_box_only() -> None:
    boxes = np.array([[20, 16, 36, 44], [21, 17, 36, 44], [50, 50, 60, 60]], np.float32)
    assert matched(boxes, scene()).tolist() == [7, DIGITS, DIGITS]


def test_a_box_that_is_a_little_off_is_a_digit_and_one_that_is_more_so_does_not_count() -> None:
    boxes = np.array([[20, 16, 36, 44], [24, 16, 40, 44], [27, 16, 43, 44], [40, 16, 56, 44]], np.float32)
    assert labelled(boxes, scene()).tolist() == [7, 7, DOUBTFUL, DIGITS]
    assert labelled(boxes, scene(IGNORED)).tolist() == [DOUBTFUL, DOUBTFUL, DOUBTFUL, DIGITS]


def judged(count: int = 60) -> list[Judged]:
    """Pages with ten boxes; detector and close-up are mostly right, and the glyph knows nothing."""
    rng, pages = np.random.default_rng(0), []
    for _ in range(count):
        boxes = np.array([[20.0 * i, 0, 20 * i + 12, 30] for i in range(10)], np.float32)
        truth = np.where(rng.random(10) < 0.5, rng.integers(0, DIGITS, 10), DIGITS)
        real = truth < DIGITS
        logits = rng.normal(-4, 1, (10, len(CLASSES))).astype(np.float32)
        logits[real, truth[real]] += rng.normal(6, 1, real.sum())
        closeup = rng.dirichlet(np.full(11, 0.3), 10).astype(np.float32) * 0.4
        closeup[np.arange(10), truth] += 0.6
        opinions = Opinions(
            Detections(boxes, logits, np.ones(10, np.float32)),
            np.zeros((1, 1), np.float32),
            closeup,
            np.full((10, 11), 1 / 11, np.float32),
            np.zeros((10, 28, 28), np.uint8),
            np.zeros((10, 4), np.float32),
            rng.dirichlet(np.ones(11), 10).astype(np.float32),
            np.full(11, 1 / 11, np.float32),
        )
        pages.append(Judged(Scene(np.zeros((40, 200), np.uint8), boxes[real], truth[real], "rows"), opinions))
    return pages


def test_the_fitted_weights_follow_the_opinions_that_are_right() -> None:
    pages = judged()
    fusion = fit_fusion(pages, [])
    assert min(fusion.page.detector, fusion.page.closeup) > 3 * abs(fusion.page.classifier)
    assert fusion.single == fusion.page
    scores = scores_of(pages, fusion, rescorer_of(UNTAUGHT))
    assert scores["pages_recall"] > 0.95
    assert scores["pages_precision"] > 0.95


def rescorer_of(network: RescoringEnsemble) -> Rescorer:
    """The networks as a reader has them."""
    content = to_onnx(network, takes=Rescorer.takes, gives="changes")
    card = dataclasses.replace(load_model("detector").card, name="rescoring")
    return Rescorer(Model("rescoring", Path(MODEL_FILE), card, content), threads=1)


def test_the_network_that_rescores_changes_nothing_before_it_has_learned() -> None:
    found = judged()[0].opinions
    fused = np.random.default_rng(3).dirichlet(np.ones(11), len(found.found)).astype(np.float32)
    chosen = np.arange(len(fused))
    rescorer = rescorer_of(UNTAUGHT)
    assert rescorer.probabilities(found, fused, chosen) == pytest.approx(fused, abs=1e-5)


def test_rescoring_learns_from_neighbors_what_pixels_leave_open() -> None:
    """Opinions say nothing here; digits come in rows, and what stands alone is not one."""
    rng, pages = np.random.default_rng(5), []
    for index in range(400):
        is_row = index % 2 == 0
        count = 5 if is_row else 1
        x = 25.0 * np.arange(count)
        boxes = np.column_stack([x, np.zeros(count), x + 20, np.full(count, 30.0)]).astype(np.float32)
        blank = np.full((count, 11), 1 / 11, np.float32)
        logits = rng.normal(-1, 0.1, (count, 15)).astype(np.float32)
        logits[:, DIGITS:] = -6
        logits[:, 4] = 1
        opinions = Opinions(
            Detections(boxes, logits, np.ones(count, np.float32)),
            np.zeros((1, 1), np.float32),
            blank,
            blank,
            np.zeros((count, 28, 28), np.uint8),
            np.zeros((count, 4), np.float32),
            blank,
            np.full(11, 1 / 11, np.float32),
        )
        scene = Scene(
            np.zeros((40, 200), np.uint8), boxes if is_row else boxes[:0], np.full(count * is_row, 4), "rows"
        )
        pages.append(Judged(scene, opinions))
    weights = Weights(1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    fusion = Fusion(weights, weights, UPRIGHT)
    before = scores_of(pages, fusion, rescorer_of(UNTAUGHT))
    network = fit_rescoring(*neighborhoods(pages, fusion), seed=0, epochs=60, members=1)
    after = scores_of(pages, fusion, rescorer_of(network))
    assert before["pages_recall"] < 0.95 or before["pages_precision"] < 0.95
    assert after["pages_recall"] > 0.99
    assert after["pages_precision"] > 0.99


def test_which_way_up_a_page_is_is_learned_from_pages_in_four_orientations() -> None:
    rng, pages = np.random.default_rng(8), []
    for _ in range(60):
        count = int(rng.integers(4, 20))
        upright = rng.uniform(0.7, 1.0, count).astype(np.float32)
        pages.append([upright] + [rng.uniform(0.2, 0.8, count).astype(np.float32) for _ in range(3)])
    learned = fit_turning(pages)
    often = ReaderConfig(turned=0.3)
    given = [learned.best_of(dict(enumerate(looks)), often) for looks in pages]
    assert given.count(0) >= 58
    turned = [learned.best_of({0: looks[1], 1: looks[2], 2: looks[3], 3: looks[0]}, often) for looks in pages]
    assert turned.count(3) > 50
    assert fit_turning([]) == UPRIGHT


def test_the_network_that_rescores_answers_alike_in_onnx() -> None:
    torch.manual_seed(2)
    network = RescoringEnsemble([RescoringNetwork(DIGITS + 1), RescoringNetwork(DIGITS + 1)]).eval()
    for member in network.members:
        torch.nn.init.normal_(member.output.weight)
        member.mean.normal_()
    inputs = torch.randn(5, FEATURES)
    with torch.no_grad():
        expected = network(inputs).numpy()
    assert run_in_onnx(network, Rescorer, inputs) == pytest.approx(expected, abs=1e-3)


def alone(count: int = 200) -> list[Judged]:
    """Pictures of one digit or none with two candidates; only the glyph of the first is right."""
    rng, pictures = np.random.default_rng(1), []
    for index in range(count):
        digit = int(rng.integers(DIGITS)) if index % 2 else DIGITS
        glyph = rng.dirichlet(np.full(11, 0.3), 2).astype(np.float32) * 0.3
        glyph[0, digit] += 0.7
        glyph[1, DIGITS] += 0.7
        blank = np.full((2, 11), 1 / 11, np.float32)
        opinions = Opinions(
            Detections(np.zeros((2, 4), np.float32), np.zeros((2, 15), np.float32), np.ones(2, np.float32)),
            np.zeros((1, 1), np.float32),
            blank,
            blank,
            np.zeros((2, 28, 28), np.uint8),
            np.zeros((2, 4), np.float32),
            glyph,
            np.full(11, 1 / 11, np.float32),
        )
        there = int(digit < DIGITS)
        boxes, classes = np.zeros((there, 4), np.float32), np.full(there, digit)
        pictures.append(Judged(Scene(np.zeros((28, 28), np.uint8), boxes, classes, "single"), opinions))
    return pictures


def test_pictures_of_one_digit_have_weights_of_their_own() -> None:
    fusion = fit_fusion(judged(), alone())
    assert fusion.single.classifier > 3 * abs(fusion.page.classifier)
    assert fusion.page == fit_fusion(judged(), []).page


def test_the_network_for_close_ups_answers_alike_in_onnx() -> None:
    torch.manual_seed(1)
    network = CloseupNetwork(11, widths=(8, 8, 12)).eval()
    inputs = torch.randn(3, 2, SIDE, SIDE)
    with torch.no_grad():
        expected = network(inputs).numpy()
    assert run_in_onnx(network, CloseupClassifier, inputs) == pytest.approx(expected, abs=1e-4)


def test_close_ups_of_two_kinds_are_learned_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    labels = np.tile([3, 10], 60)
    pixels = np.full((120, SIDE, SIDE), 220, np.uint8)
    pixels[labels == 3, 12:36, 20:28] = 30
    pixels = (pixels - rng.integers(0, 20, pixels.shape)).astype(np.uint8)
    data = Closeups(pixels, np.ones((120, 2), np.float32), labels)
    monkeypatch.setattr(DetectorRecipe, "epoch_steps", 5)
    history: list[on_the_fly.LossEpoch] = []
    recipe = dataclasses.replace(RECIPE, closeup_steps=40)
    network = fit_closeups(data, recipe, on_epoch=history.append)
    assert history[-1].train_loss < 0.5 * history[0].train_loss
    assert len(history) == 8
    assert not network.training


def test_all_networks_are_trained_exported_and_weighed_by_one_call(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_run, "CALIBRATED", 3)
    monkeypatch.setattr(export, "COMPARED", 1)
    monkeypatch.setattr(detector_run, "EXAMPLES", 2)
    monkeypatch.setattr(detector_run, "load_numbers", lambda *at, **part: load_numbers(*at, **part)[:20])
    recipe = DetectorRecipe(
        steps=2,
        batch_size=2,
        scene_side=64,
        workers=0,
        closeup_pages=3,
        closeup_steps=3,
        strip_pages=3,
        strip_steps=2,
        judged_pages=10,
    )
    run = train_detector(recipe, out=tmp_path, data_dir=data_dir, command="inkread train --network detector")
    model = load_model(tmp_path)
    assert model.card.scores.keys() == {
        "pages_recall",
        "pages_precision",
        "pages_ece",
        "pages_sure_and_wrong",
    }
    assert {entry["split"] for entry in model.card.data} == {"train", "validation"}
    for other in (CLOSEUP, STRIP):
        assert load_model(tmp_path / other).card.labels == DIGIT_CLASSES
    assert len(load_run(tmp_path).history) == len(run.history) == 1
