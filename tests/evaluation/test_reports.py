from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.pictures import LabelledPicture
from inkread.errors import DatasetFormatError, PictureDamagedError
from inkread.evaluation.glyphs import evaluate_glyphs
from inkread.evaluation.naive import naive_glyph, naive_read
from inkread.evaluation.pictures import (
    PictureReport,
    PictureResult,
    Rate,
    evaluate_naively,
    evaluate_pictures,
    kind_of,
)
from inkread.models import DIGIT_CLASSES
from inkread.results import Digit


def labelled(name: str, label: str, **columns: str) -> LabelledPicture:
    return LabelledPicture(Path("folder") / name, label, columns)


class FakeReader:
    """Reads the text in the picture's name, in one of its two modes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def trace(self, path, *, single=False):
        self.asked.append(("digit" if single else "page", path.name))
        if path.stem == "broken":
            raise PictureDamagedError(str(path), "is truncated", "copy it again")
        text = path.stem.replace("+", "\n").replace("blank", "")
        digits = tuple(Digit(c, 0.8, (0, 0, 1, 1)) for c in (text[:1] if single else ""))
        reading = SimpleNamespace(text=text[:1] if single else text, digits=digits)
        return SimpleNamespace(reading=reading, digit_score={"": 0.1, "8": 0.9}.get(text, 0.7))


class FirstPixel:
    """A classifier that returns a glyph's first pixel as its class."""

    classes = DIGIT_CLASSES

    def probabilities(self, glyphs):
        return np.eye(11, dtype=np.float32)[glyphs[:, 0, 0].astype(int)] * 0.9


def glyphs_of(pixels: list[int], labels: list[int]) -> LabelledGlyphs:
    images = np.zeros((len(pixels), 28, 28), np.uint8)
    images[:, 0, 0] = pixels
    return LabelledGlyphs("made up", images, np.array(labels, np.uint8), "", "MIT", "")


def test_the_kind_follows_the_category_or_without_one_the_label():
    assert kind_of(labelled("a", "7")) == "single"
    assert kind_of(labelled("a", "77")) == "multi"
    assert kind_of(labelled("a", "")) == "empty"
    assert kind_of(labelled("a", "7", category="multi")) == "multi"
    assert kind_of(labelled("a", "7", category="single")) == "single"
    assert kind_of(labelled("a", "", category="junk")) == "empty"


def test_single_digits_are_read_as_such_and_all_else_as_pages():
    reader = FakeReader()
    evaluate_pictures([labelled("7.png", "7"), labelled("12.png", "12"), labelled("blank.png", "")], reader)
    assert reader.asked == [
        ("digit", "7.png"),
        ("page", "12.png"),
        ("page", "blank.png"),
        ("digit", "blank.png"),
    ]


def test_rates_count_exact_pictures_by_kind():
    pictures = [
        labelled("7.png", "7"), labelled("8.png", "9"), labelled("blank.png", "3"),
        labelled("12+3.png", "12/3"), labelled("13+3.png", "12/3"),
        labelled("blank.gif", ""), labelled("6.png", ""),
    ]  # fmt: skip
    report = evaluate_pictures(pictures, FakeReader(), folder=Path("folder"))
    assert {kind: (rate.correct, rate.total) for kind, rate in report.rates.items()} == {
        "single": (1, 3), "multi": (1, 2), "empty": (1, 2),
    }  # fmt: skip
    assert [result.file for result in report.wrong] == ["8.png", "blank.png", "13+3.png", "6.png"]
    assert report.character_error_rate == 3 / 11


def test_a_picture_that_cannot_be_read_is_wrong_and_stops_nothing():
    seen: list[int] = []
    report = evaluate_pictures(
        [labelled("broken.png", ""), labelled("12.png", "12")],
        FakeReader(),
        on_picture=lambda: seen.append(1),
    )
    assert [result.correct for result in report.results] == [False, True]
    assert report.results[0].error == "is truncated; copy it again"
    assert len(seen) == 2


def test_macro_average_counts_every_source_alike():
    pictures = [labelled(f"7.{i}", "7", source="large", subtype="photo") for i in range(9)]
    pictures += [labelled("8.png", "1", source="small", subtype="scan")]
    report = evaluate_pictures(pictures, FakeReader())
    assert report.rates["single"].share == 0.9
    assert report.macro_average("source") == {"single": 0.5}
    assert list(report.by("subtype")) == ["photo", "scan"]
    assert report.by("nonsense") == {}
    assert report.macro_average("nonsense") == {}


def test_rejection_is_judged_by_one_score_of_digits_and_empty_pictures():
    pictures = [labelled("7.png", "7"), labelled("blank.png", "3"), labelled("blank.gif", "")]
    pictures += [labelled("8.png", ""), labelled("12.png", "12")]
    report = evaluate_pictures(pictures, FakeReader())
    assert [result.score for result in report.results] == [0.7, 0.1, 0.1, 0.9, None]
    assert (report.kept.correct, report.kept.total) == (1, 2)
    assert [result.as_digit for result in report.results] == [None, None, "", "8", None]
    assert (report.rejected.correct, report.rejected.total) == (1, 2)
    assert report.auroc == (1 + 0 + 0.5 + 0) / 4
    assert math.isnan(evaluate_pictures(pictures[:2], FakeReader()).auroc)


