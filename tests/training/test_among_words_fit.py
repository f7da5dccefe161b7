"""Which lines are words is fitted on lines whose digits are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from inkread.pipeline.among_words import SeenLine
from inkread.training.among_words_fit import Seen, fit_words


def seen(count: int, *, share: float, seed: int) -> Seen:
    """Lines with few or many letters, of which the network of text lines reads those with many better."""
    rng = np.random.default_rng(seed)
    is_words = rng.random(count) < share
    letters = np.where(is_words, 8, 3) + rng.normal(0, 1, count)
    sure = np.where(is_words, -0.2, -1.0) + rng.normal(0, 0.2, count)
    digits = np.where(is_words, 1, 4) + rng.normal(0, 1.5, count)
    return Seen(np.column_stack([letters, sure, digits]), np.where(is_words, 3.0, -2.0), 4 * count)


def test_many_sure_letters_are_words_and_sure_digits_are_not() -> None:
    weights = fit_words(
        [seen(300, share=0.8, seed=0), seen(60, share=0.1, seed=1), seen(600, share=0.3, seed=2)]
    )
    assert weights is not None
    assert weights.digits < 0 < weights.letters
    assert weights.sure > 0
    others = seen(500, share=0.5, seed=3)
    probable = [SeenLine(each, (), ()).is_words(weights) for each in others.features]
    assert ((np.array(probable) > 0.5) == (others.gain > 0)).mean() > 0.95


def test_a_part_counts_as_much_however_many_digits_it_has() -> None:
    few, many = seen(100, share=0.1, seed=0), seen(100, share=0.9, seed=1)
    five = Seen(np.concatenate([many.features] * 5), np.concatenate([many.gain] * 5), 5 * many.digits)
    one, other = (fit_words([few, each], (1.0, 1.0)) for each in (many, five))
    assert one is not None
    assert other is not None
    assert one.bias == pytest.approx(other.bias, abs=1e-3)


def test_a_line_that_both_read_equally_well_does_not_count() -> None:
    few, many = seen(100, share=0.3, seed=0), seen(100, share=0.9, seed=1)
    same = dataclasses.replace(few, gain=np.zeros(100))
    features, gain = (np.concatenate(each) for each in ((few.features, same.features), (few.gain, same.gain)))
    both = Seen(features, gain, few.digits)
    one, other = (fit_words([each, many], (1.0, 1.0)) for each in (few, both))
    assert one is not None
    assert other is not None
    assert dataclasses.astuple(one) == pytest.approx(dataclasses.astuple(other))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_is_fitted_if_one_kind_of_networks_is_always_better(share: float) -> None:
    assert fit_words([seen(20, share=share, seed=0)], (1.0,)) is None
