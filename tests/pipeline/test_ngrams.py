"""N-grams say how words are spelled, treat all digits alike, and are checked when they are loaded."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

pytest.importorskip("torch")

from inkread.errors import ModelFormatError, ModelIntegrityError, ModelNotFoundError
from inkread.models.card import CARD_FILE, Card
from inkread.pipeline.ngrams import CODES, NGRAMS_FILE, load_ngrams
from inkread.training.ngrams import RECASED, count_ngrams

NGRAMS = count_ngrams(["the house", "the mouse", "the horse", "Room 12", "1/2"])


def log_probability(word: str) -> float:
    return sum(
        float(NGRAMS.log_probabilities(word[:end])[CODES[each]]) for end, each in enumerate(word + " ")
    )


@pytest.mark.parametrize("before", ["", "th", "hou", "1", "zzz", "a very long word that nobody wrote"])
def test_the_next_character_is_one_of_all(before):
    assert np.exp(NGRAMS.log_probabilities(before)).sum() == pytest.approx(1)


def test_words_that_were_written_are_more_probable_and_their_other_cases_too():
    assert log_probability("house") > log_probability("hause") + 2
    assert log_probability("HOUSE") > log_probability("HAUSE") + 2
    assert log_probability("House") > log_probability("hOUSE") + 2


def test_whole_words_are_counted_without_signs_and_numbers():
    counted = count_ngrams(["Room, (room) 12", "room 3b", "l'été -"]).words
    assert set(counted) == {"Room", "room", "l'été"}
    assert counted["Room"] == 1
    assert counted["room"] == 2 + RECASED  # a capitalized word may also come in small letters


def test_digits_are_equally_probable_whatever_is_before_them():
    for before in ("", "1", "x", "Room"):
        digits = [NGRAMS.log_probabilities(before)[CODES[digit]] for digit in "0123456789"]
        assert digits == pytest.approx([digits[0]] * 10)
    assert log_probability("73") == pytest.approx(log_probability("12"))


def test_a_file_has_the_same_counts_and_is_checked_against_its_card(tmp_path):
    content = NGRAMS.to_bytes()
    card = Card("ngrams", "2026-01-01", hashlib.sha256(content).hexdigest(), ("a",), 1.0, len(NGRAMS))
    (tmp_path / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        load_ngrams(tmp_path)
    (tmp_path / NGRAMS_FILE).write_bytes(content)
    loaded, _ = load_ngrams(tmp_path)
    assert loaded.log_probabilities("hou") == pytest.approx(NGRAMS.log_probabilities("hou"))
    assert loaded.words == pytest.approx(NGRAMS.words, rel=0.05)
    (tmp_path / NGRAMS_FILE).write_bytes(content[:-50])
    with pytest.raises(ModelIntegrityError, match="another SHA-256"):
        load_ngrams(tmp_path)
    damaged = Card("ngrams", "2026-01-01", hashlib.sha256(content[:-50]).hexdigest(), ("a",), 1.0, 1)
    (tmp_path / CARD_FILE).write_text(damaged.to_json(), encoding="utf-8")
    with pytest.raises(ModelFormatError, match="is not an archive of n-grams"):
        load_ngrams(tmp_path)
