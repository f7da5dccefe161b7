from __future__ import annotations

import csv
import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

import inkread.datasets.pictures
import inkread.datasets.registry
import inkread.pipeline.classifier
import inkread.reader
from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.pictures import LabelledPicture
from inkread.evaluation.pictures import PictureReport, PictureResult
from inkread.models import DIGIT_CLASSES


class FakeClassifier:
    """Reads a glyph's digit from its first pixel."""

    classes = DIGIT_CLASSES

    def __init__(self, model: str = "default") -> None:
        pass

    def probabilities(self, glyphs):
        return np.eye(11, dtype=np.float32)[glyphs[:, 0, 0].astype(int) % 10]


@pytest.fixture
def glyphs(monkeypatch):
    """Ten test glyphs, one of which is misread."""
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 0, 0] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    data = LabelledGlyphs("MNIST", images, np.arange(10, dtype=np.uint8), "", "", "")
    monkeypatch.setattr(inkread.pipeline.classifier, "Classifier", FakeClassifier)
    monkeypatch.setattr(inkread.datasets.registry, "load_mnist", lambda split, **_: data)


@pytest.fixture
def folder(monkeypatch, run, tmp_path):
    """A folder of four labelled pictures; one is misread and one cannot be read."""
    rows = [
        ("seven.png", "7", "single"), ("rows.png", "12/3", "multi"), ("blank.png", "5", "single"),
        ("broken.png", "", "junk"),
    ]  # fmt: skip
    pictures = [
        LabelledPicture(tmp_path / file, label, {"category": category, "subtype": "photo", "source": file[0]})
        for file, label, category in rows
    ]
    fake = inkread.reader.Reader

    class Reader(fake):
        classifier = FakeClassifier()

    monkeypatch.setattr(inkread.reader, "Reader", Reader)
    monkeypatch.setattr(inkread.datasets.pictures, "load_labelled_folder", lambda path: pictures)
    return tmp_path


def test_mnist_report_as_json(run, glyphs):
    report = json.loads(run("evaluate", "--format", "json").out)
    assert (report["count"], report["errors"], report["accuracy"]) == (10, 1, 0.9)
    assert report["confusion"][9][8] == 1


def test_mnist_report_as_text(run, glyphs):
    out = run("evaluate").out
    assert "With rejections 90.00% (1 of 10 wrong)" in out
    assert "Precision" in out
    assert "Is \\ read as" in out


def test_a_collection_is_scored_by_its_name(run, glyphs, monkeypatch):
    named = inkread.datasets.registry
    asked = []

    def load_named(name, split, *, data_dir, store, progress):
        asked.append((name, split, store))
        return named.load_mnist(split)

    monkeypatch.setattr(named, "load_named", load_named)
    assert run("evaluate", "--data", "usps").out.startswith("default on MNIST, test images\n")
    assert run("evaluate", "--data", "corrections", "--store", "x").out.startswith("default on MNIST\n")
    assert asked == [("usps", "test", None), ("corrections", "test", "x")]


def test_other_classes_are_scored_by_their_names_and_most_frequent_mistakes(run, glyphs, monkeypatch):
    classes = ("Coat", "[b]Shirt[/b]", "Bag", *"3456789")
    data = inkread.datasets.registry.load_mnist("test")
    data = dataclasses.replace(data, name="garments", classes=classes)
    monkeypatch.setattr(inkread.datasets.registry, "load_mnist", lambda split, **_: data)
    monkeypatch.setattr(FakeClassifier, "classes", classes)
    shares = np.eye(10, dtype=np.float32)
    monkeypatch.setattr(FakeClassifier, "probabilities", lambda self, g: shares[g[:, 0, 0] // 2])
    out = run("evaluate").out
    assert "Accuracy 10.00% (9 of 10 wrong)" in out
    assert "rejections" not in out
    assert "[b]Shirt[/b]  " in out
    table = out[out.index("Read as  Count") :].splitlines()
    assert [line.split() for line in table[1:3]] == [["3", "[b]Shirt[/b]", "1"], ["4", "Bag", "1"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "mnits"], "did you mean 'mnist'"),
        (["--data", "."], "--pictures ."),
        (["--data", "usps", "--pictures", "."], "cannot be used with --pictures"),
        (["--store", "x"], "--data corrections"),
    ],
)
def test_data_that_cannot_be_scored_are_an_error(run, options, words):
    result = run("evaluate", *options)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_the_loss_is_reported(run, glyphs):
    report = json.loads(run("evaluate", "--format", "json").out)
    assert report["loss"] == pytest.approx(-np.log(1e-9) / 10)  # one of ten is wrong, with certainty
    assert f"Loss {report['loss']:.4f}" in run("evaluate").out


