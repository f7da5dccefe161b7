"""The ``inkread`` application: all commands and the global options."""

from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from inkread.cli.console import write

COMMANDS = (
    *("read", "draw", "camera", "watch", "serve"),
    *("train", "evaluate", "compare", "plot", "report", "sweep"),
    *("export", "import", "models"),
)
"""The commands in the order of the help; each is a function in a module of the same name in this package."""


def app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Returns the application with only these commands: importing all is slower than reading a picture."""
    result = typer.Typer(
        name="inkread",
        help="Reads handwritten digits from any picture, and tells you when there are none.",
        no_args_is_help=True,
        rich_markup_mode="markdown",  # wraps help paragraphs to the terminal's width
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    result.callback()(options)
    for name in names:
        word = "import_" if name == "import" else name  # a Python keyword
        result.command(name)(getattr(import_module(f"inkread.cli.{word}"), word))
    return result


def _show_version(wanted: bool) -> None:
    if wanted:
        from inkread import __version__

        write(f"inkread {__version__}\n")
        raise typer.Exit


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
