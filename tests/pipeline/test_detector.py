"""Peaks of the detector's output become boxes in pixels of the picture, one per digit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inkread.pipeline.detector import BOX_UNIT, CLASSES, STRIDE, Detections, peaks, without_overlaps
from inkread.pipeline.scales import MARGIN, PyramidLevel


def answer(places: dict[tuple[int, int], tuple[int, float]], shape: tuple[int, int] = (30, 40)) -> np.ndarray:
    """Makes an output with a class of given logit at each (y, x), 10 pixels from each side of its box."""
    output = np.full((len(CLASSES) + 4, *shape), -9.0, np.float32)
    output[len(CLASSES) :] = 10 / BOX_UNIT
    for (y, x), (kind, logit) in places.items():
        output[kind, y, x] = logit
    return output


def level(scale: float = 1.0, size: tuple[int, int] = (128, 88)) -> PyramidLevel:
    return PyramidLevel(np.zeros((120, 160), np.uint8), scale, (scale, scale), size)


def detections(*boxes: tuple[float, float, float, float], classes: tuple[int, ...] = ()) -> Detections:
    logits = np.full((len(boxes), len(CLASSES)), -9.0, np.float32)
    for index in range(len(boxes)):
        logits[index, classes[index] if classes else 0] = 5 - index
    return Detections(np.array(boxes, np.float32), logits, np.ones(len(boxes), np.float32))


def test_a_place_surer_than_its_neighbors_is_a_box_in_pixels_of_the_picture() -> None:
    found = peaks(answer({(10, 12): (7, 3.0), (10, 13): (7, 2.0), (20, 30): (3, 1.0)}), level(scale=0.5))
    order = np.argsort(found.boxes[:, 0])
    assert found.logits[order].argmax(axis=1).tolist() == [7, 3]
    middle = (12 + 0.5) * STRIDE - MARGIN
    assert found.boxes[order][0, [0, 2]].tolist() == [2 * (middle - 10), 2 * (middle + 10)]


def test_nothing_is_found_in_the_margin_around_the_picture() -> None:
    inside, margin = (MARGIN // STRIDE, MARGIN // STRIDE), (MARGIN // STRIDE - 1, 12)
    found = peaks(answer({inside: (1, 3.0), margin: (1, 3.0)}), level())
    assert len(found) == 1
    assert found.boxes[0, :2].tolist() == [0, 0]


def kept(found: Detections) -> Detections:
    """A slow reference for non-maximum suppression."""
    return found.subset(without_overlaps(found, found.logits.max(axis=1)))


def test_of_boxes_of_one_digit_the_most_confident_is_kept() -> None:
    found = kept(detections((0, 0, 20, 30), (2, 1, 21, 30), (30, 0, 50, 30)))
    assert found.boxes[:, 0].tolist() == [0, 30]


def test_what_is_better_is_said_by_whoever_asks() -> None:
    found = detections((0, 0, 20, 30), (2, 1, 21, 30))
    assert without_overlaps(found, np.array([0.2, 0.7])).tolist() == [1]


def test_a_part_of_a_digit_is_not_a_second_one() -> None:
    assert len(kept(detections((0, 0, 40, 60), (5, 20, 15, 50)))) == 1


def test_neighbors_that_touch_and_overlap_a_little_both_stay() -> None:
    assert len(kept(detections((0, 0, 20, 30), (15, 0, 35, 30)))) == 2


def test_a_comma_below_a_seven_does_not_exclude_it() -> None:
    found = kept(detections((20, 26, 24, 32), (0, 0, 26, 30), classes=(11, 7)))
    assert sorted(found.logits.argmax(axis=1).tolist()) == [7, 11]


@given(st.integers(1, 60), st.integers(0, 999))
def test_sorting_suppresses_what_comparing_each_with_each_does(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 120, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(2, 60, (count, 2))], axis=1).astype(np.float32)
    scores = rng.random(count).astype(np.float32)
    found = detections(*boxes.tolist())
    low, high, expected = boxes[:, :2], boxes[:, 2:], []
    for index in np.argsort(-scores):
        shared = np.prod(np.maximum(np.minimum(high[index], high) - np.maximum(low[index], low), 0), axis=1)
        sizes = np.prod(high - low, axis=1)
        covers = (shared > 0.4 * (sizes[index] + sizes - shared)) | (
            shared > 0.7 * np.minimum(sizes[index], sizes)
        )
        if not covers[expected].any():
            expected.append(int(index))
    assert without_overlaps(found, scores, same=0.4, within=0.7).tolist() == sorted(expected)
