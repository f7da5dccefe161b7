"""All predictions are fused into one probability, and a card without the weights is rejected."""

import dataclasses

import numpy as np
import pytest

from inkread.errors import ModelFormatError
from inkread.pipeline.fusion import Fusion, Weights, WordWeights
from inkread.pipeline.turning import Turning

FUSION = Fusion(
    Weights(1.0, 0.5, 0.5, 0.5, 0.0, -1.0), Weights(1.0, 0.5, 0.5, 0.5, 0.5, -3.0), Turning(0.8, -0.4, -0.3)
)


def opinions(
    digit: int, logit: float, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    detector = np.full((1, 15), -8.0, np.float32)
    detector[0, digit] = logit
    shares = np.full((1, 11), (1 - share) / 10, np.float32)
    shares[0, digit] = share
    return detector, shares, shares, shares, shares[0]


def test_agreement_is_more_confident_than_any_single_prediction() -> None:
    own, other = opinions(4, 3.0, 0.98), opinions(5, 3.0, 0.98)
    agreed = FUSION.probabilities(*own)
    assert agreed.sum() == pytest.approx(1)
    assert agreed.argmax() == 4
    for index in range(len(own) - 1):
        mixed = [*own[:index], other[index], *own[index + 1 :]]
        assert FUSION.probabilities(*mixed).max() < agreed.max()


def test_the_glyph_may_be_left_out() -> None:
    detector, closeup, strip, *_ = opinions(4, 3.0, 0.98)
    assert FUSION.probabilities(detector, closeup, strip, None, None).argmax() == 4


def test_a_picture_given_as_one_digit_is_rejected_less_readily() -> None:
    page, single = (FUSION.probabilities(*opinions(4, -1.0, 0.3), single=s)[0, 10] for s in (False, True))
    assert single < page


def test_the_ink_of_the_whole_picture_counts_only_if_it_is_one_digit() -> None:
    *own, _ = opinions(4, 1.0, 0.6)
    blank = np.array([0.0] * 10 + [1.0], np.float32)
    for single in (False, True):
        with_it, without = (FUSION.probabilities(*own, whole, single=single) for whole in (blank, None))
        assert (with_it[0, 10] > without[0, 10] + 0.1) == single


def test_an_impossible_digit_of_one_opinion_still_has_a_probability() -> None:
    assert np.isfinite(FUSION.probabilities(*opinions(4, 6.0, 0.0))).all()


@pytest.mark.parametrize("values", [{}, {"detector": 1.0}, dict.fromkeys(Fusion.__slots__, "much")])
def test_a_card_without_the_weights_is_rejected(values: dict[str, object]) -> None:
    with pytest.raises(ModelFormatError, match="fusion weights"):
        Fusion.of_card("card.json", values)


def test_weights_for_digits_among_words_are_optional_in_a_card() -> None:
    values = dataclasses.asdict(FUSION)
    assert Fusion.of_card("card.json", values).words is None
    assert (
        Fusion.of_card("card.json", {name: values[name] for name in ("page", "single", "turning")}) == FUSION
    )
    words = WordWeights(0.3, 2.5, -0.5, 1.5)
    both = Fusion.of_card("card.json", values | {"words": dataclasses.asdict(words)})
    assert both == dataclasses.replace(FUSION, words=words)
    with pytest.raises(ModelFormatError, match="fusion weights"):
        Fusion.of_card("card.json", values | {"words": {"letters": 1.0}})
