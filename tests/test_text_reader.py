"""The reader of letters, words, and lines, from any source to its text."""

from __future__ import annotations

import pickle
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image
from pipeline.test_text_lines import page

import inkread
from inkread.datasets.pen_strokes import HELD_OUT_CONTRIBUTORS, load_pen_words, load_unipen
from inkread.errors import DatasetNotFoundError, ModelNotFoundError, OptionError, PictureError
from inkread.evaluation.metrics import edit_distance
from inkread.models import TEXT, load_model
from inkread.pipeline.explain import save_stages
from inkread.pipeline.text import ALPHABETS, TextReader
from inkread.reader import Reader, open_reader
from inkread.synthetic.text_lines import pen_line

LEAST_WORDS, LEAST_LETTERS = 0.6, 0.9
"""Shares of held-out words and letters, case folded, that must be read right."""


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader("text", threads=1)


def test_a_page_has_its_lines_with_words_characters_and_boxes(reader):
    reading = reader.read(page("hello world", "second line"))
    assert len(reading.lines) == 2
    for line in reading.lines:
        assert line.text == " ".join(word.label for word in line.words)
        assert "".join(digit.label for digit in line.digits) == line.text.replace(" ", "")
        for part in (*line.words, *line.digits):
            x0, y0, x1, y1 = part.box
            assert 0 <= x0 < x1 <= reading.width
            assert 0 <= y0 < y1 <= reading.height
            assert 0 <= part.probability <= 1
    assert reading.text == "\n".join(line.text for line in reading.lines)
    assert [row["label"] for row in reading.to_rows()] == reading.text.split()
    assert reading.to_dict()["lines"][0]["words"][0]["label"] == reading.lines[0].words[0].label


def test_the_box_of_a_word_is_that_of_its_ink(reader):
    picture = page("hello")
    (line,) = reader.read(picture).lines
    x0, _, x1, _ = line.words[0].box
    ink = np.flatnonzero((picture < 128).any(axis=0))
    assert (x0, x1) == pytest.approx((ink[0], ink[-1] + 1), abs=4)
    first, second = reader.read(page("hello world")).lines[0].words
    assert first.box[2] <= second.box[0]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_read_and_its_boxes_are_those_of_the_source(reader, turns, tmp_path):
    upright = page("hello world", "second line")
    expected = reader.read(upright)
    trace = reader.trace(np.rot90(upright, turns))
    assert (trace.turns + turns) % 4 == 0
    assert trace.reading.text == expected.text
    place = np.zeros((*upright.shape, 2), np.int32)  # of each pixel of the upright page
    place[..., 0], place[..., 1] = np.meshgrid(np.arange(upright.shape[1]), np.arange(upright.shape[0]))
    place = np.rot90(place, turns)
    for line, same in zip(trace.reading.lines, expected.lines, strict=True):
        for part, other in zip((*line.words, *line.digits), (*same.words, *same.digits), strict=True):
            x0, y0, x1, y1 = part.box
            inside = place[y0:y1, x0:x1].reshape(-1, 2)
            corners = (*inside.min(axis=0), *(inside.max(axis=0) + 1))
            assert part.label == other.label
            assert corners == pytest.approx(other.box, abs=2)
    with Image.open(save_stages(trace, tmp_path)[0]) as drawn:
        assert drawn.size == upright.shape[::-1]


def test_your_own_network_of_lines_reads_instead_of_the_bundled_one(reader, tmp_path):
    shutil.copytree(load_model(TEXT).path.parent, tmp_path / "mine")
    mine = open_reader("text", model=tmp_path / "mine")
    assert mine.read(page("hello world")).text == reader.read(page("hello world")).text
    assert pickle.loads(pickle.dumps(mine)).hashes == mine.hashes
    shutil.rmtree(tmp_path / "mine")
    with pytest.raises(ModelNotFoundError):
        open_reader("text", model=tmp_path / "mine")


def test_a_network_of_another_kind_is_an_error_that_names_the_remedy():
    for model in ("characters", "detector"):
        with pytest.raises(OptionError, match="does not read lines of text; name the folder"):
            open_reader("text", model=model)
    with pytest.raises(OptionError, match="reads lines of text; add --alphabet text"):
        open_reader("digits", model=TEXT)
    with pytest.raises(OptionError, match="finds digits, not letters; leave it out"):
        open_reader("letters", detector="elsewhere")


def test_an_alphabet_leaves_everything_else_out():
    picture = page("A1 b-2 c!3")
    for alphabet in ("letters", "alnum"):
        text = TextReader(alphabet, threads=1).read(picture).text
        assert set(text) <= {*ALPHABETS[alphabet], " ", "\n"}


@pytest.mark.parametrize("picture", [np.full((90, 200), 255, np.uint8), np.zeros((1, 1), np.uint8)])
def test_a_blank_picture_has_no_text(reader, picture):
    assert reader.read(picture).text == ""
    assert reader.read_digit(picture) is None


def test_a_line_of_ten_thousand_pixels_is_read(reader):
    words = page("again and again")
    ink = np.flatnonzero((words < 128).any(axis=0))
    words = words[30:90, ink[0] - 12 : ink[-1] + 12]
    width = words.shape[1]
    count = 10_000 // width
    reading = reader.read(np.tile(words, count))
    assert reading.text == " ".join(["again and again"] * count)
    for word, column in zip(reading.lines[0].words[::3], range(0, count * width, width), strict=True):
        assert column < word.box[0] < word.box[2] < column + width


