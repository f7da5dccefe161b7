"""A lexicon makes its words probable, and forces no name, code, or number into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch")

from pipeline.test_beam_search import doubtful

from inkread.errors import OptionError
from inkread.pipeline.beam_search import BeamSearch, Weights
from inkread.pipeline.lexicon import Lexicon
from inkread.training.ngrams import count_ngrams

if TYPE_CHECKING:
    from collections.abc import Iterable

NGRAMS = count_ngrams(["some other words, Room 12"])
WORDS = ["house", "mouse", "horse", "Tuesday", "the", "NASA"]


def read(
    text: str, words: Iterable[str] = WORDS, *, share: float = 0.9, doubts: dict[int, str] | None = None
) -> str:
    search = BeamSearch(NGRAMS, Weights(spelling=0.6, length=1.2), lexicon=Lexicon(dict.fromkeys(words, 1.0)))
    return search.texts(doubtful(text, doubts or {}, share))[0][0]


def test_an_uncertain_word_becomes_a_listed_one():
    assert read("hovse", doubts={2: "u"}) == "house"
    assert read("hovse", [], doubts={2: "u"}) == "hovse"


def test_each_word_of_a_line_may_be_listed():
    assert read("the hovse", doubts={6: "u"}) == "the house"


def test_a_listed_word_is_found_far_from_what_the_network_prefers():
    assert read("Tnosdag", doubts={1: "u", 2: "e", 6: "y"}) == "Tuesday"


def test_case_and_punctuation_are_kept():
    assert read("Hovse", doubts={2: "u"}) == "House"
    assert read("HOVSE", doubts={2: "U"}) == "HOUSE"
    assert read("hovse.", doubts={2: "u"}) == "house."
    assert read("(hovse)", doubts={3: "u"}) == "(house)"


def test_the_case_of_the_list_is_the_most_probable_one():
    lexicon = Lexicon(dict.fromkeys(WORDS, 1.0))
    usual, recased = (lexicon.log_probability(text, whole=True) for text in ("house", "House"))
    assert usual > recased > lexicon.log_probability("hoUse", whole=True) == -np.inf


def test_a_word_is_as_probable_as_its_weight():
    lexicon = Lexicon({"house": 3.0, "mouse": 1.0})
    ratio = lexicon.log_probability("house", whole=True) - lexicon.log_probability("mouse", whole=True)
    assert ratio == pytest.approx(np.log(3))


def test_the_probability_of_a_beginning_is_that_of_its_words():
    lexicon = Lexicon(dict.fromkeys(WORDS, 1.0))
    whole = [np.exp(lexicon.log_probability(word, whole=True)) for word in ("house", "horse")]
    assert np.exp(lexicon.log_probability("ho", whole=False)) == pytest.approx(sum(whole))
    assert lexicon.log_probability("ho", whole=True) == -np.inf


@pytest.mark.parametrize("text", ["Zyxwv", "A12-77", "1984", "ab", "kouse", ":-)"])
def test_confident_words_are_never_forced_into_the_lexicon(text):
    assert read(text, share=0.999) == text


def test_a_listed_word_is_found_among_many():
    rng = np.random.default_rng(0)
    letters = np.array([*"abcdefghijklmnopqrstuvwxyz"])
    words = {"".join(word) for word in rng.choice(letters, (60_000, 8))} | {"house"}
    assert read("hovse", words, doubts={2: "u"}) == "house"


def test_a_line_of_several_names_lists_each_of_them(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("Anna Smith\nBen Jones\n", encoding="utf-8")
    assert Lexicon.load(file).words == ["Anna", "Ben", "Jones", "Smith"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_in_usual_encodings_are_read(tmp_path, encoding):
    file = tmp_path / "words.txt"
    file.write_bytes("Straße\r\nété\n\n".encode(encoding))
    assert Lexicon.load(file).words == ["Straße", "été"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "has no words"), (None, "cannot be read"), (b"a\0b\n", "is not a text file")],
)
def test_a_file_without_words_is_an_error(tmp_path, content, problem):
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OptionError, match=problem):
        Lexicon.load(file)
