"""Fits how much each opinion of a candidate counts, on candidates from held-out pages."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inkread.pipeline import rescoring
from inkread.pipeline.choice import choose, is_digit
from inkread.pipeline.detector import DIGITS, without_overlaps
from inkread.pipeline.fusion import LEAST, Fusion, Weights
from inkread.pipeline.opinions import opinions_of
from inkread.pipeline.turning import confidence
from inkread.synthetic.scenes import Scene, make_picture
from inkread.training.alignment import aligned, labelled, matched
from inkread.training.closeup_fit import HEIGHTS, page
from inkread.training.minimizing import minimize
from inkread.training.turning_fit import UPRIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from inkread.datasets.strips import Number
    from inkread.pipeline.classifier import Classifier
    from inkread.pipeline.closeups import CloseupClassifier
    from inkread.pipeline.detector import Detector
    from inkread.pipeline.opinions import Opinions
    from inkread.pipeline.rescoring import Rescorer
    from inkread.pipeline.strip_reader import StripReader
    from inkread.synthetic.writers import Stock

PAGE = 320
"""Side of the held-out pages, pixels."""
EVERY = Weights(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
ON_PAGES = Weights(1.0, 1.0, 1.0, 1.0, 0.0, 1.0)
"""The ink of a whole page says nothing about a digit on it."""
ROUNDS = 5
"""How often the weights for single pictures are fitted to the candidates that the previous weights choose."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A held-out page, and the opinions of its candidates."""

    scene: Scene
    opinions: Opinions


@dataclass(frozen=True, slots=True)
class Eyes:
    """All networks that have an opinion."""

    detector: Detector
    closeups: CloseupClassifier
    strips: StripReader
    classifier: Classifier

    def judge(self, scene: Scene, *, single: bool = False) -> Judged:
        """Returns all opinions of every candidate digit on the scene."""
        opinions = opinions_of(
            scene.pixels,
            self.detector,
            self.closeups,
            self.strips,
            lambda glyphs: self.classifier.probabilities(glyphs, background_logit_adjustment=0.0),
            single=single,
        )
        return Judged(scene, opinions.subset(np.flatnonzero(opinions.found.is_digit)))


def gather(eyes: Eyes, stock: Stock, *, pages: int, seed: int) -> Iterator[Judged]:
    """Judges pages on which digits of every size count."""
    return (eyes.judge(page(stock, seed, index, size=PAGE)) for index in range(pages))


def gather_single(eyes: Eyes, stock: Stock, *, pictures: int, seed: int) -> Iterator[Judged]:
    """Judges pictures like those that are read as one digit."""
    for index in range(pictures):
        rng = np.random.default_rng([seed, index])
        yield eyes.judge(make_picture(stock, rng, heights=HEIGHTS), single=True)


def gather_numbers(eyes: Eyes, numbers: Iterable[Number]) -> Iterator[Judged]:
    """Judges real numbers, each on its own page; their digits are the candidates that spell them best."""
    for number in numbers:
        found = eyes.detector.detect(number.pixels)[0]
        boxes = aligned(found, number.text, least=-math.inf, mean=-math.inf, sure=math.inf)
        if boxes is not None:
            digits = np.array([int(character) for character in number.text])
            yield eyes.judge(Scene(number.pixels, boxes, digits, "real"))


def fit_fusion(pages: list[Judged], singles: list[Judged]) -> Fusion:
    """Returns the weights that make the truth most probable, for pages and for pictures of one digit."""
    labels = [labelled(each.opinions.found.boxes, each.scene) for each in pages]
    truth = np.concatenate(labels)
    features = np.concatenate([_features(each.opinions) for each in pages])
    weights = _fitted(features[truth >= 0], truth[truth >= 0], used=ON_PAGES)
    return Fusion(weights, _fit_single(singles, weights), UPRIGHT)


def gather_turned(
    eyes: Eyes, scenes: Iterable[Scene], fusion: Fusion, rescorer: Rescorer
) -> Iterator[list[NDArray[np.float32]]]:
    """Yields the confidence in each page's candidates, upright and after one, two, and three turns."""
    for scene in scenes:
        looks = []
        for turns in range(4):
            pixels = np.ascontiguousarray(np.rot90(scene.pixels, turns))
            opinions = eyes.judge(dataclasses.replace(scene, pixels=pixels)).opinions
            looks.append(confidence(opinions, choose(opinions, fusion, rescorer, single=False)))
        yield looks


