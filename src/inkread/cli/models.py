"""``inkread models``: shows the models, their scores, and their layers."""

import json
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from inkread.cli.console import printable, show, table
from inkread.cli.options import bundled_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from inkread.evaluation.summary import Summary
    from inkread.models import Model

SHOWN = ("mnist", "pages")
"""Scores in the table: those on MNIST, and the share of held-out rows read exactly. A card has more."""

HASH_SHOWN = 12
"""Number of hexadecimal digits of a hash that are enough to tell models apart."""


def models(
    name: Annotated[
        str | None,
        Argument(
            metavar="NAME",
            help="Show the card of this model or run folder.",
            autocompletion=bundled_models,
        ),
    ] = None,
    *,
    summary: Annotated[
        bool,
        Option(
            "--summary",
            help="Show the layers instead, with shapes, parameters and multiplications; "
            "without NAME, those of all bundled models.",
        ),
    ] = False,
) -> None:
    """Show the bundled models, or the card or the layers of one model.

    --summary requires the extra export or train.
    """
    from inkread.models import bundled, load_model

    if summary:
        names = bundled() if name is None else [name]
        blocks = [block for each in names for block in _summaries(load_model(each))]
        show(*blocks[:-1])  # the last one is the blank line after a summary
    else:
        show(_table(bundled()) if name is None else _card(load_model(name)))


def _summaries(model: "Model") -> "Iterator[RenderableType]":
    """Yields the layers of a model, and of the models in its subfolders if it is a detector."""
    from inkread.evaluation.summary import summarize
    from inkread.models import CARD_FILE, CLOSEUP, RESCORING, STRIP, load_model

    folder = model.path.parent
    parts = [part for part in (CLOSEUP, STRIP, RESCORING) if (folder / part / CARD_FILE).is_file()]
    networks = {model.name: model} | {f"{model.name}/{part}": load_model(folder / part) for part in parts}
    for name, network in networks.items():
        yield from _summary(name, network, summarize(network))
        yield ""


def _summary(name: str, model: "Model", summary: "Summary") -> "list[RenderableType]":
    """Builds a table with one row per layer, between a heading and notes."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")
    operations = "unknown" if summary.operations is None else f"{summary.operations:,}"
    table.add_column("Layer", "Total")
    table.add_column("Kind", f"{len(summary.rows)} layers")
    table.add_column("Output shape")
    table.add_column("Parameters", f"{summary.parameters:,}", justify="right")
    table.add_column("Multiplications", operations, justify="right")
    for row in summary.rows:
        weights = f"{row.parameters:,}" if row.parameters else ""
        products = "unknown" if row.operations is None else f"{row.operations:,}" if row.operations else ""
        table.add_row(row.name, row.kind, _shape(row.shape), weights, products)
    heading = f"{printable(name)}: {printable(summary.source)} {_shape(summary.shape)}"
    return [Text(heading, style="bold"), table, *map(Text, _notes(model, summary))]


def _notes(model: "Model", summary: "Summary") -> list[str]:
    """Returns what else there is to know about a summary, in sentences."""
    notes = []
    if summary.free:
        notes.append(f"The input has no fixed size; this is for {_shape(summary.shape)}.")
    if summary.unlisted:
        counts = ", ".join(f"{count} {operator}" for operator, count in summary.unlisted.items())
        notes.append(f"Not listed, because they only move values: {counts}.")
    trained = f"Training had {model.card.parameters:,} parameters"
    if summary.parameters < model.card.parameters:
        notes.append(f"{trained}: batch norms are now folded into other layers.")
    elif summary.parameters > model.card.parameters:
        notes.append(f"{trained}: the others scale the input.")
    return notes


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(side or "?") for side in shape) or "?"


def _table(names: list[str]) -> "Table":
    from inkread.models import load_model

    loaded = {name: load_model(name) for name in names}
    figures = {name: _figures(model.card.scores) for name, model in loaded.items()}
    scores = sorted({score for found in figures.values() for score in found})
    numbers = (f">{heading.replace('_', ' ')}" for heading in ("Parameters", "Size", *scores))
    rows = table("Model", *numbers, "SHA-256")
    for name, model in loaded.items():
        size = f"{model.path.stat().st_size / 1e6:.2f} MB"
        found = (figures[name].get(score, "") for score in scores)
        rows.add_row(name, f"{model.card.parameters:,}", size, *found, model.card.sha256[:HASH_SHOWN])
    return rows


def _card(model: "Model") -> "Table":
    """Builds a table of the card, with one row per entry."""
    import dataclasses

    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", vertical="top", no_wrap=True)
    table.add_column(overflow="fold")
    for field in dataclasses.fields(model.card):
        shown = _entry(field.name, getattr(model.card, field.name))
        if shown:
            table.add_row(field.name.replace("_", " "), Text(shown))
    table.add_row("file", Text(f"{model.path} ({model.path.stat().st_size:,} bytes)"))
    return table


def _entry(name: str, value: Any) -> str:
    """Returns an entry of a card as text: lists of numbers only by their size, other entries line by line."""
    if name == "labels":
        return " ".join(label or "(no digit)" for label in value)
    if name == "data":
        return "\n".join(
            f"{part['name']}, {part['split']}: {part['count']:,}, {part['licence']}" for part in value
        )
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_brief(each)}" for key, each in value.items())
    return _brief(value)


def _brief(value: Any) -> str:
    if isinstance(value, (list, tuple)) and any(isinstance(each, (list, tuple, dict)) for each in value):
        return f"{len(value)} entries, see card.json"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _figures(scores: dict[str, Any]) -> dict[str, str]:
    """Returns the scores to show that are single numbers, as text."""
    shown = {name: value for name, value in scores.items() if name.startswith(SHOWN[0]) or name == SHOWN[1]}
    return {
        name: f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
        for name, value in shown.items()
        if isinstance(value, (int, float))
    }
