"""Tables for documents: results replace the text between two marks, and everything around them stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FIGURES = "figures"
"""The name of a document's only part with results."""


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table, with the first column left-aligned and the others right-aligned."""
    lines = [heading, [":--", *["--:"] * (len(heading) - 1)], *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def fill(document: str, content: str, *, name: str = FIGURES) -> str:
    """Replaces the content of a document between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.

    Raises:
        OptionError: the document does not contain each mark once, in this order.
    """
    begin, end = (f"<!-- {name}: {place} -->" for place in ("begin", "end"))
    parts = re.split(f"{re.escape(begin)}|{re.escape(end)}", document)
    if len(parts) != 3 or document.find(begin) > document.find(end):
        raise OptionError(
            "document", f"does not contain {begin} and {end} once each", "add the two lines to it"
        )
    return f"{parts[0]}{begin}\n\n{content.strip()}\n\n{end}{parts[2]}"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
