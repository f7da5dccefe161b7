"""Exports the detector and its second networks in 8 bits, and fits how their opinions are weighed."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.strips import load_numbers
from inkread.evaluation.metrics import expected_calibration_error
from inkread.models import CLOSEUP, DETECTOR, DIGIT_CLASSES, MODEL_FILE, RESCORING, STRIP, Card, Model
from inkread.models.quantization import in_8_bits
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.closeups import SIDE, CloseupClassifier
from inkread.pipeline.contrast import WINDOW, planes
from inkread.pipeline.detector import DIGITS, Detector
from inkread.pipeline.fusion import Fusion, Weights
from inkread.pipeline.rescoring import NEIGHBORS, Rescorer
from inkread.pipeline.strip_reader import StripReader
from inkread.pipeline.strips import HEIGHT, TALL
from inkread.synthetic.scenes import CLASSES, SIZES, make_scene
from inkread.synthetic.writers import load_stock
from inkread.training.closeup_fit import page
from inkread.training.closeup_network import CloseupNetwork
from inkread.training.detector_fusion import (
    PAGE,
    UPRIGHT,
    Eyes,
    fit_fusion,
    fit_turning,
    gather,
    gather_numbers,
    gather_single,
    gather_turned,
    neighborhoods,
    read,
)
from inkread.training.detector_network import STRIDE, DetectorNetwork
from inkread.training.rescoring_fit import fit_rescoring
from inkread.training.to_onnx import compare, to_onnx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from inkread.models.network import Network
    from inkread.synthetic.writers import Stock
    from inkread.training.detector_fusion import Judged
    from inkread.training.export import Origin
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.rescoring_network import RescoringEnsemble
    from inkread.training.strip_network import StripNetwork

SURE = 0.99
"""Digits at least this probable should hardly ever be wrong."""
COMPARED = 8
"""Held-out scenes on which both runtimes must agree."""
CALIBRATED = 200
"""Held-out scenes that give the ranges for 8 bits."""
UNWEIGHED = Fusion(Weights(1.0, 1.0, 1.0, 0.0, 0.0, 0.0), Weights(1.0, 1.0, 1.0, 0.0, 0.0, 0.0), UPRIGHT)
"""The weights before they are fitted."""
HELD_OUT = (1_001, 1_002, 1_004)
"""Seeds of the held-out pages to weigh opinions on, to measure the result, and to turn."""
REAL = 4
"""How often each real number counts: there are fewer of them than pages, and they are what people write.
Fitted on half of them, 347 of the other 394 are read exactly, 338 if each counts once and 345 with 8; pages
are read as well."""
TURNED = 8
"""The share of pages read in all four orientations is one in this many."""


def detector_model(network: DetectorNetwork, folder: Path, origin: Origin, *, held_out: Stock) -> Model:
    """Returns the detector in 8 bits; the opinions are not weighed yet.

    Args:
        network: the trained network, in evaluation mode.
        folder: the folder that the model will be in.
        origin: for its card.
        held_out: the material of the scenes from which the ranges for 8 bits are taken.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on held-out scenes.
    """
    examples = [
        planes(make_scene(held_out, np.random.default_rng([CALIBRATED, i])).pixels)[None]
        for i in range(CALIBRATED)
    ]
    geometry = {"stride": STRIDE, "heights": list(SIZES), "window": WINDOW}
    card = origin.card(network, labels=CLASSES, geometry=geometry, fusion=dataclasses.asdict(UNWEIGHED))
    return in_8_bits_compared(network, Detector, examples, card, folder)


def second_network_model(
    network: CloseupNetwork | StripNetwork,
    examples: Sequence[NDArray[np.float32]],
    folder: Path,
    origin: Origin,
) -> Model:
    """Returns the network for close-ups or for strips in 8 bits.

    Args:
        network: the trained network.
        examples: held-out inputs, each N×2×48×48 close-ups, or N×1×40×W strips of one width.
        folder: the folder that the model will be in.
        origin: for its card.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on the examples.
    """
    geometry: dict[str, float]
    reader: type[Network]
    if isinstance(network, CloseupNetwork):
        name, geometry, reader = CLOSEUP, {"side": SIDE, "box": SIDE // 2}, CloseupClassifier
    else:
        name, geometry, reader = STRIP, {"height": HEIGHT, "digits": TALL}, StripReader
    card = origin.card(network, name=name, labels=DIGIT_CLASSES, geometry=geometry)
    return in_8_bits_compared(network.eval(), reader, examples, card, folder)


def weighed(
    models: Mapping[str, Model],
    folder: Path,
    origin: Origin,
    recipe: DetectorRecipe,
    *,
    data_dir: Path | None = None,
) -> tuple[Card, Model]:
    """Fits the weights of the opinions and the rescoring network; returns the card and that network.

    Both are fitted on held-out pages, real numbers, and pictures of one digit, at most
    ``recipe.judged_pages`` of each. Half as many other pages measure the result.

    Args:
        models: the quantized detector and the networks for close-ups and strips, by name.
        folder: the run's folder.
        origin: for the cards.
        recipe: how many pages are judged, and the seed.
        data_dir: the folder of the collections; default: where the loaders look.
    """
    eyes = Eyes(
        Detector(models[DETECTOR]),
        CloseupClassifier(models[CLOSEUP]),
        StripReader(models[STRIP]),
        Classifier(),
    )
    stock, pages = load_stock(data_dir=data_dir, held_out=True), recipe.judged_pages
    seen = list(gather(eyes, stock, pages=pages, seed=HELD_OUT[0]))
    seen += REAL * list(gather_numbers(eyes, load_numbers(data_dir, held_out=True)[:pages]))
    fusion = fit_fusion(seen, list(gather_single(eyes, stock, pictures=pages, seed=HELD_OUT[0])))
    features, fused, truth = neighborhoods(seen, fusion)
    network = fit_rescoring(features, fused, truth, seed=recipe.seed)
    rescoring = rescoring_model(network, [features[:64]], folder / RESCORING, origin)
    rescorer = Rescorer(rescoring)
    turnable = (page(stock, HELD_OUT[2], index, size=PAGE) for index in range(pages // TURNED))
    turning = fit_turning(gather_turned(eyes, turnable, fusion, rescorer))
    scores = scores_of(gather(eyes, stock, pages=pages // 2, seed=HELD_OUT[1]), fusion, rescorer)
    fusion = dataclasses.replace(fusion, turning=turning)
    card = dataclasses.replace(models[DETECTOR].card, fusion=dataclasses.asdict(fusion), scores=scores)
    return card, rescoring


def rescoring_model(
    network: RescoringEnsemble, examples: Sequence[NDArray[np.float32]], folder: Path, origin: Origin
) -> Model:
    """Returns the rescoring network in 32 bits, because it is small, and its inputs have many ranges."""
    content = to_onnx(network, takes=Rescorer.takes, gives=Rescorer.gives[0])
    compare(content, network, examples)
    geometry = {"neighbors": NEIGHBORS}
    card = origin.card(network, content, name=RESCORING, labels=DIGIT_CLASSES, geometry=geometry)
    return Model(card.name, folder / MODEL_FILE, card, content)


def scores_of(judged: Iterable[Judged], fusion: Fusion, rescorer: Rescorer) -> dict[str, float]:
    """Measures recall, precision, and calibration on held-out pages, with all opinions together."""
    digits, parts = 0, []
    for each in judged:
        probabilities, truth = read(each, fusion, rescorer)
        parts.append((probabilities.max(axis=1), probabilities.argmax(axis=1) == truth, truth >= 0))
        digits += int(((each.scene.classes >= 0) & (each.scene.classes < DIGITS)).sum())
    probable, right, counted = (np.concatenate(column) for column in zip(*parts, strict=True))
    probable, right = probable[counted], right[counted]
    sure = probable >= SURE
    return {
        "pages_recall": float(right.sum() / max(1, digits)),
        "pages_precision": float(right.mean()) if right.size else 0.0,
        "pages_ece": expected_calibration_error(probable, right),
        "pages_sure_and_wrong": float((sure & ~right).sum() / max(1, sure.sum())),
    }


def in_8_bits_compared(
    network: nn.Module,
    reader: type[Network],
    examples: Sequence[NDArray[np.float32]],
    card: Card,
    folder: Path,
) -> Model:
    """Returns the model in 8 bits, after comparing it with the network; the last layer keeps 32."""
    content = to_onnx(network, takes=reader.takes, gives=reader.gives[0])
    compare(content, network, examples[:COMPARED])
    content = bytes(in_8_bits(content, examples, keep_last=True).SerializeToString())
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    return Model(card.name, folder / MODEL_FILE, card, content)