def _features(opinions: Opinions) -> NDArray[np.float64]:
    """Returns N×11×6 factors of ``Weights``, for every class."""
    detector = np.pad(opinions.found.logits[:, :DIGITS], ((0, 0), (0, 1)))
    whole = np.broadcast_to(opinions.whole, detector.shape)
    parts = (opinions.closeup, opinions.strip, opinions.classifier, whole)
    logarithms = (np.log(np.maximum(each, LEAST)) for each in parts)
    none = np.zeros_like(detector)
    none[:, DIGITS] = 1
    return np.stack([detector, *logarithms, none], axis=2).astype(np.float64)


def _fitted(
    features: NDArray[np.float64],
    truth: NDArray[np.int64],
    *,
    counts: NDArray[np.float64] | None = None,
    used: Weights = EVERY,
) -> Weights:
    """Returns the weights that make the truth most probable; 0 if ``used`` is 0.

    Each example counts once, or as often as ``counts`` says.
    """
    inputs, target = torch.from_numpy(features * dataclasses.astuple(used)), torch.from_numpy(truth)
    much = torch.ones(len(truth)) if counts is None else torch.from_numpy(counts)
    weights = torch.tensor([0.5, 0.5, 0.5, 0.1, 0.1, 0.0], dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        each = functional.cross_entropy(inputs @ weights, target, reduction="none")
        return (each * much).sum() / much.sum()

    minimize(weights, loss)
    return Weights(*(weights.detach().numpy() * dataclasses.astuple(used)).tolist())


def _fit_single(singles: list[Judged], start: Weights) -> Weights:
    """Returns the weights for pictures of one digit, fitted on the candidate that they rate highest.

    Pictures of a digit and pictures of none count alike, however many there are.
    """
    weights = start
    for _ in range(ROUNDS):
        features, truth = [], []
        for each in singles:
            digits = each.scene.classes
            if len(digits) > 1 or (digits < 0).any() or not len(each.opinions.found):
                continue
            own = _features(each.opinions)
            scores = own @ np.array(dataclasses.astuple(weights))
            sure = scores[:, :DIGITS].max(axis=1) - scores[:, DIGITS]
            features.append(own[sure.argmax()])
            truth.append(int(digits[0]) if len(digits) else DIGITS)
        target = np.array(truth, np.int64)
        none = target == DIGITS
        if none.all() or not none.any():
            return weights
        counts = np.where(none, 1 / none.sum(), 1 / (~none).sum())
        weights = _fitted(np.stack(features), target, counts=counts)
    return weights


def _fused(each: Judged, fusion: Fusion) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Returns the probabilities of all candidates, and which candidates do not overlap a better one."""
    found, opinions = each.opinions.found, each.opinions
    probabilities = fusion.probabilities(
        found.logits, opinions.closeup, opinions.strip, opinions.classifier, opinions.whole
    )
    return probabilities, without_overlaps(found, 1 - probabilities[:, DIGITS])


def neighborhoods(
    pages: Iterable[Judged], fusion: Fusion
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Returns the rescoring network's inputs for all candidates, the probabilities before, and the truth."""
    parts = []
    for each in pages:
        probabilities, kept = _fused(each, fusion)
        features = rescoring.features(each.opinions, probabilities, kept)
        parts.append((features, probabilities[kept], labelled(each.opinions.found.boxes[kept], each.scene)))
    features, fused, truth = (np.concatenate(column) for column in zip(*parts, strict=True))
    return features, fused, truth


def read(each: Judged, fusion: Fusion, rescorer: Rescorer) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns the probabilities of the digits read on a page, and their truth, see ``alignment.matched``."""
    probabilities, kept = _fused(each, fusion)
    boxes = each.opinions.found.boxes[kept]
    probabilities = rescorer.probabilities(each.opinions, probabilities, kept)
    order = np.argsort(probabilities[:, DIGITS], kind="stable")
    order = order[is_digit(probabilities[order])]
    return probabilities[order], matched(boxes[order], each.scene)
