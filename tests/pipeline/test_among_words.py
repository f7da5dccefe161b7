"""In lines of words, the digits of the network of text lines count; others stay as they are."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkread import Reader
from inkread.models import TEXT
from inkread.pipeline import among_words
from inkread.pipeline.choice import Choice, is_doubtful
from inkread.pipeline.config import ReaderConfig
from inkread.pipeline.detector import CLASSES, DIGITS, Detections
from inkread.pipeline.fusion import WordWeights
from inkread.pipeline.text import TextRecognizer

TALL = 34
"""Height of a digit on the pages, pixels."""
FONT, SCALE = cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.6
STRICT = WordWeights(letters=3.0, sure=0.0, digits=0.0, bias=-8.0)
"""Several letters make a line of words, whatever else is seen."""


@pytest.fixture(scope="module")
def recognizer() -> TextRecognizer:
    return TextRecognizer(TEXT, threads=1)


def page(*lines: str) -> NDArray[np.uint8]:
    """Writes lines in a script font, 80 pixels apart."""
    grey = np.full((80 * len(lines) + 40, 700), 235, np.uint8)
    for row, text in enumerate(lines):
        cv2.putText(grey, text, (30, 80 * (row + 1)), FONT, SCALE, 30, 3, cv2.LINE_AA)
    return grey


def place(text: str, index: int, row: int = 0) -> tuple[int, int, int, int]:
    """Returns about the box of a character of a line of ``page``."""
    (before, _), _ = cv2.getTextSize(text[:index], FONT, SCALE, 3)
    (after, _), _ = cv2.getTextSize(text[: index + 1], FONT, SCALE, 3)
    base = 80 * (row + 1)
    return 30 + before, base - TALL, 30 + after, base


def chosen(boxes: list[tuple[int, int, int, int]], probability: float) -> tuple[Detections, Choice]:
    """Reads a 0 at each of the boxes of one row, all with one probability."""
    count = len(boxes)
    logits = np.full((count, len(CLASSES)), -6, np.float32)
    logits[:, 0] = 2
    found = Detections(np.array(boxes, np.float32).reshape(-1, 4), logits, np.ones(count, np.float32))
    shares = np.full((count, DIGITS + 1), 0.0, np.float32)
    shares[:, 0], shares[:, DIGITS] = probability, 1 - probability
    rows = (tuple(range(count)),) if count else ()
    return found, Choice(shares, rows, ((),) * len(rows), np.arange(count))


def judged(
    grey: NDArray[np.uint8], boxes: list[tuple[int, int, int, int]], recognizer: TextRecognizer
) -> Choice:
    found, choice = chosen(boxes, 0.8)
    return among_words.judged(grey, found, choice, STRICT, recognizer)


def test_a_digit_inside_a_word_is_one_of_its_letters(recognizer: TextRecognizer) -> None:
    text = "the house is small"
    after = judged(page(text), [place(text, text.index("o"))], recognizer)
    assert after.rows == ()
    assert after.probabilities[0, DIGITS] > 0.5
    assert after.probabilities.sum(axis=1) == pytest.approx(1)


def test_a_number_beside_a_word_stays_with_its_own_digits(recognizer: TextRecognizer) -> None:
    text = "house 2048"
    boxes = [place(text, index) for index in (1, 6, 7, 8, 9)]
    after = judged(page(text), boxes, recognizer)
    assert after.rows == ((1, 2, 3, 4),)
    assert after.probabilities[1:, :DIGITS].argmax(axis=1).tolist() == [2, 0, 4, 8]  # they were read as 0


def test_a_digit_that_was_not_read_is_found_beside_a_word(recognizer: TextRecognizer) -> None:
    text = "house 2048"
    found, choice = chosen([place(text, index) for index in (6, 7, 8, 9)], 0.8)
    choice.probabilities[1] = np.eye(DIGITS + 1)[DIGITS]
    missed = replace(choice, rows=((0, 2, 3),))
    after = among_words.judged(page(text), found, missed, STRICT, recognizer)
    assert after.rows == ((0, 1, 2, 3),)
    assert after.probabilities.sum(axis=1) == pytest.approx(1)


def test_without_letters_nothing_changes(recognizer: TextRecognizer) -> None:
    text = "2048 1905"
    boxes = [place(text, index) for index, character in enumerate(text) if character != " "]
    after = judged(page(text), boxes, recognizer)
    assert after.rows == (tuple(range(8)),)
    assert after.probabilities[:, 0] == pytest.approx(0.8)


def test_letters_of_another_line_do_not_count(recognizer: TextRecognizer) -> None:
    boxes = [place("2048", index, row=1) for index in range(4)]
    assert judged(page("the house is small", "2048"), boxes, recognizer).rows == ((0, 1, 2, 3),)


def test_a_line_of_sure_digits_stays(recognizer: TextRecognizer) -> None:
    text = "the house is small"
    found, choice = chosen([place(text, text.index("o"), row) for row in (0, 1)], 0.8)
    choice.probabilities[1] = np.eye(DIGITS + 1)[0]
    after = among_words.judged(
        page(text, text), found, replace(choice, rows=((0,), (1,)), signs=((), ())), STRICT, recognizer
    )
    assert after.rows == ((1,),)
    assert after.probabilities[1, 0] == 1


def test_a_digit_on_no_line_stays(recognizer: TextRecognizer) -> None:
    blank = np.full((200, 300), 235, np.uint8)
    after = judged(blank, [(50, 50, 80, 90)], recognizer)
    assert after.rows == ((0,),)
    assert after.probabilities[0, 0] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("probability", "sure", "expected"),
    [(0.8, 0.95, True), (0.97, 0.95, False), (0.8, 0.0, False), (1.0, 1.1, True)],
)
def test_a_page_is_doubtful_if_a_digit_is_not_sure(probability: float, sure: float, expected: bool) -> None:
    _, choice = chosen([(0, 0, 20, 40)], probability)
    assert is_doubtful(choice, ReaderConfig(sure=sure)) == expected


def test_a_page_without_digits_is_not_doubtful() -> None:
    assert not is_doubtful(chosen([], 0.8)[1])


def test_the_network_of_lines_is_loaded_only_for_doubtful_pages() -> None:
    rng = np.random.default_rng(0)
    grey = page("The quick brown fox", "jumps over", "the lazy dog 34")
    grey = np.asarray(grey + rng.integers(0, 9, grey.shape, np.uint8), np.uint8)
    never = Reader(threads=1, config=ReaderConfig(sure=0.0))
    always = Reader(threads=1, config=ReaderConfig(sure=1.1))
    before, after = never.read(grey), always.read(grey)
    assert "_recognizer" not in vars(never)
    assert "_recognizer" in vars(always)
    assert after.text == "34" != before.text
    assert TextRecognizer(TEXT, threads=1).sha256 in always.hashes


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_words_show_whether_a_page_is_turned(recognizer: TextRecognizer, turns: int) -> None:
    upright = page("the house is small", "and has no door")
    assert not among_words.is_turned(upright, turns, recognizer)
    assert among_words.is_turned(np.rot90(upright, turns), 4 - turns, recognizer)
