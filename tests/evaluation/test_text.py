"""Error rates of text count edits of characters and of words; confusions name both sides."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from inkread.datasets.pictures import LabelledPicture
from inkread.errors import PictureDamagedError
from inkread.evaluation.metrics import edit_distance, edits
from inkread.evaluation.text import evaluate_text, named


class Reader:
    """Reads a picture's text from its name."""

    def read(self, source: Path) -> SimpleNamespace:
        if source.stem == "broken":
            raise PictureDamagedError("broken.png", "is truncated", "copy it again")
        return SimpleNamespace(text=source.stem.replace("_", "\n"))


def report(**labels: str):
    return evaluate_text(
        [LabelledPicture(Path(f"{name}.png"), label) for name, label in labels.items()], Reader()
    )


def test_edits_align_two_texts():
    assert edits("cat", "cut") == [("c", "c"), ("a", "u"), ("t", "t")]
    assert edits("ab", "a") == [("a", "a"), ("b", "")]
    assert edits("", "x") == [("", "x")]
    for one, other in (("kitten", "sitting"), ("", ""), ("abc", "yabd")):
        assert sum(a != b for a, b in edits(one, other)) == edit_distance(one, other)


def test_rates_are_edits_of_characters_and_of_words():
    found = report(hello="hello", wurld="world", Case="case")
    assert found.character_error_rate == pytest.approx(2 / 14)
    assert found.word_error_rate == pytest.approx(2 / 3)
    assert (found.right, found.right_folded) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert ("o", "u", 1) in found.confusions


def test_lines_are_compared_as_one_text():
    assert report(one_two="one / two").right == 1


def test_an_unreadable_picture_counts_as_empty_and_is_named():
    found = report(broken="text").to_dict()
    assert (found["unreadable"], found["character_error_rate"]) == (1, 1)
    assert "broken.png" in found["wrong"][0]["error"]


def test_predictions_are_a_table_without_formulas():
    rows = list(csv.DictReader(io.StringIO(report(hello="=1+1", broken="x").to_csv())))
    assert [row["file"] for row in rows] == ["hello.png", "broken.png"]
    assert rows[0]["reading"] == "hello"
    assert rows[0]["label"] == "'=1+1"
    assert "is truncated" in rows[1]["error"]


def test_confusions_name_what_cannot_be_seen():
    assert [named(each) for each in ("", " ", "a")] == ["nothing", "space", "a"]
