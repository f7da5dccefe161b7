"""``inkread import``: converts a Keras model to an inkread model."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from inkread.cli.console import record, show
from inkread.cli.options import DataDirOption

PLAUSIBLE = 0.8
"""Minimum plausible accuracy; even a linear network trained on MNIST reads nine of ten digits."""


def import_(
    *,
    file: Annotated[Path, Argument(help="A .keras or .h5 file.")],
    trust: Annotated[
        bool, Option("--trust", help="Open the file, although Keras files can run code when opened.")
    ] = False,
    out: Annotated[
        Path | None, Option(metavar="DIR", help="A new folder; default: the file's name without its suffix.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Convert a Keras classifier of the ten digits to an ONNX model for --model.

    Both models are compared on the held-out training images of MNIST, which are also used to calibrate the
    probabilities. If MNIST is not on this machine, they are compared on synthetic digits, without
    calibration.
    """
    from inkread.export import import_keras

    imported = import_keras(file, trust=trust, out=out, data_dir=data_dir)
    card, found = imported.card, imported.parity
    rows = {
        "Parameters": f"{card.parameters:,}",
        "Compared on": f"{found.count:,} digits ({found.on})",
        "Largest difference in probability": f"{found.largest_difference:.1e}",
        "Changed answers": f"{found.changed:,}",
        "Accuracy": f"{found.accuracy:.2%}",
        "Temperature": f"{card.temperature:.3f}",
        "Saved in": str(imported.folder),
    }
    show(record(rows))
    if found.accuracy < PLAUSIBLE:
        show(
            "",
            "The model reads few of these digits. "
            "Does it expect input other than bright ink on 0, from 0 to 1?",
        )
