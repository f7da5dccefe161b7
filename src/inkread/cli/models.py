"""``inkread models``: shows the models and their scores."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli.console import show

if TYPE_CHECKING:
    from rich.table import Table

    from inkread.models import Model

SHOWN = ("mnist", "pages")
"""Scores in the table: those on MNIST, and the share of held-out rows read exactly. A card has more."""

HASH_SHOWN = 12
"""Number of hexadecimal digits of a hash that are enough to tell models apart."""


def models(
    name: Annotated[
        str | None, typer.Argument(help="Show the full card of this model or run folder.")
    ] = None,
) -> None:
    """Show the bundled models, or the full card of one model."""
    from inkread.models import bundled, load_model

    table = _table(bundled()) if name is None else _card(load_model(name))
    show(table)


def _table(names: list[str]) -> "Table":
    """Builds a table with one row per model."""
    from rich.table import Table

    from inkread.models import load_model

    loaded = [load_model(name) for name in names]
    scores = sorted(
        {
            score
            for model in loaded
            for score in _flat(model.card.scores)
            if score.startswith(SHOWN[0]) or score == SHOWN[1]
        }
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model")
    for heading in ("Parameters", "Size", *scores):
        table.add_column(heading.replace("_", " "), justify="right")
    table.add_column("SHA-256")
    for name, model in zip(names, loaded, strict=True):
        found = _flat(model.card.scores)
        table.add_row(
            name,
            f"{model.card.parameters:,}",
            f"{model.path.stat().st_size / 1e6:.2f} MB",
            *(_figure(found[score]) if score in found else "" for score in scores),
            model.card.sha256[:HASH_SHOWN],
        )
    return table


def _card(model: "Model") -> "Table":
    """Builds a table of the full card, with one row per entry."""
    import dataclasses

    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", vertical="top", no_wrap=True)
    table.add_column(overflow="fold")
    for field in dataclasses.fields(model.card):
        value = getattr(model.card, field.name)
        shown = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
        if field.name == "labels":
            shown = " ".join(label or "(no digit)" for label in value)
        table.add_row(field.name, Text(shown))
    table.add_row("file", Text(f"{model.path} ({model.path.stat().st_size:,} bytes)"))
    return table


def _flat(scores: dict[str, Any]) -> dict[str, float]:
    """Returns the scores that are single numbers."""
    return {name: value for name, value in scores.items() if isinstance(value, (int, float))}


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