def test_predictions_of_glyphs_are_saved_one_a_row(run, glyphs, tmp_path):
    file = tmp_path / "new" / "predictions.csv"
    assert run("evaluate", "--predictions", file).code == 0
    rows = [*csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    assert list(rows[0]) == ["index", "label", "reading", *"0123456789", "none"]
    assert [(row["label"], row["reading"]) for row in rows] == [(str(n), str(min(n, 8))) for n in range(10)]
    assert (rows[9]["index"], rows[9]["8"], rows[9]["9"]) == ("9", "1.000000", "0.000000")


def test_predictions_of_pictures_are_saved_one_a_row(run, folder, tmp_path):
    file = tmp_path / "predictions.csv"
    assert run("evaluate", "--pictures", folder, "--predictions", file).code == 0
    rows = [*csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    assert [(row["file"], row["label"], row["reading"]) for row in rows] == [
        ("seven.png", "7", "7"), ("rows.png", "12/3", "12/3"), ("blank.png", "5", ""), ("broken.png", "", ""),
    ]  # fmt: skip
    assert rows[0]["probabilities"] == "0.987000"
    assert len(rows[1]["probabilities"].split()) == 3
    assert rows[3]["error"]


def test_no_file_name_is_a_formula_in_a_spreadsheet():
    results = [PictureResult(name, "single", "7", "7", {}) for name in ("=1+1.png", "a=1.png")]
    table = PictureReport(tuple(results)).to_csv()
    assert [row["file"] for row in csv.DictReader(table.splitlines())] == ["./=1+1.png", "a=1.png"]


def test_predictions_that_cannot_be_saved_are_an_error_before_anything_is_read(run, glyphs, tmp_path):
    (tmp_path / "file").write_text("")
    result = run("evaluate", "--predictions", tmp_path / "file" / "predictions.csv")
    assert (result.code, result.out) == (1, "")
    assert "cannot be written" in result.err


def test_picture_report_as_json(run, folder):
    result = run("evaluate", "--pictures", folder, "--format", "json")
    report = json.loads(result.out)
    assert result.code == 0
    assert report["single"] == {"correct": 1, "total": 2, "share": 0.5}
    assert report["multi"]["correct"] == 1
    assert [(wrong["file"], wrong["got"]) for wrong in report["wrong"]] == [
        ("blank.png", ""),
        ("broken.png", ""),
    ]
    assert report["errors"] == 1
    assert report["kept"] == {"correct": 1, "total": 2, "share": 0.5}
    assert report["auroc"] is None  # the only empty picture cannot be read
    assert report["calibration_error"] == pytest.approx(1 - 0.987)
    assert [b["count"] for b in report["calibration"]] == [1]
    assert {row["file"] for row in report["slowest"]} == {
        "seven.png", "rows.png", "blank.png", "broken.png",
    }  # fmt: skip
    assert set(report["by_source"]) == {"s", "r", "b"}


def test_a_report_page_shows_every_error(run, folder, monkeypatch):
    from inkread.evaluation.reports import errors

    monkeypatch.setattr(errors, "_stages", lambda trace: "")
    monkeypatch.setattr(errors, "_glyphs", lambda trace: "")
    out = folder / "new" / "errors.html"
    assert run("evaluate", "--pictures", folder, "--report", out).code == 0
    html = out.read_text("utf-8")
    assert html.count("<article>") == 2
    assert "blank.png" in html
    assert "is truncated; copy it again" in html


def test_a_report_page_that_cannot_be_written_is_an_error_before_anything_is_read(run, folder):
    (folder / "file").write_text("")
    result = run("evaluate", "--pictures", folder, "--report", folder / "file" / "page.html")
    assert (result.code, result.out) == (1, "")
    assert "cannot be written" in result.err


def test_picture_report_as_text_lists_groups_and_wrong_pictures(run, folder):
    out = run("evaluate", "--pictures", folder).out
    for words in (
        ("inkread", "1/2", "50.00%"),
        ("mean of sources",),
        ("photo", "1/1"),
        ("Source", "Single digits"),
        ("not rejected", "1/2"),
        ("Calibration error", "1.30%"),
        ("93% to 100%", "98.70%", "100.00%", "1"),
        ("Slowest", "Seconds"),
        ("broken.png", "truncated"),
    ):
        assert any(all(word in line for word in words) for line in out.splitlines()), words


def test_reports_in_a_pipe_are_not_wrapped_and_have_no_trailing_blanks(run, folder):
    lines = run("evaluate", "--pictures", folder / ("long " * 60)).out.splitlines()
    assert lines[0].endswith("long ".strip())
    assert len(lines[0]) > 300
    assert all(line == line.rstrip() for line in lines)


def test_naive_adds_the_comparison(run, folder, monkeypatch):
    from inkread.evaluation import naive

    pixels = np.full((50, 50, 3), 7, np.uint8)
    monkeypatch.setattr(naive, "load_picture", lambda source: SimpleNamespace(pixels=pixels))
    report = json.loads(run("evaluate", "--pictures", folder, "--naive", "--format", "json").out)
    assert report["naive"]["single"]["correct"] == 1
    assert report["naive"]["empty"]["correct"] == 0


@pytest.mark.parametrize("option", [["--naive"], ["--report", "page.html"]])
def test_options_for_pictures_are_an_error_without_them(run, option):
    result = run("evaluate", *option)
    assert result.code == 2
    assert "--pictures" in result.err
