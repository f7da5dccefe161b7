"""Turns each setting of a dataclass into a command option with the same name and description."""

import ast
import dataclasses
import functools
import inspect
import textwrap
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, get_type_hints

import typer

NESTED = "augmentation"
"""The settings in this group are options too."""

SHORT = {"learning_rate": ("lr",)}
"""Shorter names of options, as other programs have them."""

BY_NAME = frozenset({"network", "layers", NESTED, "models", "cors", "hosts", "static"})
"""Settings that a command selects in other ways."""


def with_settings(**groups: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds the fields of dataclasses to a command as options, and passes the given ones as dict ``settings``.

    The docstring below a field in the source is the option's help. The help lists the options of each group
    together, under its key here, with the values of the instance given as defaults; if groups share a name,
    the first one's help is shown.
    """
    added = _parameters(groups)

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapped(**given: Any) -> None:
            settings = {name: given.pop(name, None) for name in added}
            command(**given, settings={name: value for name, value in settings.items() if value is not None})

        own = inspect.signature(command, eval_str=True).parameters
        options = {name: each for name, each in own.items() if name != "settings"} | added
        wrapped.__signature__ = inspect.Signature(list(options.values()))  # type: ignore[attr-defined]
        wrapped.__annotations__ = {name: each.annotation for name, each in options.items()}
        return wrapped

    return wrap


def _parameters(groups: dict[str, Any]) -> dict[str, inspect.Parameter]:
    parameters: dict[str, inspect.Parameter] = {}
    for title, group in groups.items():
        kind = group if isinstance(group, type) else type(group)
        words, types = _docstrings(kind), get_type_hints(kind)
        for each in dataclasses.fields(kind):
            if each.name in BY_NAME or each.name in parameters:
                continue
            option = typer.Option(
                *[f"--{name.replace('_', '-')}" for name in (each.name, *SHORT.get(each.name, ()))],
                help=_described(words.get(each.name, ""), each, group),
                metavar="|".join(each.metadata.get("choices", ())) or each.metadata.get("metavar"),
                rich_help_panel=title,
            )
            parameters[each.name] = inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[types[each.name] | None, option],
            )
    return parameters


def _described(words: str, setting: dataclasses.Field[Any], group: Any) -> str:
    """Returns a setting's description with its default, unless that is false or depends on the machine."""
    value = setting.default if isinstance(group, type) else getattr(group, setting.name)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    if setting.default is dataclasses.MISSING or value is False or not shown:
        return words
    return f"{words.rstrip('.')}; default: {shown}."


def _docstrings(group: type) -> dict[str, str]:
    """Returns the docstring of each field of a class and its bases, on one line; empty without a source."""
    words = {}
    for each in reversed(group.__mro__[:-1]):
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(each)))
        except (OSError, SyntaxError):
            continue
        for field, below in pairwise(next(ast.iter_child_nodes(tree)).body):  # type: ignore[attr-defined]
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    words[name] = " ".join(text.split())
    return words
