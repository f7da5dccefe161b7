"""The commands together."""

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
"""By name, in the order of the help; each is a function of its name in a module of its name here."""


def app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The commands of these names, whose modules are imported: all of them take longer than to read a small picture."""
    result = typer.Typer(
        name="inkread",
        help="Reads handwritten digits from any picture, and says so when there is none.",
        no_args_is_help=True,
        rich_markup_mode="markdown",  # paragraphs of help are wrapped to the terminal
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    result.callback()(options)
    for name in names:
        word = "import_" if name == "import" else name  # a word of Python's
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
        bool, typer.Option("--debug", help="Show the traceback of an error (also: INKREAD_DEBUG=1).")
    ] = False,
) -> None:
    """Reads handwritten digits from any picture, and says so when there is none."""
    if debug:
        context.obj["debug"] = True
