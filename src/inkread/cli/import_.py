"""``inkread import``: converts a Keras model to an inkread model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import printable, show

if TYPE_CHECKING:
    from inkread.export import Imported

PLAUSIBLE = 0.8
"""Minimum plausible accuracy; even a linear network trained on MNIST reads nine of ten digits."""


def import_(
    *,
    file: Annotated[Path, typer.Argument(help="A .keras or .h5 file.")],
    trust: Annotated[
        bool, typer.Option("--trust", help="Open the file, although Keras files can run code when opened.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A new folder; default: the file's name without its suffix."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of the MNIST files (also: INKREAD_DATA).")
    ] = None,
) -> None:
    """Convert a Keras classifier of the ten digits to an ONNX model for --model.

    Both models are compared on the held-out training images of MNIST, which are also used to calibrate the
    probabilities. If MNIST is not on this machine, they are compared on synthetic digits, without
    calibration.
    """
    from inkread.export import import_keras

    _print(import_keras(file, trust=trust, out=out, data_dir=data_dir))


def _print(imported: "Imported") -> None:
    from rich.table import Table
    from rich.text import Text

    card, found = imported.card, imported.parity
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("Parameters", f"{card.parameters:,}")
    table.add_row("Compared on", f"{found.count:,} digits ({found.on})")
    table.add_row("Largest difference in probability", f"{found.largest_difference:.1e}")
    table.add_row("Changed answers", f"{found.changed:,}")
    table.add_row("Accuracy", f"{found.accuracy:.2%}")
    table.add_row("Temperature", f"{card.temperature:.3f}")
    table.add_row("Saved in", Text(printable(str(imported.folder))))
    show(table)
    if found.accuracy < PLAUSIBLE:
        show(
            "",
            "The model reads few of these digits. "
            "Does it expect input other than bright ink on 0, from 0 to 1?",
        )
