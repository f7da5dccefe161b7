"""Both opinions make one probability, and a card without the weights is refused."""

import numpy as np
import pytest

from inkread.errors import ModelFormatError
from inkread.pipeline.fusion import Fusion

FUSION = Fusion(1.0, 0.5, 0.5, -1.0, -3.0)


def opinions(digit: int, logit: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    detector = np.full((1, 15), -8.0, np.float32)
    detector[0, digit] = logit
    classifier = np.full((1, 11), (1 - share) / 10, np.float32)
    classifier[0, digit] = share
    return detector, classifier


def test_agreement_is_surer_than_either_opinion_alone() -> None:
    detector, classifier = opinions(4, 3.0, 0.98)
    both = FUSION.probabilities(detector, classifier)
    assert both.sum() == pytest.approx(1)
    assert both.argmax() == 4
    neither = FUSION.probabilities(opinions(5, 3.0, 0.98)[0], classifier)
    assert neither.max() < both.max()


def test_a_picture_given_as_one_digit_is_rejected_less_readily() -> None:
    detector, classifier = opinions(4, -1.0, 0.3)
    page, single = (FUSION.probabilities(detector, classifier, single=s)[0, 10] for s in (False, True))
    assert single < page


def test_an_impossible_digit_of_the_classifier_still_has_a_probability() -> None:
    detector, classifier = opinions(4, 6.0, 0.0)
    assert np.isfinite(FUSION.probabilities(detector, classifier)).all()


@pytest.mark.parametrize("values", [{}, {"detector": 1.0}, dict.fromkeys(Fusion.__slots__, "much")])
def test_a_card_without_the_weights_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ModelFormatError, match="both opinions"):
        Fusion.of_card("card.json", values)
