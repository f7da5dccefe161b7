"""The ``inkread`` application: all commands and the global options."""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from typer.models import OptionInfo

from inkread.cli.console import write

COMMANDS = (
    *("read", "batch", "draw", "camera", "watch", "serve", "site"),
    *("train", "evaluate", "compare", "plot", "report", "sweep"),
    *("export", "import", "models", "recipes"),
)
"""The commands in the order of the help; each is a function in a module of the same name in this package."""

MODULES = {"import": "import_", "recipes": "list_recipes"}
"""Modules with other names, because theirs is a Python keyword or taken."""

SHORT = {"--out": "-o", "--format": "-f", "--quiet": "-q", "--version": "-V"}
"""Short names that options have in every command."""

PLACEHOLDERS: dict[type, str] = {bool: "", int: "N", float: "X", Path: "PATH", str: "NAME"}
"""How the help shows an option's value, by its type, if the option does not say."""


def app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Returns the application with only these commands: importing all is slower than reading a picture."""
    result = typer.Typer(
        name="inkread",
        help="Reads handwritten digits from any picture, and tells you when there are none.",
        no_args_is_help=True,
        rich_markup_mode="markdown",  # wraps help paragraphs to the terminal's width
        add_completion=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    result.callback()(_in_one_style(options))
    for name in names:
        word = MODULES.get(name, name)
        result.command(name)(_in_one_style(getattr(import_module(f"inkread.cli.{word}"), word)))
    return result


def _in_one_style(command: Callable[..., None]) -> Callable[..., None]:
    """Gives the options of a command the short names and placeholders that all commands have."""
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        for option in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(option, OptionInfo):
                _add_short_name(option, name)
                if option.metavar is None:
                    option.metavar = _placeholder(get_args(parameter.annotation)[0])
    return command


def _add_short_name(option: OptionInfo, name: str) -> None:
    given = [option.default, *(option.param_decls or ())]  # Typer keeps the first name as the default
    own = [each for each in given if isinstance(each, str) and each.startswith("-")]
    short = [SHORT[each] for each in own or [f"--{name}"] if SHORT.get(each, "") not in ("", *own)]
    if short:
        option.param_decls = (*(option.param_decls or () if own else (f"--{name}",)), *short)


def _placeholder(kind: Any) -> str | None:
    """Returns how the help shows a value of a type, or of that type or nothing, or of a list of it."""
    parts = get_args(kind)
    for each in (kind, *parts, *(inner for part in parts for inner in get_args(part))):
        if get_origin(each) is Literal:
            return "|".join(get_args(each))
        if each in PLACEHOLDERS:
            return PLACEHOLDERS[each]
    return None


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
