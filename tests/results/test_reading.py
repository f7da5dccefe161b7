from __future__ import annotations

import dataclasses
import json
import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from inkread.errors import MissingExtraError, OptionError
from inkread.results import DIGIT_COLUMNS, Digit, Line, Reading, Sign

SEVEN = Digit("7", 0.98765432, (10, 20, 30, 60), alternatives=(("1", 0.0123456789),))
ONE = Digit("1", 0.5, (40, 20, 45, 60))
NINE = Digit("9", 0.75, (12, 80, 33, 120))
READING = Reading("möhre.png", 100, 140, (Line((SEVEN, ONE)), Line((NINE,))))
BLANK = Reading("blank.png", 28, 28)


def test_text_joins_digits_to_rows_and_rows_by_newlines() -> None:
    assert READING.text == str(READING) == "71\n9"
    assert [line.text for line in READING.lines] == ["71", "9"]
    assert READING.digits == (SEVEN, ONE, NINE)


def test_a_line_is_also_given_as_it_is_written() -> None:
    minus, point = Sign("-", 0.9, (2, 38, 8, 41)), Sign(".", 0.75, (33, 56, 36, 60))
    reading = dataclasses.replace(READING, lines=(Line((SEVEN, ONE), (point, minus)), Line((NINE,))))
    assert (reading.text, reading.written) == ("71\n9", "-7.1\n9")
    assert reading.with_min_probability(0.8).written == "-7.?\n?"
    assert str(point) == "."
    assert repr(point) == "Sign('.', 0.750, box=(33, 56, 36, 60))"
    first = reading.to_dict()["lines"][0]
    assert first["written"] == "-7.1"
    assert first["signs"][0] == {"label": ".", "probability": 0.75, "box": [33, 56, 36, 60]}


@pytest.mark.parametrize("turns", range(4))
def test_signs_are_in_their_places_on_a_turned_page(turns: int) -> None:
    marks = [("-", (2, 38, 8, 41)), ("7", (10, 20, 30, 60)), (".", (33, 56, 36, 60)), ("1", (40, 20, 45, 60))]
    for _ in range(turns):  # each a quarter turn, in a frame of 100 pixels
        marks = [(label, (100 - y1, x0, 100 - y0, x1)) for label, (x0, y0, x1, y1) in marks]
    digits = tuple(Digit(label, 0.9, box) for label, box in marks if label.isdecimal())
    signs = tuple(Sign(label, 0.9, box) for label, box in marks if not label.isdecimal())
    assert Line(digits, signs).written == "-7.1"


def test_a_picture_without_digits_reads_as_empty() -> None:
    assert BLANK.text == ""
    assert BLANK.lines == BLANK.digits == ()


def test_results_cannot_be_changed() -> None:
    for result, name in ((SEVEN, "label"), (READING.lines[0], "digits"), (READING, "lines")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, name, ())


def test_results_compare_hash_and_pickle_by_value() -> None:
    twin = pickle.loads(pickle.dumps(READING))
    assert twin == READING
    assert hash(twin) == hash(READING)
    assert twin != BLANK


def test_the_representation_shows_the_value_and_the_probability() -> None:
    assert repr(READING) == "Reading('71\\n9', 3 digits, least certain 0.500, source='möhre.png')"
    assert repr(BLANK) == "Reading('', 0 digits, source='blank.png')"
    assert repr(READING.lines[0]) == "Line('71')"
    assert repr(SEVEN) == "Digit('7', 0.988, box=(10, 20, 30, 60))"
    assert str(SEVEN) == "7"


def test_the_dict_has_the_contracts_keys_and_survives_json() -> None:
    plain = READING.to_dict()
    assert list(plain) == ["source", "width", "height", "text", "written", "lines", "error"]
    assert plain["error"] is None
    assert [line["text"] for line in plain["lines"]] == ["71", "9"]
    assert plain["lines"][0]["digits"][0] == {
        "label": "7",
        "probability": 0.987654,
        "box": [10, 20, 30, 60],
        "alternatives": [{"label": "1", "probability": 0.012346}],
    }
    assert json.loads(READING.to_json()) == json.loads(READING.to_json(indent=2)) == plain


def test_json_is_one_line_and_keeps_letters_readable() -> None:
    assert "\n" not in READING.to_json()
    assert "möhre.png" in READING.to_json()


def test_rows_have_one_line_a_digit_numbered_from_one() -> None:
    rows = READING.to_rows()
    assert all(tuple(row) == DIGIT_COLUMNS for row in rows)
    assert [(row["line"], row["position"], row["label"]) for row in rows] == [
        (1, 1, "7"),
        (1, 2, "1"),
        (2, 1, "9"),
    ]
    assert [rows[0][side] for side in ("x0", "y0", "x1", "y1")] == [10, 20, 30, 60]
    assert {row["error"] for row in rows} == {""}


def test_a_blank_picture_still_has_its_row() -> None:
    (row,) = BLANK.to_rows()
    assert tuple(row) == DIGIT_COLUMNS
    assert row["source"] == "blank.png"
    assert {row[column] for column in DIGIT_COLUMNS if column != "source"} == {""}


def test_a_data_frame_has_the_rows() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = READING.to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(DIGIT_COLUMNS)
    assert frame["label"].tolist() == ["7", "1", "9"]


def test_without_pandas_the_error_is_one_of_ours_and_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pandas: is not installed.*\[pandas\]"):
        READING.to_dataframe()


def test_drawing_marks_the_digits_and_leaves_the_picture_as_it_was() -> None:
    paper = np.full((140, 100, 3), 255, np.uint8)
    drawn = READING.draw(paper)
    assert isinstance(drawn, Image.Image)
    assert drawn.mode == "RGB"
    assert np.asarray(drawn).min() < 255
    assert paper.min() == 255


def test_uncertain_digits_become_question_marks_that_keep_their_labels_as_alternatives() -> None:
    doubted = READING.with_min_probability(0.8)
    assert doubted.text == "7?\n?"
    seven, one, nine = doubted.digits
    assert seven == SEVEN
    assert (one.probability, one.box, one.alternatives) == (ONE.probability, ONE.box, (("1", 0.5),))
    assert nine.alternatives[0] == ("9", 0.75)
    assert SEVEN.with_min_probability(1.0).alternatives == (("7", 0.98765432), ("1", 0.0123456789))


def test_a_digit_exactly_at_the_least_probability_keeps_its_label() -> None:
    assert READING.with_min_probability(0.5) == READING
    assert READING.with_min_probability(0.0) == READING


def test_doubting_twice_is_doubting_once() -> None:
    assert READING.with_min_probability(0.8).with_min_probability(0.8) == READING.with_min_probability(0.8)
    assert READING.with_min_probability(0.6).with_min_probability(1.0) == READING.with_min_probability(1.0)


def test_uncertain_digits_are_in_every_format() -> None:
    doubted = READING.with_min_probability(1.0)
    assert [row["label"] for row in doubted.to_rows()] == ["?"] * 3
    assert json.loads(doubted.to_json())["lines"][0]["digits"][0]["alternatives"][0]["label"] == "7"
    assert doubted.draw(np.zeros((140, 100, 3), np.uint8)).mode == "RGB"


@pytest.mark.parametrize("least", [-0.1, 1.01, float("nan")])
def test_a_minimum_probability_outside_0_to_1_is_rejected(least: float) -> None:
    with pytest.raises(OptionError, match=r"0\.\.1"):
        BLANK.with_min_probability(least)
