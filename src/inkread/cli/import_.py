"""``inkread import``: a Keras model as a model for inkread."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import printable, show

if TYPE_CHECKING:
    from inkread.export import Imported

PLAUSIBLE = 0.8
"""Of the digits; the least of networks that learned from MNIST, a linear one, reads nine in ten."""


def import_(
    *,
    file: Annotated[Path, typer.Argument(help="A .keras or .h5 file.")],
    trust: Annotated[
        bool, typer.Option("--trust", help="Open it, though Keras files can run code when they are opened.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A new folder; by default the file's name without its suffix."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the MNIST files are (also: INKREAD_DATA).")
    ] = None,
) -> None:
    """Turn a Keras classifier of the ten digits into an ONNX model for --model.

    Both are compared on the held-out training images of MNIST, on which the probabilities are calibrated too; digits of our own hand,
    and no calibration, where MNIST is not on this machine.
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
    table.add_row("Largest difference of a probability", f"{found.largest_difference:.1e}")
    table.add_row("Other answers", f"{found.changed:,}")
    table.add_row("Accuracy there", f"{found.accuracy:.2%}")
    table.add_row("Temperature", f"{card.temperature:.3f}")
    table.add_row("Saved in", Text(printable(str(imported.folder))))
    show(table)
    if found.accuracy < PLAUSIBLE:
        show(
            "", "It reads few of these digits: was it made for other input than bright ink on 0, from 0 to 1?"
        )
