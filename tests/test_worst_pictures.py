"""No picture takes a reader long: what is looked at is bounded by counts, and the rest is read in the cheap way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from worst_pictures import WORST, worst

from inkread import Reader, layout
from inkread import reader as reader_module
from inkread.bands import band_of
from inkread.decoder import Choice
from inkread.recognizer import Recognizer
from inkread.rowwise import read_rows

if TYPE_CHECKING:
    import numpy as np

LOOKS = 4  # beside the first: the other polarity, and three turns


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture
def counted(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the networks are given, under a budget small enough for small pictures to exceed it."""
    count: Counter[str] = Counter()
    columns, probabilities = Recognizer.columns, reader.probabilities

    def counted_columns(self: Recognizer, strip: np.ndarray) -> Any:
        count["pixels"] += strip.shape[1]
        return columns(self, strip)

    def counted_probabilities(glyphs: np.ndarray, **options: Any) -> np.ndarray:
        count["glyphs"] += len(glyphs)
        return probabilities(glyphs, **options)

    monkeypatch.setattr(Recognizer, "columns", counted_columns)
    monkeypatch.setattr(reader, "probabilities", counted_probabilities)
    monkeypatch.setattr(reader_module, "MOST_PIXELS", 12_000)
    monkeypatch.setattr(layout, "MOST_CANDIDATES", 120)
    monkeypatch.setattr(layout, "MOST_SEGMENTS", 150)
    return count


@pytest.mark.parametrize("name", WORST)
def test_what_the_networks_are_given_is_bounded_whatever_is_on_a_page(
    name: str, reader: Reader, counted: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Counter[str]()
    read_whole = reader_module.read_whole

    def apart(*arguments: Any, **options: Any) -> Any:
        before = counted["pixels"]
        result = read_whole(*arguments, **options)
        whole["pixels"] += counted["pixels"] - before  # a page as one row has a bound of its own: one strip
        return result

    monkeypatch.setattr(reader_module, "read_whole", apart)
    trace = reader.trace(worst(name, share=0.15))
    shares = 1 + LOOKS / reader_module.AGAIN
    assert counted["pixels"] - whole["pixels"] <= 12_000 * shares
    longest = max((len(row.candidates) for row in trace.rows), default=0)
    assert counted["glyphs"] <= (120 + longest) * shares + 2 * 150 * (1 + LOOKS)


def test_a_page_within_the_budget_is_read_as_if_there_were_none(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = worst("digits 40", share=0.1)
    bounded = reader.read(page)
    monkeypatch.setattr(reader_module, "MOST_PIXELS", 10**9)
    monkeypatch.setattr(layout, "MOST_CANDIDATES", 10**9)
    assert bounded.digits
    assert reader.read(page) == bounded


def test_rows_beyond_the_budget_keep_what_the_lattice_read(reader: Reader) -> None:
    trace = reader.trace(worst("digits 40", share=0.15))
    row, table = trace.rows[0], trace.probabilities[0]
    own = (Choice(0, table[0, :10]),)
    maps = (trace.ink.map, trace.written)
    assert band_of(row).width > 100
    rows, tables, choices = read_rows(reader.recognizers, [row], [table], [own], maps, most=100)
    assert rows == (row,)
    assert tables[0] is table
    assert choices == (own,)
