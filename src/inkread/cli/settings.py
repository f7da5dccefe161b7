"""Every setting of a recipe as an option of a command, under the same name and with the same words."""

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
"""The settings of this group are options as well."""

BY_NAME = frozenset({"network", "layers", NESTED})
"""Settings that are chosen otherwise."""


def with_settings(**groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds the settings of dataclasses to a command as options, which it is given as one dict ``settings`` of those that are set.

    A setting is explained by the docstring below it in the source; where groups share a name, by the first's. The options of a
    group stand together in the help, under its key here.
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


def nested(settings: dict[str, Any], group: type) -> dict[str, Any]:
    """Settings with those of the augmentation as a table of their own, as a recipe has them."""
    names = {each.name for each in dataclasses.fields(group)}
    inner = {name: value for name, value in settings.items() if name in names}
    outer = {name: value for name, value in settings.items() if name not in names}
    return outer | ({NESTED: inner} if inner else {})


def _parameters(groups: dict[str, type]) -> dict[str, inspect.Parameter]:
    parameters: dict[str, inspect.Parameter] = {}
    for title, group in groups.items():
        words, types = _docstrings(group), get_type_hints(group)
        for each in dataclasses.fields(group):
            if each.name in BY_NAME or each.name in parameters:
                continue
            choices = "|".join(each.metadata.get("choices", ())) or None
            option = typer.Option(help=words.get(each.name, ""), metavar=choices, rich_help_panel=title)
            parameters[each.name] = inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[types[each.name] | None, option],
            )
    return parameters


def _docstrings(group: type) -> dict[str, str]:
    """The string below each field of a class, on one line; none where the source is not at hand."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(group)))
    except (OSError, SyntaxError):
        return {}
    words = {}
    for field, below in pairwise(next(ast.iter_child_nodes(tree)).body):  # type: ignore[attr-defined]
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                words[name] = " ".join(text.split())
    return words