def test_calibration_is_of_the_single_digits_that_are_read():
    pictures = [labelled("7.png", "7"), labelled("8.png", "9"), labelled("blank.png", "3")]
    report = evaluate_pictures([*pictures, labelled("12.png", "12")], FakeReader())
    (filled,) = (b for b in report.calibration if b.count)
    assert (filled.count, filled.accuracy) == (2, 0.5)
    assert report.calibration_error == pytest.approx(0.3)


def test_the_slowest_pictures_come_first():
    report = evaluate_pictures([labelled(f"{i}.png", str(i)) for i in range(8)], FakeReader())
    seconds = [result.seconds for result in report.slowest(3)]
    assert len(seconds) == 3
    assert seconds == sorted((r.seconds for r in report.results), reverse=True)[:3]


def test_pictures_in_memory_are_read_from_there():
    seen = []

    class Reader(FakeReader):
        def trace(self, source, *, single=False):
            seen.append(source)
            return super().trace(Path("7"), single=single)

    pixels = np.zeros((3, 3), np.uint8)
    report = evaluate_pictures([LabelledPicture(Path("file/0"), "7", {}, pixels)], Reader())
    assert seen[0] is pixels
    assert report.results[0].correct


def test_reports_become_json():
    report = evaluate_pictures([labelled("8.png", "1", source="a"), labelled("broken.png", "")], FakeReader())
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (plain["count"], plain["errors"]) == (2, 1)
    assert plain["wrong"][0].pop("seconds") >= 0
    assert plain["wrong"][0] == {
        "file": "folder/8.png", "kind": "single", "expected": "1", "got": "8",
        "probability": 0.8, "score": 0.9, "error": None,
    }  # fmt: skip
    json.dumps(PictureReport(()).to_dict(), allow_nan=False)


def test_a_glyph_report_separates_wrong_digits_from_rejections():
    report = evaluate_glyphs(FirstPixel(), glyphs_of([0, 1, 10, 3], [0, 1, 2, 4]))
    assert (report.count, report.errors, report.accuracy_with_rejections, report.rejected) == (
        4,
        2,
        0.5,
        0.25,
    )
    assert report.accuracy < 1
    assert report.calibration_error == pytest.approx(0.4)
    assert report.confusion[4][3] == 1
    assert [scores.label for scores in report.classes] == ["0", "1", "2", "3", "4", ""]
    assert not math.isnan(json.loads(json.dumps(report.to_dict()))["accuracy"])


def test_glyphs_of_other_classes_are_scored_by_a_classifier_of_these():
    garments = ("Coat", "Shirt", "Bag")
    classifier = SimpleNamespace(
        classes=garments, probabilities=lambda images: np.eye(3, dtype=np.float32)[images[:, 0, 0]]
    )
    glyphs = dataclasses.replace(glyphs_of([0, 1, 1, 2], [0, 1, 2, 2]), classes=garments)
    report = evaluate_glyphs(classifier, glyphs)
    assert (report.accuracy, report.accuracy_with_rejections, report.rejected) == (0.75, 0.75, 0)
    assert (report.labels, report.confusion[2]) == (garments, (0, 1, 1))
    with pytest.raises(DatasetFormatError, match="the classes 0, 1, 2, …, but the model has Coat"):
        evaluate_glyphs(classifier, glyphs_of([0], [0]))


def test_no_glyphs_are_an_error():
    with pytest.raises(DatasetFormatError):
        evaluate_glyphs(FirstPixel(), glyphs_of([], []))


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (0, 255)])
def test_the_naive_glyph_is_light_on_dark(ground, ink):
    pixels = np.full((280, 140, 3), ground, np.uint8)
    pixels[100:180, 50:90] = ink
    glyph = naive_glyph(pixels)
    assert (glyph.shape, glyph.dtype, glyph[0, 0], glyph[14, 14]) == ((28, 28), np.uint8, 0, 255)


def test_the_naive_recipe_reads_one_digit_and_rejects_nothing(tmp_path):
    class Refusing:
        def probabilities(self, glyphs):
            assert glyphs.shape == (1, 28, 28)
            return np.array([[0, 0, 0, 0.2, 0.1, 0, 0, 0, 0, 0, 0.7]], np.float32)

    Image.new("RGB", (40, 40)).save(tmp_path / "black.png")
    (tmp_path / "text.png").write_text("no picture")
    assert naive_read(tmp_path / "black.png", Refusing()) == "3"
    pictures = [LabelledPicture(tmp_path / name, "3", {}) for name in ("black.png", "text.png")]
    report = evaluate_naively(pictures, Refusing(), folder=tmp_path)
    assert [(result.file, result.got, bool(result.error)) for result in report.results] == [
        ("black.png", "3", False), ("text.png", "", True),
    ]  # fmt: skip


def test_confident_digits_count_on_any_picture():
    results = (
        PictureResult("a.png", "multi", "12/3", "12/8", {}, probabilities=(0.999, 0.5, 0.995)),
        PictureResult("b.png", "empty", "", "7", {}, probabilities=(0.99,)),
        PictureResult("naive.png", "single", "7", "7", {}),
    )
    report = PictureReport(results)
    assert report.digits == ([0.999, 0.5, 0.995, 0.99], [True, True, False, False])
    assert report.sure == Rate(1, 3)
