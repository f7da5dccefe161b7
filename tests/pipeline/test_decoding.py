"""The text of a line is the best path through its columns; a score is the sum over all paths of a text."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.decoding import (
    BLANK,
    aligned,
    allowed,
    alone,
    characters_of,
    greedy,
    restricted,
    score,
    words_of,
)


def columns_of(text: str, share: float = 0.9) -> np.ndarray:
    """Returns columns that say each character of the text, ``_`` for the blank."""
    columns = np.full((len(text), len(TEXT_CLASSES)), (1 - share) / (len(TEXT_CLASSES) - 1), np.float32)
    for column, character in zip(columns, text, strict=True):
        column[BLANK if character == "_" else TEXT_CLASSES.index(character)] = share
    return columns


def test_repeated_columns_are_one_character_unless_a_blank_parts_them():
    labels = [TEXT_CLASSES.index(each) if each != "_" else BLANK for each in "_ll_l_o__"]
    assert greedy(labels) == "llo"


def test_characters_follow_each_other_without_overlap():
    characters = characters_of(columns_of("__aa__b_c_"))
    assert [character.label for character in characters] == ["a", "b", "c"]
    assert all(one.end <= other.start for one, other in itertools.pairwise(characters))
    assert characters[0].start <= 2
    assert characters[0].end >= 4
    assert all(character.probability == pytest.approx(0.9) for character in characters)


def test_alternatives_are_other_characters_and_neither_the_blank_nor_a_space():
    columns = columns_of("_a_")
    columns[1, TEXT_CLASSES.index("o")] = 0.05
    columns[1, TEXT_CLASSES.index(" ")] = 0.04
    (character,) = characters_of(columns)
    assert character.alternatives[0] == ("o", pytest.approx(0.05))
    assert not {"", " ", "a"} & set(dict(character.alternatives))


def test_what_an_alphabet_does_not_have_is_no_alternative():
    (character,) = characters_of(restricted(columns_of("_a_"), allowed("ab")))
    assert [label for label, _ in character.alternatives] == ["b"]


def test_words_are_parted_at_spaces():
    words = words_of(characters_of(columns_of("_h_i_ _y_o_")))
    assert ["".join(each.label for each in word) for word in words] == ["hi", "yo"]


def test_a_character_alone_is_as_probable_as_the_text_of_it():
    columns = np.random.default_rng(3).dirichlet(np.ones(len(TEXT_CLASSES)), 6).astype(np.float32)
    for text in ("a", "I", "7"):
        assert math.log(alone(columns)[TEXT_CLASSES.index(text)]) == pytest.approx(
            score(columns, text), abs=1e-4
        )


def test_an_alphabet_leaves_only_its_characters_spaces_and_blanks():
    columns = columns_of("_5_ S")
    columns[1, TEXT_CLASSES.index("S")] = 0.05
    columns = restricted(columns, allowed("abcS"))
    assert greedy(columns.argmax(axis=1)) == "S S"
    assert columns.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_score_is_the_sum_over_all_paths():
    rng = np.random.default_rng(0)
    columns = rng.dirichlet(np.ones(len(TEXT_CLASSES)), 4).astype(np.float32)
    known = [TEXT_CLASSES.index("a"), TEXT_CLASSES.index("b"), BLANK]
    for text in ("a", "ab", "aa", "aba"):
        paths = (path for path in itertools.product(known, repeat=4) if greedy(path) == text)
        total = sum(math.prod(float(columns[at, label]) for at, label in enumerate(path)) for path in paths)
        assert score(columns, text) == pytest.approx(math.log(total), rel=1e-4)


def test_a_text_too_long_for_its_columns_is_impossible():
    assert score(columns_of("a_"), "abc") == -np.inf


@pytest.mark.parametrize("text", ["", "a", "ab", "aa", "aba"])
def test_an_alignment_is_the_most_probable_path_of_a_text(text):
    columns = np.random.default_rng(1).dirichlet(np.ones(len(TEXT_CLASSES)), 5).astype(np.float32)
    known = [TEXT_CLASSES.index("a"), TEXT_CLASSES.index("b"), BLANK]
    paths = [path for path in itertools.product(known, repeat=5) if greedy(path) == text]
    best = max(paths, key=lambda path: math.prod(float(columns[at, label]) for at, label in enumerate(path)))
    assert aligned(columns, text).tolist() == list(best)
    assert "".join(each.label for each in characters_of(columns, aligned(columns, text))) == text
