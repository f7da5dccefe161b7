"""``inkread draw``: opens a window to draw digits in."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from inkread.cli.options import AlphabetOption, MinProbabilityOption, ModelOption, require
from inkread.models import DEFAULT, TEXT


def draw(
    picture: Annotated[
        Path | None, Argument(metavar="PICTURE", help="Open this picture on the free sheet.")
    ] = None,
    *,
    alphabet: AlphabetOption = "digits",
    model: ModelOption = "default",
    min_probability: MinProbabilityOption = 0.5,
    free: Annotated[
        bool, Option("--free/--grid", help="Start with the free sheet, or with the grid for one digit.")
    ] = True,
    live: Annotated[
        bool, Option("--live/--no-live", help="Read while you draw, or only when you press Enter.")
    ] = True,
    dark: Annotated[bool, Option("--dark", help="Start with the dark theme.")] = False,
    teach: Annotated[
        Path | None,
        Option(metavar="DIR", help="Start with lessons; add the labeled drawings to this folder."),
    ] = None,
    save_to: Annotated[
        Path, Option(metavar="DIR", help="Where to save drawings; default: the current folder.")
    ] = Path(),
) -> None:
    """Open a window to draw digits in, and read them.

    The left mouse button draws, the right one erases. The free sheet takes several digits and draws a box
    around each; with --alphabet, letters, words, and lines. The grid has 28×28 cells, like MNIST, and takes
    one digit or letter. A picture dropped on the window is read too. Each button shows its keyboard shortcut.

    In lessons, the window asks for a digit, you draw it, and it asks for the next one. The drawings are added
    to a folder with labels.csv, which inkread train --data accepts: with --init-from bundled, the model
    learns your handwriting.
    """
    require("desktop", "pygame")
    from inkread.desktop import theme
    from inkread.desktop.drawing import SIZE, Drawing, DrawingSettings
    from inkread.desktop.window import show
    from inkread.reader import DIGITS_ONLY, Reader, open_reader
    from inkread.results import require_probability

    require_probability(min_probability)
    reads_lines = alphabet != DIGITS_ONLY and model != DEFAULT
    settings = DrawingSettings(
        model=DEFAULT if reads_lines else Path(model).name,
        text_model=model if reads_lines else TEXT,
        alphabet=alphabet,
        picture=picture,
        save_to=save_to,
        teach=teach,
        free=free,
        live=live,
        min_probability=min_probability,
    )
    theme.use(dark=dark)
    if reads_lines:
        open_reader(alphabet, model=model)  # raises an error if it does not read lines
    drawing = Drawing(Reader(DEFAULT if reads_lines else model), settings)
    try:
        show(drawing, size=SIZE)
    finally:
        drawing.close()
