"""The progress of a training shows how far it is, how good it is, and how long it will take."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace

from rich.console import Console

from inkread.cli.training import TrainingProgress
from inkread.training import RECIPES


def shown(console_options, epochs=2):
    """Returns the screen output of a training of ten steps per epoch, without escape codes."""
    screen = io.StringIO()
    with TrainingProgress(
        "Training cnn", RECIPES["cnn"].epochs, Console(file=screen, width=80, **console_options)
    ) as progress:
        for number in range(1, epochs + 1):
            progress.on_batch(10, 10)
            progress.on_epoch(
                SimpleNamespace(epoch=number, train_loss=1 / number, validation_accuracy=1 - 0.1 / number)
            )
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", screen.getvalue())


def test_the_bars_have_epochs_time_left_and_the_curves_so_far():
    last = shown({"force_terminal": True}).rpartition("Training cnn")[2]
    assert f"2/{RECIPES['cnn'].epochs}" in last
    assert re.search(r"\d:\d\d:\d\d", last)
    assert re.search(r"Training loss +█▁ 0\.5000", last)
    assert re.search(r"Validation accuracy +▁█ 95\.00%", last)


def test_the_time_left_is_known_before_the_first_epoch_ends():
    screen = io.StringIO()
    with TrainingProgress(
        "Training cnn", RECIPES["cnn"].epochs, Console(file=screen, force_terminal=True, width=80)
    ) as progress:
        progress.on_batch(5, 10)
        task = progress._bar.tasks[0]
        assert task.completed == 0.5


def test_a_log_has_a_line_per_epoch():
    first, last = shown({"force_terminal": False}).splitlines()
    epochs = RECIPES["cnn"].epochs
    assert first == f"Training cnn, epoch 1 of {epochs}: loss 1.0000, validation accuracy 90.00%"
    assert last.endswith("loss 0.5000, validation accuracy 95.00%")


def test_nobody_is_shown_nothing():
    assert shown({"quiet": True}) == ""
