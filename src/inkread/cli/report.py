"""``inkread report``: a run on one HTML page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from inkread.cli.console import error_console, is_terminal, progress_bar, write


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training run.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An HTML file; report.html in the folder unless given."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show the way of this picture of a digit.")
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Look at the collection's test images: for a final look only.")
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the collections are (also: INKREAD_DATA).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar, print nothing.")] = False,
) -> None:
    """Save a page about a run: its card, its curves, what it gets right, what it sees.

    The page is one file that asks for nothing from elsewhere, to keep, to send or to print. It looks at the
    glyphs that the run held out of its training.
    """
    from inkread.datasets.progress import download_bar
    from inkread.evaluation.plots.catalogue import PLOTS
    from inkread.evaluation.reports import write_report

    shown = not quiet and is_terminal(sys.stderr)
    with (
        download_bar(error_console(quiet=quiet)) as progress,
        progress_bar("Drawing", len(PLOTS), shown=shown) as advance,
    ):
        path = write_report(
            run, out, data_dir=data_dir, test=test, picture=picture, on_download=progress, on_plot=advance
        )
    if not quiet:
        write(f"Saved {path}\n")
