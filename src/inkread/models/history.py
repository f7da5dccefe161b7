"""The history of a training, as its run keeps it: ``history.csv``, a row an epoch."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from inkread.errors import ModelFormatError

if TYPE_CHECKING:
    from pathlib import Path

HISTORY_FILE = "history.csv"


def load_history(folder: Path) -> tuple[dict[str, float], ...]:
    """The figures of each epoch by their names; none where the folder has no history.

    Raises:
        ModelFormatError: the file is no table of numbers.
    """
    path = folder / HISTORY_FILE
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple({name: float(value) for name, value in row.items()} for row in csv.DictReader(file))
    except (OSError, ValueError, TypeError) as error:
        raise ModelFormatError(str(path), f"is no readable history ({error})", "train again") from error
