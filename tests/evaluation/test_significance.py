"""Intervals and tests return the values of the literature."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import OptionError
from inkread.evaluation.significance import holm, mcnemar, wilson_interval


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I: method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_has_the_published_values(right, total, low, high):
    found = wilson_interval(right, total)
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_contains_the_share_and_stays_within_its_limits(counts):
    low, high = wilson_interval(*counts)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1


def test_no_trials_say_nothing_and_impossible_counts_are_an_error():
    assert wilson_interval(0, 0) == (0, 1)
    with pytest.raises(OptionError):
        wilson_interval(3, 2)


@pytest.mark.parametrize(
    ("one", "other", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 2**10), (1, 9, 22 / 2**10), (2, 8, 112 / 2**10), (0, 1, 1.0)],
)
def test_mcnemars_test_is_that_of_the_binomial(one, other, p):
    assert mcnemar(one, other) == pytest.approx(p)


def test_mcnemars_test_is_exact_for_thousands():
    few, count = 950, 2_000
    tail = sum(math.comb(count, k) for k in range(few + 1))
    assert mcnemar(few, count - few) == pytest.approx(2 * tail / 2**count, rel=1e-12)
    assert 0 < mcnemar(0, 1_000) < 1e-300
    with pytest.raises(OptionError):
        mcnemar(-1, 3)


@given(st.integers(0, 300), st.integers(0, 300))
def test_it_does_not_matter_which_of_the_two_comes_first(one, other):
    assert mcnemar(one, other) == mcnemar(other, one)
    assert 0 <= mcnemar(one, other) <= 1


def test_holms_correction_steps_down():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
