"""Strips are labelled by the digits that lie in them, and a network learns to read them."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from inkread.pipeline.strip_reader import StripReader
from inkread.pipeline.strips import HEIGHT
from inkread.synthetic.scenes import IGNORED, Scene
from inkread.training.on_the_fly import LossEpoch
from inkread.training.recipe import DetectorRecipe
from inkread.training.strip_fit import (
    NOT_ASKED,
    UNKNOWN,
    Sample,
    batch_of,
    fit_strips,
    loss_of,
    samples_of,
    varied,
)
from inkread.training.strip_network import StripNetwork, unfolded
from inkread.training.to_onnx import compare, to_onnx


def scene() -> Scene:
    """Three digits in a row, a fourth of another row, and a sign."""
    boxes = np.array(
        [[40, 40, 52, 60], [60, 40, 72, 60], [80, 40, 92, 60], [60, 80, 72, 100], [74, 56, 77, 60]],
        np.float32,
    )
    return Scene(np.full((128, 128), 220, np.uint8), boxes, np.array([3, 1, 4, 7, 10]), "rows")


def sample(text: str, *, known: bool = True) -> Sample:
    """Bars in pairs, as far apart as the digit says."""
    pixels = np.full((HEIGHT, 20 + 20 * len(text)), 220, np.uint8)
    ends = []
    for place, digit in enumerate(text):
        x = 14 + 20 * place
        pixels[9:31, x : x + 2] = pixels[9:31, x + 4 + int(digit) : x + 6 + int(digit)] = 30
        ends.append((x, x + 12) if known else (UNKNOWN, UNKNOWN))
    digits = np.array([int(digit) for digit in text], np.int64)
    return Sample(pixels, np.array(ends, np.float32).reshape(-1, 2), digits)


def test_a_strip_has_the_digits_of_its_row_from_left_to_right() -> None:
    everything = scene()
    (own,) = samples_of(everything, everything.boxes[[0, 2, 1]])
    assert own.digits.tolist() == [3, 1, 4]
    assert (np.diff(own.ends.mean(axis=1)) > 15).all()


def test_a_digit_that_the_end_of_the_strip_cuts_may_be_read_or_not() -> None:
    everything = scene()
    everything.boxes[1, [0, 2]] += 6
    (own,) = samples_of(everything, everything.boxes[:1])
    assert own.digits.tolist() == [3, IGNORED]


def test_only_columns_with_a_known_answer_count() -> None:
    doubtful = sample("31")
    doubtful.digits[1] = IGNORED
    batch = batch_of([sample("25"), doubtful, sample("7", known=False)])
    labels = batch.labels.numpy()
    assert set(labels[0].tolist()) - {NOT_ASKED} == {2, 5, 10}
    assert labels[1, 20] == NOT_ASKED
    assert (labels[2] == NOT_ASKED).all()
    assert batch.lengths.tolist() == [2, -1, 1]
    assert batch.digits.tolist() == [2, 5, 7]


def test_a_varied_strip_keeps_its_digits_in_their_places() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        own = varied(sample("555"), rng)
        assert own.pixels.shape[0] == HEIGHT
        assert own.pixels.shape[1] == pytest.approx(80 * own.ends[0, 1] / 26, abs=1)


def test_text_alone_is_learned_from_too() -> None:
    batch = batch_of([sample("25", known=False), sample("", known=False)])
    logits = torch.zeros(*batch.labels.shape, 11, requires_grad=True)
    loss_of(logits, batch).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad.abs().sum() > 0


def test_an_interrupted_training_ends_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DetectorRecipe, "epoch_steps", 2)
    strips = [sample("50"), sample("5"), sample("05")]
    recipe = DetectorRecipe(strip_steps=4, weights="random", device="cpu", precision="float32")
    whole = fit_strips([strips], [1.0], recipe)

    def stop(_epoch: LossEpoch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_strips([strips], [1.0], recipe, folder=tmp_path, on_epoch=stop)
    steps: list[int] = []
    resumed = fit_strips(
        [strips], [1.0], recipe, folder=tmp_path, on_batch=lambda done, _: steps.append(done)
    )
    assert steps == [3, 4]
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_network_learns_to_read_strips_and_answers_alike_in_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("05"), int(rng.integers(0, 4)))) for _ in range(200)]
    strips = [sample(text) for text in texts]
    monkeypatch.setattr(DetectorRecipe, "epoch_steps", 5)
    history: list[LossEpoch] = []
    recipe = DetectorRecipe(strip_steps=60, weights="random", device="cpu", precision="float32")
    network = fit_strips([strips], [1.0], recipe, on_epoch=history.append)
    assert history[-1].train_loss < 0.7 * history[0].train_loss
    inputs = torch.randn(2, 1, HEIGHT, 48)
    with torch.no_grad():
        expected = network.eval()(inputs).numpy()
    content = to_onnx(network, takes=StripReader.takes, gives="columns")
    assert compare(content, network, [inputs.numpy()])[0] == pytest.approx(expected, abs=1e-3)
    assert unfolded(torch.from_numpy(expected)).shape == (2, 24, 11)
    assert isinstance(network, StripNetwork)
