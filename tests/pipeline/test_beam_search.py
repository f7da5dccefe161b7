"""Spelling decides what the network doubts, and changes nothing that it reads surely."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("torch")

from pipeline.test_decoding import columns_of

from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.beam_search import BeamSearch, Weights
from inkread.pipeline.decoding import BLANK, score
from inkread.pipeline.words import read_words
from inkread.training.ngrams import count_ngrams

NGRAMS = count_ngrams(["the house", "the mouse", "a horse", "Room 12"])
SEARCH = BeamSearch(NGRAMS, Weights(spelling=0.6, length=1.2))


WORDS = BeamSearch(NGRAMS, Weights(spelling=0.6, length=1.2, known=0.8))


def doubtful(text: str, doubts: dict[int, str], share: float = 0.9) -> np.ndarray:
    """Returns columns that hesitate between a character and another at some places."""
    columns = columns_of("_" + "_".join(text) + "_", share)
    for place, other in doubts.items():
        columns[2 * place + 1, TEXT_CLASSES.index(text[place])] = 0.5
        columns[2 * place + 1, TEXT_CLASSES.index(other)] = 0.4
    return columns


def test_without_spelling_a_score_is_the_sum_over_all_paths_of_a_text():
    rng = np.random.default_rng(0)
    columns = np.zeros((5, len(TEXT_CLASSES)), np.float32)
    known = [TEXT_CLASSES.index("a"), TEXT_CLASSES.index("b"), BLANK]
    columns[:, known] = rng.dirichlet(np.ones(3), 5)
    found = BeamSearch(NGRAMS, Weights()).texts(columns)
    texts = ["".join(each) for count in range(6) for each in itertools.product("ab", repeat=count)]
    # A text that was left out early may later be reached only by some of its paths.
    assert found[0][0] == max(texts, key=lambda text: score(columns, text))
    assert found[0][1] == pytest.approx(score(columns, found[0][0]), abs=0.1)
    assert [value for _, value in found] == sorted((value for _, value in found), reverse=True)


def test_spelling_decides_what_the_network_doubts():
    columns = doubtful("the hovse", {6: "u"})
    assert BeamSearch(NGRAMS, Weights()).texts(columns)[0][0] == "the hovse"
    assert SEARCH.texts(columns)[0][0] == "the house"


def test_a_word_that_was_written_is_more_probable_than_one_that_is_spelled_alike():
    columns = doubtful("mousc", {4: "e"})
    usual, known = (dict(search.texts(columns)) for search in (SEARCH, WORDS))
    assert known["mouse"] - known["mousc"] > usual["mouse"] - usual["mousc"] + 0.5


@pytest.mark.parametrize("search", [SEARCH, WORDS])
@pytest.mark.parametrize("text", ["Zyxwv", "A12-77", "1984", "hovse", "xq", "thehouse", "Mmmm"])
def test_names_codes_and_numbers_that_are_read_surely_stay_as_they_are(search, text):
    assert search.texts(doubtful(text, {}, share=0.999))[0][0] == text


@pytest.mark.parametrize("columns", [np.zeros((0, len(TEXT_CLASSES)), np.float32), columns_of("____")])
def test_a_line_without_writing_has_no_text(columns):
    assert SEARCH.texts(columns)[0][0] == ""
    assert read_words(columns, SEARCH, temperature=1.0) == [] or len(columns) == 0


def test_words_have_places_probabilities_and_alternatives():
    columns = doubtful("the hovse", {6: "u"})
    first, second = read_words(columns, SEARCH, temperature=1.0)
    assert (first.text, second.text) == ("the", "house")
    assert first.characters[-1].end <= second.characters[0].start
    assert first.probability > second.probability > 0.5
    assert "hovse" in dict(second.texts[1:])


class Told(BeamSearch):
    """A search that found these texts for a word."""

    def texts(self, columns):
        return [(text, float(np.log(share))) for text, share in (("cat", 0.5), ("cut", 0.3), ("cats", 0.2))]


def test_a_character_is_as_probable_as_the_texts_that_agree_on_it():
    (word,) = read_words(columns_of("_c_a_t_"), Told(NGRAMS, Weights()), temperature=1.0)
    assert [each.label for each in word.characters] == ["c", "a", "t"]
    assert [each.probability for each in word.characters] == pytest.approx([1.0, 0.7, 1.0])
    assert word.characters[1].alternatives == (("u", pytest.approx(0.3)),)
    assert word.characters[0].alternatives == word.characters[2].alternatives == ()


def test_what_the_network_does_not_know_is_left_out_whatever_words_are_usual():
    assert read_words(columns_of("_h_o_u_s_e_", 0.3), SEARCH, temperature=1.0) == []
    assert len(read_words(columns_of("_h_o_u_s_e_", 0.6), SEARCH, temperature=1.0)) == 1
