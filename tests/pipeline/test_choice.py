"""Which candidates are read as digits, and when other orientations of a page are tried."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inkread.pipeline import choice, turning
from inkread.pipeline.choice import Choice
from inkread.pipeline.config import ReaderConfig
from inkread.pipeline.detector import CLASSES, DIGITS, Detections
from inkread.pipeline.fusion import Fusion, Weights
from inkread.pipeline.opinions import Opinions
from inkread.pipeline.turning import Turning

EVEN = np.full(DIGITS + 1, 1 / 11, np.float32)
CLOSEUP_ONLY = Weights(0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
WHOLE_ONLY = Weights(0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
FUSION = Fusion(CLOSEUP_ONLY, WHOLE_ONLY, Turning(0.0, 0.0, 0.0))
OFTEN = ReaderConfig(turned=0.2)


class Unmoved:
    """Changes no probability."""

    def probabilities(
        self, _opinions: Opinions, fused: NDArray[np.float32], chosen: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        return fused[chosen]


def choose(found: Opinions, *, single: bool = False) -> Choice:
    return choice.choose(found, FUSION, Unmoved(), single=single)  # type: ignore[arg-type]


def opinions(*candidates: tuple[str, float, float], whole: str = "") -> Opinions:
    """Candidates of 20×30 pixels side by side: label (``""`` for none), probability, and start."""
    count = len(candidates)
    boxes = np.array([[x, 10, x + 20, 40] for _, _, x in candidates], np.float32).reshape(-1, 4)
    logits = np.full((count, len(CLASSES)), -6, np.float32)
    closeup = np.zeros((count, DIGITS + 1), np.float32)
    for index, (name, probability, _) in enumerate(candidates):
        is_sign = name in CLASSES[DIGITS:]
        logits[index, CLASSES.index(name) if name else 0] = 3
        closeup[index] = (1 - probability) / DIGITS
        closeup[index, DIGITS if is_sign or not name else int(name)] = probability
    ink = np.full(DIGITS + 1, 0.02, np.float32)
    ink[int(whole) if whole else DIGITS] = 0.8
    even = np.tile(EVEN, (count, 1))
    return Opinions(
        Detections(boxes, logits, np.ones(count, np.float32)),
        np.zeros((1, 1), np.float32),
        closeup,
        even,
        np.zeros((count, 28, 28), np.uint8),
        np.zeros((count, 4), np.float32),
        even,
        ink,
    )


def labels(read: Choice) -> list[str]:
    return ["".join(str(read.probabilities[i].argmax()) for i in row) for row in read.rows]


def test_boxes_that_are_more_probably_digits_than_not_are_read_in_order() -> None:
    found = opinions(("2", 0.9, 100), ("7", 0.9, 40), ("", 0.9, 160))
    read = choose(found)
    assert labels(read) == ["72"]
    assert read.kept.tolist() == [0, 1, 2]


def test_of_two_boxes_of_one_digit_the_more_probable_is_read() -> None:
    found = opinions(("3", 0.7, 40), ("8", 0.9, 43), ("1", 0.9, 90))
    assert labels(choose(found)) == ["81"]


def test_a_sign_is_listed_beside_the_digits_of_its_row() -> None:
    found = opinions(("3", 0.9, 40), (".", 0.9, 62), ("1", 0.9, 84), ("4", 0.9, 110))
    read = choose(found)
    assert labels(read) == ["314"]
    assert read.signs == ((1,),)


def test_a_sign_is_listed_beside_the_only_digit_of_a_page() -> None:
    read = choose(opinions(("-", 0.9, 12), ("8", 0.9, 40), (".", 0.9, 300), whole="8"))
    assert labels(read) == ["8"]
    assert read.signs == ((0,),)


def test_a_page_with_one_digit_is_judged_as_a_picture_of_one() -> None:
    assert labels(choose(opinions(("7", 0.9, 40), whole="1"))) == ["1"]
    assert choose(opinions(("7", 0.9, 40), whole="")).rows == ()
    assert labels(choose(opinions(("7", 0.9, 40), ("5", 0.9, 80)))) == ["75"]


def test_a_page_on_which_none_is_found_is_judged_as_one_digit_if_all_its_ink_looks_like_one() -> None:
    assert labels(choose(opinions(("", 0.9, 40), whole="1"))) == ["1"]
    assert choose(opinions(("", 0.9, 40), whole="")).rows == ()


def test_a_picture_given_as_one_digit_has_at_most_one() -> None:
    both = opinions(("7", 0.9, 40), ("5", 0.9, 80), whole="5")
    assert labels(choose(both, single=True)) == ["5"]
    assert choose(opinions(), single=True).rows == ()
    assert choose(opinions()).rows == ()


def look(*confidence: float) -> tuple[Opinions, Choice]:
    found = opinions(*(("4", sure, 40 * index) for index, sure in enumerate(confidence)))
    return found, choose(found)


@pytest.mark.parametrize(
    ("confidence", "doubtful"),
    [((0.99,) * 6, False), ((0.6,) * 6, True), ((0.6,) * 3, False), ((0.4,) * 6, True)],
    ids=["sure", "unsure", "too few", "refused"],
)
def test_a_page_of_uncertain_digits_is_tried_in_other_orientations(
    confidence: tuple[float, ...], *, doubtful: bool
) -> None:
    assert turning.is_doubtful(turning.confidence(*look(*confidence))) is doubtful


def test_a_page_is_turned_only_if_that_makes_much_more_sense() -> None:
    weights = Turning(confidence=0.8, doubt=-0.4, bias=-0.3)
    upright, clear, about, few = (
        turning.confidence(*look(*each)) for each in ((0.6,) * 9, (0.99,) * 9, (0.7,) * 9, (0.99,) * 4)
    )
    assert weights.best_of({0: upright, 1: about, 2: upright, 3: clear}, OFTEN) == 3
    assert weights.best_of({0: upright, 1: about, 2: upright, 3: about}, OFTEN) == 0
    assert weights.best_of({0: clear, 1: few, 2: upright, 3: few}, OFTEN) == 0
    assert weights.best_of({0: upright, 3: clear}, ReaderConfig(turned=0.001)) == 0


def test_the_orientation_is_judged_where_most_digits_are_seen_at_the_scale_at_which_they_were_found() -> None:
    found = opinions(("4", 0.9, 100), ("4", 0.9, 1500), ("4", 0.9, 1550), ("4", 0.9, 1600), ("-", 0.9, 1900))
    config = ReaderConfig(first_side=500)
    rows, columns = turning.telling_part(found, (1200, 2000), config)
    assert rows == slice(0, 500)
    assert columns == slice(1260, 1760)
    assert len(turning.confidence(found, choose(found), part=(rows, columns))) == 3
    assert len(turning.confidence(found, choose(found))) == 4
    found.found.scales[:] = 0.25
    assert np.zeros((1200, 2000))[turning.telling_part(found, (1200, 2000), config)].shape == (1200, 2000)
    found.found.scales[:] = 2
    rows, columns = turning.telling_part(found, (60, 2000), config)
    assert np.zeros((60, 2000))[rows, columns].shape == (60, 250)
    assert columns == slice(1385, 1635)
