"""From a recipe to the networks that find and read the digits of a page: the detector, close-ups and strips of what it finds, their weights."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.corrections import load_corrected_pages
from inkread.datasets.numbers import load_numbers
from inkread.datasets.registry import CORRECTIONS
from inkread.models import CARD_FILE, CLOSEUP, DETECTOR, MODEL_FILE, RESCORING, STRIP
from inkread.pipeline import closeups
from inkread.pipeline.detector import Detector
from inkread.synthetic.sources import described
from inkread.synthetic.writers import load_stock
from inkread.system.locks import working_in
from inkread.training import starts, strip_stock
from inkread.training.checkpoint import refuse
from inkread.training.closeup_fit import fit_closeups, gather
from inkread.training.detector_export import detector_model, second_look_model, weighed
from inkread.training.detector_fit import fit_detector
from inkread.training.export import save_run
from inkread.training.fit import torch_settings
from inkread.training.progress import NullProgress
from inkread.training.run import WEIGHTS_FILE, Run
from inkread.training.starts import save_weights
from inkread.training.strip_fit import batch_of, fit_strips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.synthetic.writers import Stock
    from inkread.system.files import AnyPath
    from inkread.training.closeup_network import CloseupNetwork
    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.progress import Progress
    from inkread.training.recipe import DetectorRecipe
    from inkread.training.strip_network import StripNetwork

EXAMPLES = 40
"""Held-out pages from whose close-ups and strips the ranges of 8 bits are taken."""
SHARES = (0.8, 0.2)
"""How many of the strips that are learned from are made, and how many are real."""


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
    """Trains all that finds and reads digits, on scenes that are made meanwhile, and saves the run.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume.
        data: ``"corrections"`` to learn from pages that people corrected too.
        data_dir: where the collections are that scenes are made of; otherwise where the loaders look by themselves.
        store: where the corrections are, if not where ``inkread serve`` keeps them.
        resume: continues the interrupted run in ``out``.
        progress: told after every step and epoch.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ``out`` holds another run, the loss diverges, or an exported model disagrees.
        OutputError: if ``out`` cannot be written to, or another process works in it.
        DatasetError: if a collection cannot be had.
    """
    out = Path(out)
    with working_in(out), torch_settings(recipe):
        refuse(out, resume=resume)
        progress = progress or NullProgress()
        folder = None if data_dir is None else Path(data_dir)
        seen, held_out = (load_stock(data_dir=folder, held_out=part) for part in (False, True))
        if CORRECTIONS in data:
            seen = dataclasses.replace(seen, corrected=tuple(load_corrected_pages(store)))
        training = fit_detector(
            recipe,
            out,
            stock=seen,
            resume=resume,
            on_epoch=progress.on_epoch,
            on_batch=progress.on_batch,
        )
        sources = tuple(described(seen, "train") + described(held_out, "validation"))
        detector = detector_model(training, out, held_out=held_out, data=sources, command=command)
        finder = Detector(detector, threads=recipe.threads)
        networks: dict[str, CloseupNetwork | StripNetwork] = {
            CLOSEUP: _learn_closeups(recipe, finder, seen, progress),
            STRIP: _learn_strips(recipe, finder, seen, folder, progress),
        }
        examples = _examples(finder, held_out, recipe.seed)
        models = {
            name: second_look_model(
                network, examples[name], out / name, recipe=recipe, data=sources, command=command
            )
            for name, network in networks.items()
        }
        card, models[RESCORING] = weighed(
            models | {DETECTOR: detector}, out, recipe=recipe, data=sources, command=command, data_dir=folder
        )
        for name, model in models.items():
            (out / name).mkdir(exist_ok=True)
            (out / name / MODEL_FILE).write_bytes(model.content)
            (out / name / CARD_FILE).write_text(model.card.to_json(), encoding="utf-8")
        for name, network in networks.items():
            save_weights(network, out / name / WEIGHTS_FILE)
        run = Run(out, recipe, training.state.averaged, tuple(training.state.history))
        save_run(run, detector.content, card)
        return run


def _learn_closeups(
    recipe: DetectorRecipe, finder: Detector, seen: Stock, progress: Progress
) -> CloseupNetwork:
    """The network for close-ups, from what the detector finds on scenes."""
    found = gather(
        finder,
        seen,
        pages=recipe.closeup_pages,
        seed=recipe.seed,
        on_page=lambda done: progress.on_batch(done, recipe.closeup_pages),
    )
    return fit_closeups(
        found,
        steps=recipe.closeup_steps,
        seed=recipe.seed,
        start=starts.CLOSEUP if recipe.weights == "bundled" else None,
        on_step=lambda step, *_: progress.on_batch(step, recipe.closeup_steps),
    )


def _learn_strips(
    recipe: DetectorRecipe, finder: Detector, seen: Stock, data_dir: Path | None, progress: Progress
) -> StripNetwork:
    """The network for strips, from the runs that the detector finds on scenes, and from real numbers."""
    runs = strip_stock.gather(
        finder,
        seen,
        pages=range(recipe.strip_pages),
        seed=recipe.seed,
        on_page=lambda done: progress.on_batch(done + 1, recipe.strip_pages),
    )
    numbers = strip_stock.gather_numbers(finder, load_numbers(data_dir))
    return fit_strips(
        [runs, numbers],
        SHARES,
        steps=recipe.strip_steps,
        seed=recipe.seed,
        start=starts.STRIP if recipe.weights == "bundled" else None,
        on_step=lambda step, *_: progress.on_batch(step, recipe.strip_steps),
    )


def _examples(finder: Detector, held_out: Stock, seed: int) -> dict[str, list[NDArray[np.float32]]]:
    """Inputs of both networks, from which the ranges of 8 bits are taken."""
    found = gather(finder, held_out, pages=EXAMPLES, seed=seed)
    inputs = closeups.planes(found.pixels, found.shares)
    runs = strip_stock.gather(finder, held_out, pages=range(EXAMPLES), seed=seed)
    return {
        CLOSEUP: np.array_split(inputs, max(1, len(inputs) // 64)),
        STRIP: [batch_of([runs[index]]).planes.numpy() for index in range(len(runs))],
    }
