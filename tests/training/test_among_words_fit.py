"""The weights of letters beside a digit are fitted on digits whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkread.pipeline.among_words import probabilities
from inkread.training.among_words_fit import fit_words

if TYPE_CHECKING:
    from inkread.training.among_words_fit import Seen


def seen(count: int, *, share: float, seed: int) -> Seen:
    """Digits that are doubtful by themselves; those that are letters have letters beside them."""
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < share
    odds, others = rng.normal(1, 1, (2, count))
    letters = np.where(truth, 1.2, 3) + rng.normal(0, 0.5, count)
    here = np.where(truth, 2, -2) + rng.normal(0, 1.5, count)
    return np.column_stack([odds, others, letters, here, np.ones(count), np.full(count, 2.0)]), truth


def test_letters_speak_against_a_digit_and_what_is_seen_at_its_place_for_it() -> None:
    weights = fit_words(
        [seen(300, share=0.2, seed=0), seen(60, share=0.9, seed=1), seen(600, share=0.7, seed=2)]
    )
    assert weights is not None
    assert weights.letters < 0 < weights.here
    features, truth = seen(500, share=0.5, seed=3)
    probable = probabilities(features, weights)
    assert ((probable > 0.5) == truth).mean() > 0.95


def test_a_part_counts_as_much_however_many_digits_it_has() -> None:
    few, many = seen(100, share=0.1, seed=0), seen(100, share=0.9, seed=1)
    one = fit_words([few, many], (1.0, 1.0))
    other = fit_words([few, tuple(np.concatenate([each] * 5) for each in many)], (1.0, 1.0))  # type: ignore[list-item]
    assert one is not None
    assert other is not None
    assert one.bias == pytest.approx(other.bias, abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_is_fitted_if_all_are_digits_or_none_is(share: float) -> None:
    assert fit_words([seen(20, share=share, seed=0)], (1.0,)) is None
