"""``inkread report``: saves a report about a run as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from inkread.cli.console import error_console, progress_bar, write
from inkread.cli.options import DataDirOption


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A training run's folder.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An HTML file; default: report.html in the run's folder."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show how this picture of a digit is processed.")
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Use the collection's test images; for a final check only.")
    ] = False,
    data_dir: DataDirOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar and print nothing.")] = False,
) -> None:
    """Save a page about a run: its card, its curves, its results, and plots of its inner workings.

    The page is one self-contained file to keep, send, or print. It uses the glyphs that the run held out from
    training.
    """
    from inkread.datasets.download import download_bar
    from inkread.evaluation.plots.catalogue import PLOTS
    from inkread.evaluation.reports import write_report

    with (
        download_bar(error_console(quiet=quiet)) as progress,
        progress_bar("Drawing", len(PLOTS), shown=not quiet) as advance,
    ):
        path = write_report(
            run, out, data_dir=data_dir, test=test, picture=picture, on_download=progress, on_plot=advance
        )
    if not quiet:
        write(f"Saved {path}\n")
