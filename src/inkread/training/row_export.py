"""A trained reader of rows as files, like any run's: ``model.onnx``, ``model.safetensors``, ``history.csv``, ``card.json``."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch
from torch import nn

from inkread.errors import TrainingError
from inkread.evaluation.metrics import expected_calibration_error
from inkread.models.card import MODEL_FILE, NOT_A_DIGIT
from inkread.recognizer import BLANK
from inkread.strip import GEOMETRY, HEIGHT
from inkread.training.calibration import fit_temperature, softmax
from inkread.training.export import card_of, save_run, to_onnx
from inkread.training.fit import torch_settings
from inkread.training.networks import folded
from inkread.training.row_batches import batch_of
from inkread.training.row_network import unfolded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.datasets.row_stock import RowBlock
    from inkread.models.card import Card
    from inkread.training.recipe import RowRecipe
    from inkread.training.row_fit import RowEpoch
    from inkread.training.run import Run

TOLERANCE = 1e-4
"""Largest difference of an answer between the two runtimes, as a share of the largest; 1e-6 is usual."""

COMPARED, CALIBRATED = 200, 2_000
"""Held-out rows from which these are measured."""


def export_rows(
    run: Run[RowRecipe, RowEpoch], validation: RowBlock, *, data: Sequence[dict[str, Any]], command: str = ""
) -> Card:
    """Writes the four files of a run, or none; the card comes last and marks the run as finished.

    Args:
        run: what ``fit_rows`` gave.
        validation: held-out rows: to compare with ONNX Runtime, and to calibrate.
        data: an entry of the card for each data set.
        command: what reproduces the run, for the card.

    Raises:
        TrainingError: if ONNX Runtime and PyTorch disagree on the held-out rows.
        OutputError: if the folder cannot be written to.
    """
    model = to_onnx(
        run.network,
        takes=("strips", ("N", 1, HEIGHT, "W")),
        gives=("columns", ("N", None, 1, "T")),
        half=True,
    )
    with torch_settings(run.recipe):
        compare(model, halved(run.network), validation)
        logits, labels = column_logits(run.network, validation)
    temperature = fit_temperature(logits, labels)
    probabilities = softmax(logits, temperature)
    last = run.history[-1]
    scores = {
        "rows_validation": last.validation_accuracy,
        "rows_validation_error_rate": last.validation_error_rate,
        "rows_validation_ece": expected_calibration_error(
            probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
        ),
    }
    card = card_of(
        run,
        model,
        labels=(*"0123456789", NOT_A_DIGIT),
        temperature=temperature,
        geometry=GEOMETRY,
        data=data,
        command=command,
        scores=scores,
    )
    save_run(run, model, card)
    return card


def halved(network: nn.Sequential) -> nn.Sequential:
    """A copy of a network in evaluation mode with the weights that its file keeps: without batch norms, rounded to 16 bits."""
    layers = copy.deepcopy(nn.Sequential(*folded(network)))
    for weights in layers.parameters():
        weights.data = weights.data.half().float()
    return layers


@torch.no_grad()
def compare(model: bytes, network: nn.Sequential, rows: RowBlock) -> None:
    """Raises a ``TrainingError`` if ONNX Runtime's answers to held-out rows are not PyTorch's too."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for index in range(min(COMPARED, len(rows))):
        ink = batch_of([rows.row(index)]).ink
        expected = network(ink).numpy()
        found = session.run(["columns"], {"strips": ink.numpy()})[0]
        gap = np.abs(found - expected).max() / np.abs(expected).max()
        if not gap <= TOLERANCE:  # NaN is no agreement
            raise TrainingError(
                MODEL_FILE,
                f"disagrees with the network (row {index}, answers differ by {gap:.2g})",
                "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread asks for",
            )


@torch.no_grad()
def column_logits(network: nn.Sequential, rows: RowBlock) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits and labels of the columns that belong to a digit, by a network in evaluation mode."""
    logits, labels = [], []
    for index in range(min(CALIBRATED, len(rows))):
        batch = batch_of([rows.row(index)])
        answer, _ = unfolded(network(batch.ink))
        inside = (batch.labels[0] >= 0) & (batch.labels[0] < BLANK)
        logits.append(answer[0, inside].numpy())
        labels.append(batch.labels[0, inside].numpy())
    return np.concatenate(logits), np.concatenate(labels)
