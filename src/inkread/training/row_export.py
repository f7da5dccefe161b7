"""A trained reader of rows as files, like any run's: ``model.onnx``, ``model.safetensors``, ``history.csv``, ``card.json``."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from inkread.errors import TrainingError
from inkread.evaluation.metrics import expected_calibration_error
from inkread.models.card import MODEL_FILE, NOT_A_DIGIT
from inkread.models.eight_bits import in_8_bits
from inkread.recognizer import BLANK, unfold
from inkread.runtime import start_session
from inkread.strip import GEOMETRY, HEIGHT
from inkread.training.calibration import fit_temperature, softmax
from inkread.training.export import card_of, save_run, to_onnx
from inkread.training.fit import torch_settings
from inkread.training.row_batches import batch_of, papered
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

LOST = 0.05
"""Largest share of rows that may be read no more in 8 bits; usually there are as many as before."""

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
    source = to_onnx(
        run.network, takes=("strips", ("N", 1, HEIGHT, "W")), gives=("columns", ("N", None, 1, "T"))
    )
    with torch_settings(run.recipe):
        compare(source, run.network, validation)
        logits, labels = column_logits(run.network, validation)
    examples = (strips_of(validation, index) for index in range(min(COMPARED, len(validation))))
    model = in_8_bits(source, examples).SerializeToString()
    accuracy = compare_readings(model, source, validation)
    temperature = fit_temperature(logits, labels)
    probabilities = softmax(logits, temperature)
    last = run.history[-1]
    scores = {
        "rows_validation": last.validation_accuracy,
        "rows_validation_8_bits": accuracy,
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


@torch.no_grad()
def compare(model: bytes, network: nn.Sequential, rows: RowBlock) -> None:
    """Raises a ``TrainingError`` if ONNX Runtime's answers to held-out rows are not PyTorch's too."""
    session = _session(model)
    for index in range(min(COMPARED, len(rows))):
        strips = strips_of(rows, index)
        expected = network(torch.from_numpy(strips)).numpy()
        found = session.run(["columns"], {"strips": strips})[0]
        gap = np.abs(found - expected).max() / np.abs(expected).max()
        if not gap <= TOLERANCE:  # NaN is no agreement
            raise TrainingError(
                MODEL_FILE,
                f"disagrees with the network (row {index}, answers differ by {gap:.2g})",
                "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread asks for",
            )


def compare_readings(model: bytes, source: bytes, rows: RowBlock) -> float:
    """The share of held-out rows that a model in 8 bits reads exactly.

    Raises:
        TrainingError: it reads far fewer of them than the one it was made of.
    """
    sessions = _session(model), _session(source)
    right = np.zeros(2, np.intp)
    for index in range(len(rows)):
        strips = strips_of(rows, index)
        texts = [_text(session.run(["columns"], {"strips": strips})[0]) for session in sessions]
        right += np.array(texts) == rows.row(index)[1]
    found, expected = right.tolist()
    if found < expected - LOST * len(rows):
        raise TrainingError(
            MODEL_FILE,
            f"in 8 bits reads {found} of {len(rows)} rows, where {expected} were read",
            "nothing was exported; train for longer, or report it",
        )
    return float(found / len(rows))


def strips_of(rows: RowBlock, index: int) -> NDArray[np.float32]:
    """One held-out row as the network takes it: 1×1×40×W float32."""
    return np.asarray(batch_of([papered(rows.row(index))]).ink.numpy(), np.float32)


def _session(model: bytes) -> Any:
    return start_session(model, MODEL_FILE, threads=0)


def _text(answer: NDArray[np.float32]) -> str:
    labels = unfold(answer[0, :, 0])[0].argmax(axis=1).tolist()
    return "".join(str(label) for label, _ in groupby(labels) if label != BLANK)


@torch.no_grad()
def column_logits(network: nn.Sequential, rows: RowBlock) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits and labels of the columns that belong to a digit, by a network in evaluation mode."""
    logits, labels = [], []
    for index in range(min(CALIBRATED, len(rows))):
        batch = batch_of([papered(rows.row(index))])
        answer, _ = unfolded(network(batch.ink))
        inside = (batch.labels[0] >= 0) & (batch.labels[0] < BLANK)
        logits.append(answer[0, inside].numpy())
        labels.append(batch.labels[0, inside].numpy())
    return np.concatenate(logits), np.concatenate(labels)
