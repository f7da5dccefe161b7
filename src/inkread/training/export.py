"""Writes a run as files: model.onnx, model.safetensors, history.csv, held_out.npz, and card.json."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.torch import save

from inkread.datasets.glyphs import join
from inkread.models import Model
from inkread.models.card import CARD_FILE, HELD_OUT_FILE, HISTORY_FILE, MODEL_FILE, Card
from inkread.models.quantization import in_8_bits
from inkread.system.files import csv_of, whole_folder, write_whole, writing
from inkread.training.calibration import HeldOut, fit_background_logit_adjustment
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.digits import batches_of
from inkread.training.run import WEIGHTS_FILE
from inkread.training.to_onnx import compare, to_onnx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.models.onnx_session import Network
    from inkread.training.digits import Epoch
    from inkread.training.recipe import Recipe, TrainingConfig
    from inkread.training.run import Run

COMPARED = 8
"""Held-out examples on which both runtimes must agree before the weights are quantized."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where networks come from, for their cards: recipe, ``Card.data``, the command that repeats the run."""

    recipe: TrainingConfig
    data: tuple[dict[str, Any], ...]
    command: str

    def card(
        self,
        network: nn.Module | None,
        model: bytes = b"",
        *,
        labels: tuple[str, ...],
        geometry: dict[str, Any],
        name: str = "",
        temperature: float = 1.0,
        scores: Mapping[str, float] = MappingProxyType({}),
        **further: Any,
    ) -> Card:
        """Returns the card of a network.

        Args:
            network: the network; ``None`` for counts, which give their own number of parameters.
            model: the file's content, if it is exported already; else its hash is still to be set.
            labels: the labels of its classes.
            geometry: what its input must look like.
            name: by default that of the recipe's network.
            temperature: divides its logits.
            scores: by name, to be rounded.
            further: other fields of ``Card``.
        """
        if network:
            further["parameters"] = sum(each.numel() for each in network.parameters())
        return Card(
            name=name or self.recipe.network,
            created=dt.datetime.now(dt.UTC).date().isoformat(),
            sha256=hashlib.sha256(model).hexdigest(),
            labels=labels,
            temperature=temperature,
            geometry=geometry,
            data=self.data,
            recipe=self.recipe.to_dict(),
            command=self.command,
            seed=self.recipe.seed,
            scores={score: round(value, 6) for score, value in scores.items()},
            **further,
        )


def export(
    run: Run[Recipe, Epoch],
    validation: Sequence[LabelledGlyphs],
    *,
    data: Sequence[dict[str, Any]],
    geometry: dict[str, Any],
    command: str = "",
) -> Card:
    """Calibrates the network of ``digits.fit``, and writes the files of its run, see ``save_run``.

    Args:
        run: the result of ``fit``.
        validation: held-out glyphs, set by set, to compare with ONNX Runtime, to calibrate, and to score.
        data: an entry of the card for each data set, see ``LabelledGlyphs.describe``.
        geometry: how a digit becomes a glyph, for the card.
        command: the command that reproduces the run, for the card.

    Raises:
        TrainingError: ONNX Runtime and PyTorch disagree on the held-out glyphs.
        OutputError: the folder cannot be written to.
    """
    model = to_onnx(run.network)
    logits = [np.concatenate(compare(model, run.network, batches_of(glyphs.images))) for glyphs in validation]
    read = HeldOut.calibrated(logits, validation, fit_background_logit_adjustment(validation))
    card = Origin(run.recipe, tuple(data), command).card(
        run.network,
        model,
        labels=validation[0].classes[: logits[0].shape[1]],
        temperature=read.temperature,
        background_logit_adjustment=read.bias,
        rejection_threshold=read.rejection_threshold(),
        geometry=geometry,
        scores=read.scores(),
        confusion=read.confusion(),
        reliability=read.reliability(),
    )
    save_run(run, model, card, held_out=join(validation))
    return card


def save_run(run: Run[Any, Any], model: bytes, card: Card, *, held_out: LabelledGlyphs | None = None) -> None:
    """Writes a run's files, or none; the card comes last and marks the run as finished.

    ``model`` is the network as ONNX; ``held_out`` is ``None`` for a network that does not read glyphs.

    Raises:
        OutputError: the folder cannot be written to.
    """
    with whole_folder(run.out, last=CARD_FILE, remedy="make room, then resume the run") as parts:
        (parts / MODEL_FILE).write_bytes(model)
        weights = {name: tensor.contiguous() for name, tensor in run.network.state_dict().items()}
        (parts / WEIGHTS_FILE).write_bytes(save(weights, metadata={"network": run.recipe.network}))
        write_history(parts / HISTORY_FILE, run.history)
        if held_out is not None:
            held_out.save(parts / HELD_OUT_FILE)
        (parts / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    with writing(run.out):
        (run.out / CHECKPOINT_FILE).unlink(missing_ok=True)


def write_model(path: Path, content: bytes, card: Card) -> None:
    """Writes a network other than a run's first, and its card, into a folder of its own.

    Raises:
        OutputError: the folder cannot be written to.
    """
    with writing(path.parent, "make room, then resume the run"):
        path.parent.mkdir(exist_ok=True)
    write_whole(path, content)
    write_whole(path.with_name(CARD_FILE), card.to_json().encode())


def in_8_bits_compared(
    network: nn.Module,
    reader: type[Network],
    examples: Sequence[NDArray[np.float32]],
    card: Card,
    folder: Path,
) -> Model:
    """Returns the model in 8 bits, whose ranges the examples give; the last layer keeps 32.

    Raises:
        TrainingError: before that, ONNX Runtime and PyTorch disagree on the first examples.
    """
    content = to_onnx(network, takes=reader.takes, gives=reader.gives[0])
    compare(content, network, examples[:COMPARED])
    content = bytes(in_8_bits(content, examples, keep_last=True).SerializeToString())
    card = replace(card, sha256=hashlib.sha256(content).hexdigest())
    return Model(card.name, folder / MODEL_FILE, card, content)


def write_history(path: Path, history: Sequence[Any]) -> None:
    """Writes one row per epoch, under the names of its figures."""
    rows = ({name: f"{value:.6g}" for name, value in asdict(epoch).items()} for epoch in history)
    table = csv_of([column.name for column in fields(history[0])], rows)
    path.write_text(table, encoding="utf-8", newline="")
