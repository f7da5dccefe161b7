"""``inkread draw``: opens a window to draw digits in."""

from pathlib import Path
from typing import Annotated

import typer

from inkread.cli.options import MinProbabilityOption, ModelOption, require


def draw(
    *,
    model: ModelOption = "default",
    free: Annotated[
        bool, typer.Option("--free", help="Start with the free sheet for several digits, not the grid.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Read while you draw.")] = False,
    teach: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Start with lessons; add the labelled drawings to this folder."),
    ] = None,
    save_to: Annotated[Path, typer.Option(metavar="DIR", help="Where to save drawings.")] = Path(),
    min_probability: MinProbabilityOption = 0.5,
) -> None:
    """Open a window to draw digits in, and read them.

    The left mouse button draws, the right one erases. The grid has 28×28 cells, like MNIST, and takes one
    digit. The free sheet takes several digits and draws a box around each. Each button shows its keyboard
    shortcut.

    In lessons, the window asks for a digit, you draw it, and it asks for the next one. The drawings are added
    to a folder with labels.csv, which inkread train --data accepts: with --init-from bundled, the model
    learns your handwriting.
    """
    require("desktop", "pygame")
    from inkread.desktop.drawing import SIZE, Drawing, DrawingSettings
    from inkread.desktop.window import show
    from inkread.reader import Reader
    from inkread.results import require_probability

    require_probability(min_probability)
    settings = DrawingSettings(
        model=Path(model).name,
        save_to=save_to,
        teach=teach,
        free=free,
        live=live,
        min_probability=min_probability,
    )
    drawing = Drawing(Reader(model), settings)
    try:
        show(drawing, size=SIZE)
    finally:
        drawing.close()
