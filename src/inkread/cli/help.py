"""Gives the help of all commands one style: groups of options, placeholders, and defaults."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FEW = 6
"""A command with fewer options shows them in one group."""

INPUT, READING, OUTPUT, OTHER = "Input", "Reading", "Output", "Other"
ADDRESS, STORAGE, LIMITS = "Address and access", "Storage", "Limits"
USUAL = (None, "Options")
"""The group of options that are in no other."""

GROUPS = {
    INPUT: (
        *("recursive", "data", "data-dir", "store", "pictures", "column"),
        *("held-out", "test", "device", "video"),
    ),
    READING: (
        *("single", "alphabet", "lexicon", "min-probability", "model", "detector", "naive"),
        *("workers", "engine", "address", "once", "interval"),
    ),
    OUTPUT: (*("format", "out", "excel", "draw", "explain", "signs", "report", "predictions", "part-size"),),
    OTHER: ("quiet", "debug", "help", "log-level"),
}
"""The group of each option, by its name, in commands that do not group their options themselves."""

OF_SERVE = {
    ADDRESS: ("host", "port", "fd", "tls-self-signed", "allow-host", "cors", "api-key", "rate"),
    STORAGE: ("collect", "store"),
    READING: ("model", "workers"),
    LIMITS: ("queue",),
}
"""Groups of ``inkread serve``, in which some names mean something else."""

DEFAULT = re.compile(r"[;.] +[Dd]efault: ([^;]+?)\.?$")
"""How a description ends with a default that is not a plain value."""


def in_one_style(command: Any) -> Any:
    """Changes the help of a command and its subcommands, and returns the command."""
    for each in (command, *getattr(command, "commands", {}).values()):
        options = [param for param in each.params if param.param_type_name == "option"]
        for argument in (param for param in each.params if param not in options):
            _name_plainly(argument)
        for option in options:
            _state_default(option)
            if option.is_flag:
                option.metavar = ""
        _hide_type_of_help(each)
        if len(options) >= FEW:
            groups = GROUPS | OF_SERVE if each.name == "serve" else GROUPS
            _group(options, {name: group for group, names in groups.items() for name in names})
            each.params.sort(key=_place)
    return command


def _group(options: Iterable[Any], groups: dict[str, str]) -> None:
    for option in options:
        name = max(option.opts, key=len).removeprefix("--")
        if option.rich_help_panel in USUAL:
            option.rich_help_panel = groups.get(name, LIMITS if name.startswith("max-") else None)


def _place(param: Any) -> float:
    """Returns the place of a parameter's group; groups of a command's own come before the last."""
    order = [None, *GROUPS]
    return order.index(param.rich_help_panel) if param.rich_help_panel in order else len(GROUPS) - 0.5


def _name_plainly(argument: Any) -> None:
    """Shows an argument as ``NAME``, ``NAME...``, or ``[NAME]``; its type would only repeat that."""
    argument.metavar = argument.metavar or argument.name.upper()
    name = f"{argument.metavar}{'...' if argument.nargs != 1 else ''}"
    usage = name if argument.required else f"[{name}]"
    vars(argument)["get_usage_pieces"] = lambda _context: [usage]
    argument.type = copy(argument.type)  # other parameters share it
    vars(argument.type)["get_metavar"] = lambda *_, **__: ""


def _state_default(option: Any) -> None:
    """Shows a default that the description mentions as other defaults are shown."""
    found = DEFAULT.search(option.help or "")
    if found:
        option.help = option.help[: found.start()].rstrip(".") + "."
        option.show_default = found[1]
        vars(option)["_get_default_string"] = lambda **_: found[1]


def _hide_type_of_help(command: Any) -> None:
    """Hides the type of ``--help``, which takes no value, and lists it with the options of its kind."""
    original = command.get_help_option

    def get_help_option(context: Any) -> Any:
        option = original(context)
        if option is not None:
            option.metavar = ""
            if len(command.params) >= FEW:
                option.rich_help_panel = OTHER
        return option

    vars(command)["get_help_option"] = get_help_option
