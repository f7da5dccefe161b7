"""The ``inkread`` application: all commands and the global options."""

from typing import Annotated

import typer

from inkread.cli.camera import camera
from inkread.cli.compare import compare
from inkread.cli.console import write
from inkread.cli.draw import draw
from inkread.cli.evaluate import evaluate
from inkread.cli.export import export
from inkread.cli.import_ import import_
from inkread.cli.models import models
from inkread.cli.plot import plot
from inkread.cli.read import read
from inkread.cli.report import report
from inkread.cli.serve import serve
from inkread.cli.sweep import sweep
from inkread.cli.train import train
from inkread.cli.watch import watch

app = typer.Typer(
    name="inkread",
    help="Reads handwritten digits from any picture, and tells you when there are none.",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # wraps help paragraphs to the terminal's width
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from inkread import __version__

        write(f"inkread {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks of errors (also: INKREAD_DEBUG=1).")
    ] = False,
) -> None:
    """Reads handwritten digits from any picture, and tells you when there are none."""
    if debug:
        context.obj["debug"] = True


COMMANDS = (
    *(read, draw, camera, watch, serve),
    *(train, evaluate, compare, plot, report, sweep),
    *(export, import_, models),
)

for command in COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)  # "import" is a Python keyword
