"""From a recipe to all networks that find and read the digits on a page."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.corrections import load_corrected_pages
from inkread.datasets.registry import CORRECTIONS
from inkread.datasets.strips import load_numbers
from inkread.models import CARD_FILE, CLOSEUP, DETECTOR, MODEL_FILE, RESCORING, STRIP
from inkread.pipeline import closeups
from inkread.pipeline.detector import Detector
from inkread.synthetic.sources import described
from inkread.synthetic.writers import load_stock
from inkread.system.files import write_whole, writing
from inkread.system.locks import working_in
from inkread.training import strip_stock
from inkread.training.checkpoint import CHECKPOINT_FILE, refuse
from inkread.training.closeup_fit import fit_closeups, gather
from inkread.training.detector_export import detector_model, second_network_model, weighed
from inkread.training.detector_fit import fit_detector
from inkread.training.export import Origin, save_run
from inkread.training.hardware import opencv_in_one_thread, resolved, torch_settings
from inkread.training.progress import Progress
from inkread.training.run import WEIGHTS_FILE, Run
from inkread.training.starts import save_weights
from inkread.training.strip_fit import batch_of, fit_strips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.models import Card, Model
    from inkread.synthetic.writers import Stock
    from inkread.system.files import AnyPath
    from inkread.training.closeup_network import CloseupNetwork
    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.strip_network import StripNetwork

EXAMPLES = 40
"""Held-out pages whose close-ups and strips give the ranges for 8 bits."""
SHARES = (0.8, 0.2)
"""Shares of synthetic and of real strips in training."""


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
        state = fit_detector(
            recipe,
            out,
            stock=seen,
            resume=resume,
            on_epoch=progress.on_epoch,
            on_batch=progress.on_batch,
        )
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
        folder, model = run.out / name, models[name]
        with writing(folder, "make room, then resume the run"):
            folder.mkdir(exist_ok=True)
        write_whole(folder / MODEL_FILE, model.content)
        write_whole(folder / CARD_FILE, model.card.to_json().encode())
        with writing(folder):
            (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    for name, network in networks.items():
        save_weights(network, run.out / name / WEIGHTS_FILE)
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
    found = gather(
        finder,
        seen,
        pages=recipe.closeup_pages,
        seed=recipe.seed,
        on_page=lambda done: progress.on_batch(done, recipe.closeup_pages),
    )
    closeup = fit_closeups(found, recipe, folder=out / CLOSEUP, on_batch=progress.on_batch)
    runs = strip_stock.gather(
        finder,
        seen,
        pages=range(recipe.strip_pages),
        seed=recipe.seed,
        on_page=lambda done: progress.on_batch(done + 1, recipe.strip_pages),
    )
    numbers = strip_stock.gather_numbers(finder, load_numbers(data_dir))
    strip = fit_strips([runs, numbers], SHARES, recipe, folder=out / STRIP, on_batch=progress.on_batch)
    return {CLOSEUP: closeup, STRIP: strip}


def _examples(finder: Detector, held_out: Stock, seed: int) -> dict[str, list[NDArray[np.float32]]]:
    """Returns inputs of both networks, from which the ranges for 8 bits are taken."""
    found = gather(finder, held_out, pages=EXAMPLES, seed=seed)
    inputs = closeups.planes(found.pixels, found.shares)
    runs = strip_stock.gather(finder, held_out, pages=range(EXAMPLES), seed=seed)
    return {
        CLOSEUP: np.array_split(inputs, max(1, len(inputs) // 64)),
        STRIP: [batch_of([runs[index]]).planes.numpy() for index in range(len(runs))],
    }
