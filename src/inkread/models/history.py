"""The training history that a run keeps: ``history.csv``, one row per epoch."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from inkread.errors import ModelFormatError

if TYPE_CHECKING:
    from pathlib import Path

HISTORY_FILE = "history.csv"


def load_history(folder: Path) -> tuple[dict[str, float], ...]:
    """Reads the metrics of each epoch by name; empty if the folder has no history.

    Raises:
        ModelFormatError: the file is not a table of numbers.
    """
    path = folder / HISTORY_FILE
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple({name: float(value) for name, value in row.items()} for row in csv.DictReader(file))
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ModelFormatError(str(path), f"is not a readable history ({error})", "train again") from error
