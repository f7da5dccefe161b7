"""The output formats of ``inkread read``: text, JSON, JSON lines, and CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING

from inkread.cli.console import is_terminal, printable, show, table, write
from inkread.results import CSV_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inkread.results.outcome import Outcome

NO_DIGIT = "no digit"


class Format(StrEnum):
    """The output format of readings."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def print_outcomes(outcomes: Iterable[Outcome], style: Format, *, several: bool, signs: bool = False) -> None:
    """Prints the outcomes in order, each as soon as it is available unless the format needs all at once.

    Args:
        outcomes: one per picture.
        style: the format.
        several: whether more than one picture was given, so that text output must name them.
        signs: also print signs in text output; JSON always includes them, CSV never does.
    """
    if style is Format.TEXT:
        way = _print_text if not several else _print_table if is_terminal(sys.stdout) else _print_tabbed
        way(outcomes, signs=signs)
        return
    printers: dict[Format, Callable[[Iterable[Outcome]], None]] = {
        Format.JSON: _print_json,
        Format.JSONL: _print_json_lines,
        Format.CSV: _print_csv,
    }
    printers[style](outcomes)


def streams(style: Format, *, several: bool) -> bool:
    """Returns whether the format prints results before the last picture is read."""
    return style in (Format.JSONL, Format.CSV) or (
        several and style is Format.TEXT and not is_terminal(sys.stdout)
    )


def _print_text(outcomes: Iterable[Outcome], *, signs: bool) -> None:
    """Prints only the rows; prints "no digit" only on a terminal."""
    for outcome in outcomes:
        if outcome.reading:
            text = outcome.text(signs=signs) or (NO_DIGIT if is_terminal(sys.stdout) else "")
            write(text + "\n" if text else "")


def _print_tabbed(outcomes: Iterable[Outcome], *, signs: bool) -> None:
    """Prints one line per picture: its name, a tab, its rows joined by ``/``; skips unreadable pictures."""
    for outcome in outcomes:
        if outcome.reading:
            write(f"{printable(outcome.name)}\t{outcome.joined(signs=signs)}\n")


def _print_table(outcomes: Iterable[Outcome], *, signs: bool) -> None:
    from rich.text import Text

    rows = table("Picture", "Digits", ">Least certain")
    for outcome in outcomes:
        name, reading, least = Text(printable(outcome.name)), outcome.reading, outcome.least_probability
        if reading is None:
            rows.add_row(name, Text("cannot be read", style="red"), "")
        elif least is None:
            rows.add_row(name, Text(NO_DIGIT, style="dim"), "")
        else:
            rows.add_row(name, Text(outcome.text(signs=signs), style="bold"), f"{int(100 * least)}%")
    show(rows)


def _print_json(outcomes: Iterable[Outcome]) -> None:
    write(json.dumps([outcome.to_dict() for outcome in outcomes], ensure_ascii=False, indent=2) + "\n")


def _print_json_lines(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        write(json.dumps(outcome.to_dict(), ensure_ascii=False) + "\n")


def _print_csv(outcomes: Iterable[Outcome]) -> None:
    write(",".join(CSV_COLUMNS) + "\n")
    for outcome in outcomes:
        lines = io.StringIO()
        # CSV readers take a carriage return for a line end, but older versions of Python do not quote it.
        style = "unix" if "\r" in outcome.name else "excel"  # "unix" quotes everything
        csv.DictWriter(lines, CSV_COLUMNS, dialect=style, lineterminator="\n").writerows(outcome.to_rows())
        write(lines.getvalue())
