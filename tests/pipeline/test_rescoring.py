"""Candidates are rescored given their neighbors, at any position and size."""

import numpy as np
import pytest

from inkread.models import load_model
from inkread.pipeline.detector import CLASSES, DIGITS, Detections
from inkread.pipeline.opinions import Opinions
from inkread.pipeline.rescoring import FEATURES, NEIGHBORS, OWN, PAIR, Rescorer, features


def opinions(boxes: np.ndarray, *, scale: float = 1.0, seed: int = 0) -> Opinions:
    """Makes random predictions for these boxes, all of them digits."""
    rng, count = np.random.default_rng(seed), len(boxes)
    shares = [rng.dirichlet(np.ones(DIGITS + 1), count).astype(np.float32) for _ in range(3)]
    logits = np.full((count, len(CLASSES)), -6, np.float32)
    logits[:, :DIGITS] = rng.normal(0, 2, (count, DIGITS))
    return Opinions(
        Detections(boxes.astype(np.float32), logits, np.full(count, scale, np.float32)),
        np.zeros((1, 1), np.float32),
        shares[0],
        shares[1],
        np.zeros((count, 28, 28), np.uint8),
        np.zeros((count, 4), np.float32),
        shares[2],
        np.full(DIGITS + 1, 1 / 11, np.float32),
    )


def row(count: int) -> np.ndarray:
    """Boxes of 20×30 pixels side by side."""
    x = 25.0 * np.arange(count)
    return np.column_stack([x, np.full(count, 10.0), x + 20, np.full(count, 40.0)])


def fused(count: int) -> np.ndarray:
    return np.random.default_rng(7).dirichlet(np.ones(DIGITS + 1), count).astype(np.float32)


def pairs_of(given: np.ndarray) -> np.ndarray:
    return given[:, OWN:].reshape(len(given), NEIGHBORS, PAIR)


def test_every_candidate_is_described_by_itself_and_its_nearest_neighbors() -> None:
    given = features(opinions(row(20)), fused(20), np.arange(20))
    assert given.shape == (20, FEATURES)
    assert given.dtype == np.float32
    assert np.isfinite(given).all()
    pairs = pairs_of(given)
    assert (pairs[:, :, 0] == 1).all()
    distance = pairs[:, :, 2]
    assert (np.diff(distance, axis=1) >= 0).all()
    assert distance[10, :2] == pytest.approx([25 / 30] * 2)


def test_a_lone_candidate_has_no_neighbors() -> None:
    pairs = pairs_of(features(opinions(row(1)), fused(1), np.arange(1)))
    assert not pairs.any()


def test_unlikely_candidates_are_not_neighbors_but_suppressed_ones_are() -> None:
    shares = fused(3)
    shares[1] = [*[0.0001] * 10, 0.999]
    given = pairs_of(features(opinions(row(3)), shares, np.array([0])))
    assert given[0, :, 0].sum() == 1
    assert given[0, 0, 2] == pytest.approx(50 / 30)


def test_the_description_is_the_same_at_any_place_and_size() -> None:
    boxes, shares = row(6), fused(6)
    here = features(opinions(boxes), shares, np.arange(6))
    there = features(opinions(3 * boxes + 500, scale=1 / 3), shares, np.arange(6))
    assert there == pytest.approx(here, abs=1e-4)


def test_a_page_of_thousands_is_described_as_its_parts_are() -> None:
    boxes = np.concatenate([row(40) + np.tile([0, 60 * line], 2) for line in range(20)])
    whole = features(opinions(boxes), fused(800), np.arange(800))
    some = features(opinions(boxes), fused(800), np.array([3, 400, 799]))
    # The only difference is whether a neighbor is chosen itself.
    kept = OWN + PAIR * np.arange(NEIGHBORS) + 14
    assert np.delete(whole[[3, 400, 799]], kept, axis=1) == pytest.approx(np.delete(some, kept, axis=1))


@pytest.fixture(scope="module")
def rescorer() -> Rescorer:
    detector = load_model("detector").path.parent
    return Rescorer(detector / "rescoring")


def test_it_gives_probabilities(rescorer: Rescorer) -> None:
    found, shares = opinions(row(5)), fused(5)
    given = rescorer.probabilities(found, shares, np.array([0, 3]))
    assert given.shape == (2, DIGITS + 1)
    assert given.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert rescorer.probabilities(found, shares, np.zeros(0, np.intp)).shape == (0, DIGITS + 1)


def test_a_doubtful_speck_beside_large_digits_is_less_probable_than_a_doubtful_digit_of_their_size(
    rescorer: Rescorer,
) -> None:
    """In a row of clear digits, the last candidate is uncertain: as large as they are, or a speck."""
    probable = []
    for last in ([75, 10, 95, 40], [75, 32, 80, 40]):
        boxes = np.array([*row(3).tolist(), last])
        found = opinions(boxes)
        shares = np.full((4, DIGITS + 1), 0.002, np.float32)
        shares[[0, 1, 2], [2, 3, 5]] = 0.98
        shares[3, [1, DIGITS]] = 0.5, 0.48
        found.found.logits[:] = -6
        found.found.logits[[0, 1, 2, 3], [2, 3, 5, 1]] = 3, 3, 3, 0
        for each in (found.closeup, found.strip, found.classifier):
            each[:] = shares
        probable.append(1 - rescorer.probabilities(found, shares, np.arange(4))[3, DIGITS])
    assert probable[0] > probable[1] + 0.2
