"""The recognizer of lines learns from lines made during training, and continues where it was interrupted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from pipeline.test_text_lines import page
from processes import PATIENCE

from inkread.datasets.pen_strokes import PenCharacters
from inkread.datasets.strips import HEIGHT, Strip
from inkread.datasets.stroke_font import WriterStyle, write_row
from inkread.errors import DatasetFormatError, OptionError, TrainingError
from inkread.models import NGRAMS
from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.beam_search import BeamSearch, Weights
from inkread.pipeline.ngrams import load_ngrams
from inkread.pipeline.words import read_words
from inkread.reader import open_reader
from inkread.synthetic import text_lines
from inkread.synthetic.text_lines import TextStock, load_line_folder, make_line, plain
from inkread.training import TextRecipe, load_run, on_the_fly, text_fit, text_run, train_text
from inkread.training.text_run import fitted_temperature, probabilities_of


def stock(count: int = 12) -> TextStock:
    """Returns words of digits, in our own handwriting."""
    rng = np.random.default_rng(0)
    texts = [str(number) for number in rng.integers(10, 9999, count)]
    rows = [write_row(text, WriterStyle((0,) * 10), rng) for text in texts]
    strokes = [[np.round(100 * stroke[:, :2]).astype(np.int16) for stroke in row] for row in rows]
    counts = np.array([len(each) for each in strokes])
    lengths = [len(stroke) for each in strokes for stroke in each]
    ends = np.cumsum(counts).astype(np.int32)
    words = PenCharacters(
        labels=np.array(texts),
        contributors=np.full(count, "own"),
        writers=np.arange(count, dtype=np.int32) % 3,
        agreement=np.ones(count, np.float32),
        points=np.concatenate([stroke for each in strokes for stroke in each]),
        stroke_starts=np.append(0, np.cumsum(lengths)).astype(np.int32),
        first_strokes=np.append(0, ends[:-1]).astype(np.int32),
        end_strokes=ends,
        sha256="0" * 64,
    )
    return TextStock(words, {}, ())


@pytest.fixture
def small(monkeypatch):
    """Makes lines of our own words only, and few of them."""
    monkeypatch.setattr(text_lines, "KINDS", {"word": 0.7, "line": 0.3})
    for module, name, value in (
        (text_fit, "POOL", 12), (text_fit, "MEASURED", 8), (TextRecipe, "epoch_steps", 2),
        (text_run, "CALIBRATED", 4), (text_run, "MEASURED", 8), (text_run, "WEIGHED", 2),
        (text_run, "TURNED_PAGES", 2), (text_run, "TURNED_LINES", 2),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(text_run, "load_text_stock", lambda _dir, *, held_out: stock(6 if held_out else 12))


RECIPE = TextRecipe(steps=4, batch_size=600, weights="random", workers=0, threads=1, precision="float32")


def test_a_line_has_its_height_its_text_and_another_look_each_time(small):
    rng = np.random.default_rng(1)
    lines = [make_line(stock(), rng) for _ in range(20)]
    assert {line.pixels.shape[0] for line in lines} == {HEIGHT}
    assert all(set(line.text) <= {*"0123456789 "} for line in lines)
    assert len({line.pixels.tobytes() for line in lines}) == 20


def test_typographic_characters_are_read_as_plain_ones():
    assert plain("l’été  “fini”_1") == 'l\'été "fini" 1'


def test_batches_have_lines_of_similar_widths(small):
    batches = list(text_fit.split([Strip(np.zeros((48, w), np.uint8), "a") for w in (10, 20, 30, 300)], 90))
    assert [[line.pixels.shape[1] for line in batch] for batch in batches] == [[10, 20, 30], [300]]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_blended_weights_lie_between_both_ends_of_a_training(share):
    start, end = text_fit.start_of(RECIPE), text_fit.start_of(replace(RECIPE, seed=1))
    expected = {
        name: torch.lerp(weights, start.state_dict()[name], share) if weights.is_floating_point() else weights
        for name, weights in end.state_dict().items()
    }
    text_fit.blend(end, start, share)
    for name, weights in end.state_dict().items():
        assert torch.equal(weights, expected[name]), name


def test_lines_of_a_stock_without_fonts_are_by_people(monkeypatch):
    monkeypatch.setattr(text_lines, "KINDS", {"word": 0.5, "font": 0.5})
    written = stock()
    assert not written.fonts
    texts = {make_line(written, np.random.default_rng(seed)).text for seed in range(20)}
    assert texts <= set(map(str, written.words.labels))


@pytest.mark.slow
def test_a_run_is_saved_calibrated_and_resumed_as_if_never_interrupted(small, tmp_path):
    run = train_text(RECIPE, out=tmp_path / "whole")
    assert load_run(tmp_path / "whole").network.height == HEIGHT
    assert run.card.scores["lines_cer"] >= 0
    assert set(run.card.fusion["turning"]) == {"confidence", "doubt", "bias"}
    reader = open_reader("text", model=tmp_path / "whole")
    assert reader.hashes[0] == run.card.sha256
    assert reader.read(page("12")).width > 0
    search = BeamSearch.load(tmp_path / "whole" / NGRAMS)
    assert search.weights.spelling > 0
    assert len(load_ngrams(tmp_path / "whole" / NGRAMS)[0]) > 0
    with pytest.raises(KeyboardInterrupt):
        train_text(RECIPE, out=tmp_path / "parts", progress=Interrupting())
    resumed = train_text(RECIPE, out=tmp_path / "parts", resume=True)
    for name, weight in run.network.state_dict().items():
        assert torch.equal(weight, resumed.network.state_dict()[name]), name
    with pytest.raises(TrainingError, match="holds a finished run"):
        train_text(RECIPE, out=tmp_path / "whole")


@pytest.mark.slow
def test_another_process_makes_the_lines_after_opencv_has_used_threads_here(small, tmp_path, monkeypatch):
    monkeypatch.setattr(on_the_fly, "DataLoader", partial(on_the_fly.DataLoader, timeout=PATIENCE))
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        cv2.GaussianBlur(np.zeros((2_000, 2_000), np.float32), (0, 0), 3)
        assert train_text(replace(RECIPE, workers=1), out=tmp_path / "run").history
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(threads)


class Interrupting:
    """Interrupts a training after its first epoch."""

    def on_batch(self, done: int, total: int) -> None:
        pass

    def on_epoch(self, epoch: object) -> None:
        raise KeyboardInterrupt


class Fixed(BeamSearch):
    """Always finds the same two texts, of which the first has a probability of 0.9 at a temperature of 1."""

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__(None, Weights(), temperature=temperature)

    def texts(self, columns):
        return [("one", float(np.log(0.9))), ("two", float(np.log(0.1)))]


def columns_of(text: str) -> np.ndarray:
    """Returns columns of which each has a character, or the blank, with a probability of 0.9."""
    codes = [code for label in text for code in (TEXT_CLASSES.index(label), len(TEXT_CLASSES) - 1)]
    columns = np.full((len(codes), len(TEXT_CLASSES)), 0.1 / (len(TEXT_CLASSES) - 1), np.float32)
    columns[np.arange(len(codes)), codes] = 0.9
    return columns


@pytest.mark.parametrize("make", [Fixed, lambda **_: None], ids=["spelling", "network"])
@pytest.mark.parametrize("share", [0.7, 0.8])
def test_the_temperature_makes_words_as_probable_as_they_are_often_right(make, share):
    columns = columns_of("one")
    word = read_words(columns, make(), temperature=1.0)[0]
    right = np.arange(200) < 200 * share
    temperature = fitted_temperature(right, [probabilities_of(word, columns, make())] * 200)
    again = read_words(columns, make(temperature=temperature), temperature=temperature)[0]
    assert again.probability == pytest.approx(share, abs=0.02)


def test_your_own_lines_come_from_pictures_with_as_many_lines_as_labels(tmp_path):
    for name, lines in (("one.png", ["hello world"]), ("two.png", ["first", "second"])):
        cv2.imwrite(str(tmp_path / name), page(*lines))
    (tmp_path / "labels.csv").write_text("file,label\none.png,hello world\ntwo.png,first / second\n")
    assert [strip.text for strip in load_line_folder(tmp_path).strips] == ["hello world", "first", "second"]
    (tmp_path / "labels.csv").write_text("file,label\none.png,a / b / c\n")
    with pytest.raises(DatasetFormatError, match="no picture in which as many lines"):
        load_line_folder(tmp_path)


def test_data_that_is_not_a_folder_is_an_error(small, tmp_path):
    with pytest.raises(OptionError, match="is not a folder"):
        train_text(RECIPE, out=tmp_path / "run", data=["nowhere"])
