"""How much each opinion of a candidate counts, fitted on what is found on held-out pages."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inkread.pipeline import surroundings
from inkread.pipeline.detector import DIGITS, without_overlaps
from inkread.pipeline.fusion import LEAST, Fusion
from inkread.pipeline.opinions import opinions_of
from inkread.training.candidates import labelled, matched
from inkread.training.closeup_fit import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from inkread.classifier import Classifier
    from inkread.pipeline.closeups import CloseupClassifier
    from inkread.pipeline.detector import Detector
    from inkread.pipeline.opinions import Opinions
    from inkread.synthetic.scenes import Scene
    from inkread.synthetic.writers import Stock

PAGE = 320
"""Side of the held-out pages, pixels."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A held-out page, and what was found on it."""

    scene: Scene
    opinions: Opinions

    @property
    def alone(self) -> bool:
        """The page shows one digit or nothing."""
        return self.scene.kind in ("single", "letter", "nothing")


def gather(
    detector: Detector,
    closeups: CloseupClassifier,
    classifier: Classifier,
    stock: Stock,
    *,
    pages: int,
    seed: int,
) -> Iterator[Judged]:
    """All opinions of every candidate digit on ``pages`` pages."""
    for index in range(pages):
        scene = page(stock, seed, index, size=PAGE)
        opinions = opinions_of(
            scene.pixels, detector, closeups, lambda glyphs: classifier.probabilities(glyphs, none_bias=0.0)
        )
        yield Judged(scene, opinions.subset(np.flatnonzero(opinions.found.is_digit)))


def fit_fusion(judged: list[Judged]) -> Fusion:
    """The weights that make the truth most probable, for pages and for pictures of one digit."""
    labels = [labelled(each.opinions.found.boxes, each.scene) for each in judged]
    counted = np.concatenate(labels) >= 0
    truth = torch.from_numpy(np.concatenate(labels)[counted])

    def column(name: str) -> torch.Tensor:
        values = np.concatenate([getattr(each.opinions, name) for each in judged])[counted]
        return torch.from_numpy(np.log(np.maximum(values, LEAST)).astype(np.float64))

    closeup, classifier = column("closeup"), column("classifier")
    logits = np.concatenate([each.opinions.found.logits[:, :DIGITS] for each in judged])[counted]
    detector = torch.nn.functional.pad(torch.from_numpy(logits.astype(np.float64)), (0, 1))
    none = torch.nn.functional.one_hot(torch.tensor(DIGITS), DIGITS + 1).double()
    weights = torch.tensor([0.5, 0.5, 0.1, 0.0], dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        scores = weights[0] * detector + weights[1] * closeup + weights[2] * classifier + weights[3] * none
        return torch.nn.functional.cross_entropy(scores, truth)

    _minimise(weights, loss)
    of_detector, of_closeup, of_classifier, bias = weights.tolist()
    fusion = Fusion(of_detector, of_closeup, of_classifier, bias, bias, 0.0, 0.0, 0.0)
    smaller, others, digits = _fit_surroundings(judged, fusion)
    single_bias = _fit_single(judged, fusion)
    return dataclasses.replace(fusion, single_bias=single_bias, smaller=smaller, others=others, digits=digits)


def _fit_surroundings(judged: list[Judged], fusion: Fusion) -> list[float]:
    """How much what lies around a candidate speaks against it, by those that are left without overlaps."""
    logits, around, none = [], [], []
    for each in judged:
        probabilities, kept = _apart(each, fusion)
        boxes = each.opinions.found.boxes[kept]
        counted = (truth := labelled(boxes, each.scene)) >= 0
        share = np.clip(probabilities[:, DIGITS], LEAST, 1 - LEAST).astype(np.float64)
        logits.append(np.log(share / (1 - share))[counted])
        around.append(surroundings.features(boxes, 1 - share)[counted])
        none.append(truth[counted] == DIGITS)
    logit, features = torch.from_numpy(np.concatenate(logits)), torch.from_numpy(np.concatenate(around))
    target = torch.from_numpy(np.concatenate(none).astype(np.float64))
    weights = torch.zeros(len(surroundings.FEATURES), dtype=torch.float64, requires_grad=True)
    _minimise(
        weights,
        lambda: torch.nn.functional.binary_cross_entropy_with_logits(logit + features @ weights, target),
    )
    return [float(weight) for weight in weights.tolist()]


def _fit_single(judged: list[Judged], fusion: Fusion) -> float:
    """The bias of "not a single digit" for pictures that are given as one digit: of what is best on pages that show one, or nothing.

    Both kinds of page count alike.
    """
    logits, none = [], []
    for each in judged:
        if not each.alone or not len(each.opinions.found):
            continue
        probabilities = _fused(each, fusion)
        best = int(probabilities[:, DIGITS].argmin())
        truth = labelled(each.opinions.found.boxes[[best]], each.scene)[0]
        if truth >= 0:
            share = float(np.clip(probabilities[best, DIGITS], LEAST, 1 - LEAST))
            logits.append(math.log(share / (1 - share)))
            none.append(truth == DIGITS)
    if not any(none) or all(none):
        return fusion.bias
    logit, target = torch.tensor(logits), torch.tensor(none, dtype=torch.float32)
    weights = torch.where(target > 0, 1 / target.sum(), 1 / (1 - target).sum())
    shift = torch.zeros(1, requires_grad=True)
    _minimise(
        shift,
        lambda: torch.nn.functional.binary_cross_entropy_with_logits(
            logit + shift, target, weights, reduction="sum"
        ),
    )
    return fusion.bias + shift.item()


def _minimise(weights: torch.Tensor, loss: Callable[[], torch.Tensor]) -> None:
    """Moves the weights to where the loss is least (L-BFGS)."""
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]


def _fused(each: Judged, fusion: Fusion) -> NDArray[np.float32]:
    opinions = each.opinions
    return fusion.probabilities(opinions.found.logits, opinions.closeup, opinions.classifier)


def _apart(each: Judged, fusion: Fusion) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The probabilities of the candidates that overlap no better one, and which they are."""
    probabilities = _fused(each, fusion)
    kept = without_overlaps(each.opinions.found, 1 - probabilities[:, DIGITS])
    return probabilities[kept], kept


def read(each: Judged, fusion: Fusion) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The probabilities of what is read on a page, and the truth of each, as ``candidates.matched`` has it."""
    probabilities, kept = _apart(each, fusion)
    boxes = each.opinions.found.boxes[kept]
    probabilities = fusion.among(probabilities, boxes, np.ones(len(kept), bool))
    surest = np.argsort(probabilities[:, DIGITS], kind="stable")
    surest = surest[probabilities[surest].argmax(axis=1) < DIGITS]
    return probabilities[surest], matched(boxes[surest], each.scene)