def test_improbable_words_are_question_marks(reader):
    (line,) = reader.read(page("perhaps not")).lines
    least = float(np.nextafter(min(word.probability for word in line.words), 1))
    (doubted,) = reader.read(page("perhaps not"), min_probability=least).lines
    expected = [word.label if word.probability >= least else "?" for word in line.words]
    assert [word.label for word in doubted.words] == expected
    assert "?" in expected


def test_a_reader_is_pickled_as_its_arguments(reader):
    copy = pickle.loads(pickle.dumps(TextReader("letters", threads=1)))
    assert (copy.alphabet, copy.read(page("abc")).text) == (
        "letters", TextReader("letters", threads=1).read(page("abc")).text,
    )  # fmt: skip


def test_a_drawing_and_the_stages_show_words(reader, tmp_path):
    trace = reader.trace(page("hello world"))
    assert trace.reading.draw(trace.picture.pixels).size[0] >= 640
    assert [path.name for path in save_stages(trace, tmp_path)] == [
        "1-upright.png",
        "2-lines.png",
        "3-reading.png",
    ]
    single = reader.trace(page("A", size=2.0), single=True)
    assert [path.name for path in save_stages(single, tmp_path)][1] == "2-glyphs.png"


def test_a_lexicon_helps_and_is_checked(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("hello\nworld\n", encoding="utf-8")
    found = TextReader("text", lexicon=words, threads=1).read(page("hello", "world")).text
    assert found.lower() == "hello\nworld"
    with pytest.raises(OptionError, match="has no effect on digits"):
        open_reader("digits", lexicon=words)


def test_wrong_options_and_pictures_are_errors(reader):
    with pytest.raises(OptionError, match=r"alphabet 'leters'.*letters"):
        TextReader("leters")
    with pytest.raises(OptionError, match=r"alphabet 'txt'.*text"):
        open_reader("txt")
    with pytest.raises(PictureError):
        reader.read(b"no picture")


def test_the_package_reads_every_alphabet():
    assert isinstance(open_reader(), Reader)
    assert isinstance(open_reader("alnum"), inkread.TextReader)
    assert inkread.read(np.full((40, 40), 255, np.uint8), alphabet="text").text == ""


@pytest.mark.slow
def test_words_of_other_people_are_read(reader):
    try:
        words = load_pen_words(held_out=True)
    except DatasetNotFoundError as error:
        pytest.skip(str(error))
    chosen = range(0, len(words), 40)
    pairs = [
        (
            reader.read(
                np.pad(pen_line(words.strokes(i), len(words.labels[i])), 12, constant_values=255)
            ).text,
            str(words.labels[i]),
        )
        for i in chosen
    ]
    right = np.mean([read.casefold() == text.casefold() for read, text in pairs])
    assert right >= LEAST_WORDS, [pair for pair in pairs if edit_distance(*pair) > 2]


def test_letters_of_other_people_are_read():
    try:
        unipen = load_unipen()
    except DatasetNotFoundError as error:
        pytest.skip(str(error))
    held_out = np.flatnonzero(np.isin(unipen.contributors, HELD_OUT_CONTRIBUTORS))[::40]
    letters = TextReader("letters", threads=1)
    right = []
    for index in held_out.tolist():
        label = str(unipen.labels[index])
        if label.isalpha():
            digit = letters.read_digit(np.pad(pen_line(unipen.strokes(index), 4), 12, constant_values=255))
            right.append(digit is not None and digit.label.casefold() == label.casefold())
    assert np.mean(right) >= LEAST_LETTERS


def cells(text: str, *, thick: int = 3, slant: float = 0.0, apart: int = 0) -> np.ndarray:
    """Returns the row of a form with a character in each cell; a space leaves one empty."""
    side, size = 64, 64 + apart
    row = np.full((140, size * len(text) + 80), 245, np.uint8)
    for number, character in enumerate(text):
        left = 40 + size * number
        cv2.rectangle(row, (left, 38), (left + side, 38 + side), 20, thick)
        place = (left + 17, 86)
        cv2.putText(row, character, place, cv2.FONT_HERSHEY_SIMPLEX, 1.3, 20, 2, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((row.shape[1] / 2, 70), slant, 1)
    return cv2.warpAffine(row, turn, row.shape[::-1], borderValue=245)


@pytest.mark.parametrize("slant", [0.0, -1.4, 1.4])
@pytest.mark.parametrize(("thick", "apart"), [(1, 0), (3, 0), (2, 20)])
def test_characters_in_the_cells_of_a_form_are_one_word(slant, thick, apart):
    reader = TextReader("letters", spelling=False, threads=1)
    assert reader.read(cells("HANDKEX", thick=thick, slant=slant, apart=apart)).text.upper() == "HANDKEX"


def test_an_empty_cell_is_a_space():
    reader = TextReader("letters", spelling=False, threads=1)
    assert reader.read(cells("ANNE KAHN")).text.upper() == "ANNE KAHN"
