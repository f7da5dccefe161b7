"""From a recipe to all networks that find and read the digits on a page: trained, exported, weighed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.corrections import load_corrected_pages
from inkread.datasets.registry import CORRECTIONS
from inkread.datasets.strips import load_numbers
from inkread.errors import DatasetError
from inkread.evaluation.metrics import expected_calibration_error
from inkread.models import CLOSEUP, DETECTOR, DIGIT_CLASSES, MODEL_FILE, RESCORING, STRIP, TEXT, Card, Model
from inkread.pipeline import closeups
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.closeups import SIDE, CloseupClassifier
from inkread.pipeline.contrast import WINDOW, planes
from inkread.pipeline.detector import DIGITS, STRIDE, Detector
from inkread.pipeline.fusion import Fusion, Weights
from inkread.pipeline.rescoring import NEIGHBORS, Rescorer
from inkread.pipeline.strip_reader import StripReader
from inkread.pipeline.strips import HEIGHT, TALL
from inkread.pipeline.text import TextRecognizer
from inkread.synthetic.scenes import CLASSES, HEIGHTS, make_scene
from inkread.synthetic.sources import described
from inkread.synthetic.text_lines import load_text_stock
from inkread.synthetic.writers import load_stock
from inkread.system.files import writing
from inkread.system.locks import working_in
from inkread.training import among_words_fit, closeup_fit, on_the_fly, strip_fit
from inkread.training import detector_fusion as fusing
from inkread.training.checkpoint import CHECKPOINT_FILE, refuse
from inkread.training.closeup_fit import CloseupNetwork, page
from inkread.training.detector_fit import fit_detector
from inkread.training.detector_fusion import Eyes
from inkread.training.export import Origin, in_8_bits_compared, save_run, write_model
from inkread.training.hardware import opencv_in_one_thread, resolved, torch_settings
from inkread.training.progress import Progress
from inkread.training.rescoring_fit import fit_rescoring
from inkread.training.run import WEIGHTS_FILE, Run
from inkread.training.to_onnx import compare, to_onnx
from inkread.training.turning_fit import UPRIGHT, fit_turning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from inkread.models.onnx_session import Network
    from inkread.pipeline.fusion import WordWeights
    from inkread.synthetic.writers import Stock
    from inkread.system.files import AnyPath
    from inkread.training.among_words_fit import Known
    from inkread.training.detector_fit import DetectorEpoch, DetectorNetwork
    from inkread.training.detector_fusion import Judged
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.rescoring_fit import RescoringEnsemble
    from inkread.training.strip_network import StripNetwork

EXAMPLES = 40
"""Held-out pages whose close-ups and strips give the ranges for 8 bits."""
SHARES = (0.8, 0.2)
"""Shares of synthetic and of real strips in training."""
SURE = 0.99
"""Digits at least this probable should hardly ever be wrong."""
CALIBRATED = 200
"""Held-out scenes that give the ranges for 8 bits."""
EQUAL = Weights(1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
"""The weights of opinions before they are fitted."""
HELD_OUT = (1_001, 1_002, 1_004, 1_005)
"""Seeds of the held-out pages: to weigh opinions on, to measure the result, to turn, and to weigh letters."""
REAL = 4
"""How often each real number counts: there are fewer of them than pages, and they are what people write.
Fitted on half of them, 347 of the other 394 are read exactly, 338 if each counts once and 345 with 8; pages
are read as well."""
TURNED = 8
"""The share of pages read in all four orientations is one in this many."""


def train_detector(
    recipe: DetectorRecipe,
    *,
    out: AnyPath,
    data: Sequence[str] = (),
    data_dir: AnyPath | None = None,
    store: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> Run[DetectorRecipe, DetectorEpoch]:
    """Trains all networks that find and read digits, on scenes made during training, and saves the run.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume.
        data: ``"corrections"`` to learn from corrected pages too.
        data_dir: the folder of the collections; default: where the loaders look.
        store: the store of the corrections; default: that of ``inkread serve``.
        resume: continues the interrupted run in ``out``.
        progress: notified after every step and epoch.
        command: the command that reproduces the run, for the card.

    Raises:
        TrainingError: ``out`` holds another run, the loss diverges, or an exported model disagrees.
        OutputError: ``out`` cannot be written to, or another process works in it.
        DatasetError: a collection is not available.
    """
    out, progress = Path(out), progress or Progress()
    recipe = resolved(recipe)
    with working_in(out), torch_settings(recipe), opencv_in_one_thread():
        refuse(out, resume=resume)
        folder = None if data_dir is None else Path(data_dir)
        seen, held_out = (load_stock(data_dir=folder, held_out=part) for part in (False, True))
        if CORRECTIONS in data:
            seen = dataclasses.replace(seen, corrected=tuple(load_corrected_pages(store)))
        watched = {"on_epoch": progress.on_epoch, "on_batch": progress.on_batch}
        state = fit_detector(recipe, out, stock=seen, resume=resume, **watched)
        origin = Origin(recipe, tuple(described(seen, "train") + described(held_out, "validation")), command)
        detector = detector_model(state.averaged.cpu(), out, origin, held_out=held_out)
        finder = Detector(detector, threads=recipe.threads)
        networks = _second_networks(recipe, finder, seen, out, data_dir=folder, progress=progress)
        examples = _examples(finder, held_out, recipe.seed)
        models = {DETECTOR: detector} | {
            name: second_network_model(network, examples[name], out / name, origin)
            for name, network in networks.items()
        }
        card, models[RESCORING] = weighed(models, out, origin, recipe, data_dir=folder)
        run = Run(out, recipe, state.averaged, tuple(state.history))
        _save(run, card, models, networks)
        return run


def _save(
    run: Run[DetectorRecipe, DetectorEpoch],
    card: Card,
    models: dict[str, Model],
    networks: dict[str, CloseupNetwork | StripNetwork],
) -> None:
    """Writes all networks; the detector's card comes last and marks the run as finished."""
    for name in models.keys() - {DETECTOR}:
        folder = run.out / name
        write_model(folder / MODEL_FILE, models[name].content, models[name].card)
        with writing(folder):
            (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    for name, network in networks.items():
        on_the_fly.save_weights(network, run.out / name / WEIGHTS_FILE)
    save_run(run, models[DETECTOR].content, card)


def _second_networks(
    recipe: DetectorRecipe,
    finder: Detector,
    seen: Stock,
    out: Path,
    *,
    data_dir: Path | None,
    progress: Progress,
) -> dict[str, CloseupNetwork | StripNetwork]:
    """Trains the networks for close-ups and strips on the detector's candidates, and on real numbers."""
    seed, on_batch = recipe.seed, progress.on_batch
    found = closeup_fit.gather(finder, seen, pages=recipe.closeup_pages, seed=seed, on_batch=on_batch)
    closeup = closeup_fit.fit_closeups(found, recipe, folder=out / CLOSEUP, on_batch=on_batch)
    runs = strip_fit.gather(finder, seen, pages=recipe.strip_pages, seed=seed, on_batch=on_batch)
    parts = [runs, strip_fit.gather_numbers(finder, load_numbers(data_dir))]
    strip = strip_fit.fit_strips(parts, SHARES, recipe, folder=out / STRIP, on_batch=on_batch)
    return {CLOSEUP: closeup, STRIP: strip}


def _examples(finder: Detector, held_out: Stock, seed: int) -> dict[str, list[NDArray[np.float32]]]:
    """Returns inputs of both networks, from which the ranges for 8 bits are taken."""
    found = closeup_fit.gather(finder, held_out, pages=EXAMPLES, seed=seed)
    inputs = closeups.planes(found.pixels, found.shares)
    runs = strip_fit.gather(finder, held_out, pages=EXAMPLES, seed=seed)
    return {
        CLOSEUP: np.array_split(inputs, max(1, len(inputs) // 64)),
        STRIP: [strip_fit.batch_of([run]).planes.numpy() for run in runs],
    }


def detector_model(network: DetectorNetwork, folder: Path, origin: Origin, *, held_out: Stock) -> Model:
    """Returns the detector in 8 bits; the opinions are not weighed yet.

    Scenes made of ``held_out`` give the ranges for 8 bits, and both runtimes must agree on them.
    """
    rngs = (np.random.default_rng([CALIBRATED, index]) for index in range(CALIBRATED))
    examples = [planes(make_scene(held_out, rng).pixels)[None] for rng in rngs]
    geometry = {"stride": STRIDE, "heights": list(HEIGHTS.counted), "window": WINDOW}
    unweighed = dataclasses.asdict(Fusion(EQUAL, EQUAL, UPRIGHT))
    card = origin.card(network, labels=CLASSES, geometry=geometry, fusion=unweighed)
    return in_8_bits_compared(network, Detector, examples, card, folder)


def second_network_model(
    network: CloseupNetwork | StripNetwork,
    examples: Sequence[NDArray[np.float32]],
    folder: Path,
    origin: Origin,
) -> Model:
    """Returns the network for close-ups or for strips in 8 bits.

    The examples are held-out inputs, each N×2×48×48 close-ups, or N×1×40×W strips of one width.
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
    data_dir: Path | None,
) -> tuple[Card, Model]:
    """Fits the weights of the opinions and the rescoring network; returns the card and that network.

    Both are fitted on held-out pages, real numbers, and pictures of one digit, at most
    ``recipe.judged_pages`` of each. Half as many other pages measure the result. ``models`` are the quantized
    detector and the networks for close-ups and strips, by name.
    """
    readers = CloseupClassifier(models[CLOSEUP]), StripReader(models[STRIP])
    eyes = Eyes(Detector(models[DETECTOR]), *readers, Classifier())
    stock, pages = load_stock(data_dir=data_dir, held_out=True), recipe.judged_pages
    seen = list(fusing.gather(eyes, stock, pages=pages, seed=HELD_OUT[0]))
    seen += REAL * list(fusing.gather_numbers(eyes, load_numbers(data_dir, held_out=True)[:pages]))
    singles = list(fusing.gather_single(eyes, stock, pictures=pages, seed=HELD_OUT[0]))
    fusion = fusing.fit_fusion(seen, singles)
    features, fused, truth = fusing.neighborhoods(seen, fusion)
    network = fit_rescoring(features, fused, truth, seed=recipe.seed)
    rescoring = rescoring_model(network, [features[:64]], folder / RESCORING, origin)
    rescorer = Rescorer(rescoring)
    turnable = (page(stock, HELD_OUT[2], index, size=fusing.PAGE) for index in range(pages // TURNED))
    turning = fit_turning(fusing.gather_turned(eyes, turnable, fusion, rescorer))
    scores = scores_of(fusing.gather(eyes, stock, pages=pages // 2, seed=HELD_OUT[1]), fusion, rescorer)
    fusion = dataclasses.replace(fusion, turning=turning)
    words = weights_among_words(eyes, fusion, rescorer, stock, pages=pages, data_dir=data_dir)
    fusion = dataclasses.replace(fusion, words=words)
    card = dataclasses.replace(models[DETECTOR].card, fusion=dataclasses.asdict(fusion), scores=scores)
    return card, rescoring


def weights_among_words(
    eyes: Eyes, fusion: Fusion, rescorer: Rescorer, stock: Stock, *, pages: int, data_dir: Path | None
) -> WordWeights | None:
    """Fits which lines of pages of digits are words; ``None`` without collections of words.

    ``stock`` is the held-out part of what pages are made of. So many lines and numbers are read, and a fourth
    as many pages, which have more digits each.
    """
    try:
        lines = dataclasses.replace(load_text_stock(data_dir, held_out=True), fonts=())
    except DatasetError:
        return None
    scenes = (page(stock, HELD_OUT[3], index, size=fusing.PAGE) for index in range(pages // 4))
    kinds: list[Iterable[Known]] = [
        among_words_fit.lines_of(lines, pages, HELD_OUT[3]),
        among_words_fit.numbers_of(load_numbers(data_dir, held_out=True)[:pages]),
        ((scene.pixels, scene) for scene in scenes),
    ]
    recognizer = TextRecognizer(TEXT)
    return among_words_fit.fit_words(
        [among_words_fit.gather(eyes, fusion, rescorer, recognizer, kind) for kind in kinds]
    )


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
        probabilities, truth = fusing.read(each, fusion, rescorer)
        digits_only = probabilities[:, :DIGITS]
        parts.append((digits_only.max(axis=1), digits_only.argmax(axis=1) == truth, truth >= 0))
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
