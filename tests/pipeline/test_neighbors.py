"""Sorting finds the same pairs as comparing all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inkread.pipeline.neighbors import overlapping_pairs

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=25)


@given(SPANS)
def test_all_pairs_of_intervals_that_overlap_are_found_once(spans: list[tuple[int, int]]) -> None:
    low = np.array([start for start, _ in spans], np.float32)
    high = low + np.array([length for _, length in spans], np.float32)
    pairs = [
        (min(pair), max(pair))
        for pair in zip(*map(np.ndarray.tolist, overlapping_pairs(low, high)), strict=True)
    ]
    expected = [
        (one, other)
        for one in range(len(spans))
        for other in range(one + 1, len(spans))
        if min(high[one], high[other]) > max(low[one], low[other])
    ]
    wide = [pair for pair in pairs if all(high[index] > low[index] for index in pair)]
    assert sorted(wide) == [pair for pair in expected if all(high[index] > low[index] for index in pair)]
    assert len(set(pairs)) == len(pairs)


def test_the_first_of_a_pair_begins_first() -> None:
    one, other = overlapping_pairs(np.array([5.0, 0.0, 20.0]), np.array([9.0, 6.0, 30.0]))
    assert (one.tolist(), other.tolist()) == ([1], [0])
