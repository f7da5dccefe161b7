"""How much the detector's opinion and the classifier's count, fitted on the boxes found on held-out pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inkread.pipeline.detector import DIGITS
from inkread.pipeline.fusion import LEAST, Fusion
from inkread.pipeline.glyphs import cut_glyphs
from inkread.synthetic.scenes import make_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.classifier import Classifier
    from inkread.pipeline.detector import Detector
    from inkread.synthetic.scenes import Scene
    from inkread.synthetic.writers import Stock

PAGE = 384
"""Side of the held-out pages, pixels."""
COUNTED, POSSIBLE = (7.0, 1e9), (5.0, 1e9)
"""Heights of digits that are to be read on them, and of those that may be."""
MATCHED = 0.4
"""A box found is that of a digit if they share this much of their union."""
KEPT = 0.99
"""Share of single digits that a picture given as one digit must not be rejected for."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """What was found on held-out pages.

    Attributes:
        detector: N×15, logits.
        classifier: N×11, probabilities.
        truth: N, the digit, or 10 for none.
        alone: N bool, on pages that show one digit or nothing.
        digits: how many digits the pages have.
    """

    detector: NDArray[np.float32]
    classifier: NDArray[np.float32]
    truth: NDArray[np.int64]
    alone: NDArray[np.bool_]
    digits: int


def gather(detector: Detector, classifier: Classifier, stock: Stock, *, pages: int, seed: int) -> Opinions:
    """Both opinions of everything that is found on ``pages`` pages."""
    parts, digits = [], 0
    for index in range(pages):
        scene = make_scene(
            stock, np.random.default_rng([seed, index]), size=PAGE, sizes=COUNTED, margins=POSSIBLE
        )
        found, _ = detector.detect(scene.pixels)
        found = found.subset(found.logits.argmax(axis=1) < DIGITS)
        truth = matched(found.boxes, scene)
        known = truth >= 0
        classified = classifier.probabilities(cut_glyphs(scene.pixels, found.boxes), none_bias=0.0)
        alone = np.full(int(known.sum()), scene.kind in ("single", "nothing"))
        parts.append((found.logits[known], classified[known], truth[known], alone))
        digits += int(((scene.classes >= 0) & (scene.classes < DIGITS)).sum())
    logits, classified, truth, alone = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Opinions(logits, classified, truth, alone, digits)


def matched(boxes: NDArray[np.float32], scene: Scene) -> NDArray[np.int64]:
    """For each box, the surest first, the digit that it is of: 10 for none, -1 for one that does not count."""
    truth = np.full(len(boxes), DIGITS, np.int64)
    free = scene.classes < DIGITS
    for index, box in enumerate(boxes):
        if not free.any():
            break
        overlap = np.minimum(box[2:], scene.boxes[:, 2:]) - np.maximum(box[:2], scene.boxes[:, :2])
        shared = np.prod(np.maximum(overlap, 0), axis=1)
        areas = np.prod(scene.boxes[:, 2:] - scene.boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
        share = np.where(free, shared / np.maximum(areas - shared, 1e-6), 0)
        best = int(share.argmax())
        if share[best] >= MATCHED:
            truth[index], free[best] = scene.classes[best], False
    return truth


def fit_fusion(opinions: Opinions) -> Fusion:
    """The weights that make the truth most probable, and the bias that keeps ``KEPT`` of the single digits."""
    logits = torch.from_numpy(opinions.detector[:, :DIGITS].astype(np.float64))
    logarithms = torch.from_numpy(np.log(np.maximum(opinions.classifier, LEAST)).astype(np.float64))
    truth = torch.from_numpy(opinions.truth)
    weights = torch.tensor([1.0, 0.5, 0.5, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def scores() -> torch.Tensor:
        digits = weights[0] * logits + weights[1] * logarithms[:, :DIGITS]
        none = weights[2] * logarithms[:, DIGITS:] + weights[3]
        return torch.cat([digits, none], dim=1)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(scores(), truth)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    detector, classifier, none, bias = weights.tolist()
    with torch.no_grad():
        found = scores().numpy()
    singles = opinions.alone & (opinions.truth < DIGITS)
    margin = found[singles, :DIGITS].max(axis=1) - found[singles, DIGITS]
    # A digit is kept where its margin is above zero; the bias moves all margins alike.
    moved = float(np.quantile(margin, 1 - KEPT)) if singles.any() else 0.0
    return Fusion(detector, classifier, none, bias, bias + min(0.0, moved))
