"""A lexicon corrects words that the network is not sure of, and forces no name, code, or number into it."""

from __future__ import annotations

import numpy as np
import pytest
from pipeline.test_decoding import columns_of

from inkread.errors import OptionError
from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.decoding import characters_of
from inkread.pipeline.lexicon import Lexicon

LEXICON = Lexicon(["house", "mouse", "horse", "Tuesday", "the"])


def read(
    text: str, lexicon: Lexicon = LEXICON, *, share: float = 0.9, doubt: dict[int, str] | None = None
) -> str:
    columns = columns_of("_" + "_".join(text) + "_", share)
    for place, other in (doubt or {}).items():
        columns[2 * place + 1, TEXT_CLASSES.index(text[place])] = 0.5
        columns[2 * place + 1, TEXT_CLASSES.index(other)] = 0.4
    (word, probability), *alternatives = lexicon.corrected(columns, characters_of(columns), 0.5)
    assert 0 <= probability <= 1
    assert word not in dict(alternatives)
    return word


def test_a_doubtful_word_becomes_the_one_that_it_may_be():
    assert read("hovse", doubt={2: "u"}) == "house"


def test_case_and_punctuation_are_kept():
    assert read("Hovse", doubt={2: "u"}) == "House"
    assert read("hovse.", doubt={2: "u"}) == "house."


@pytest.mark.parametrize("text", ["Zyxwv", "A12-77", "1984", "ab", "kouse"])
def test_confident_words_are_never_forced_into_the_lexicon(text):
    assert read(text, share=0.999) == text


def test_the_nearest_of_many_words_is_found():
    rng = np.random.default_rng(0)
    letters = np.array([*"abcdefghijklmnopqrstuvwxyz"])
    words = {"".join(word) for word in rng.choice(letters, (60_000, 8))} | {"house"}
    assert read("hovse", Lexicon(words), doubt={2: "u"}) == "house"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_files_in_usual_encodings_are_read(tmp_path, encoding):
    file = tmp_path / "words.txt"
    file.write_bytes("Straße\r\nété\n\n".encode(encoding))
    assert Lexicon.load(file).words == ["Straße", "été"]


@pytest.mark.parametrize(("content", "problem"), [(b"", "has no words"), (None, "cannot be read")])
def test_a_file_without_words_is_an_error(tmp_path, content, problem):
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OptionError, match=problem):
        Lexicon.load(file)
