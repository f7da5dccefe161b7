"""The verified models that are available over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inkread.errors import OptionError
from inkread.models import bundled, load_model
from inkread.models.card import CHARACTER_CLASSES, REPORT_FILE, TEXT_CLASSES, load_history
from inkread.pipeline.classifier import DIGITS
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inkread.models import Model

GLYPHS, PAGES, LETTERS = "glyphs", "detector", "text"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as exposed over HTTP.

    Attributes:
        name: the name that selects it; never a path.
        model: the verified model.
        kind: ``"glyphs"``, ``"detector"``, or ``"text"`` for letters and lines.
        history: its training history, one dict per epoch; empty if the model is not from a run's folder.
    """

    name: str
    model: Model
    kind: str
    history: tuple[dict[str, float], ...] = ()

    @property
    def report(self) -> Path | None:
        """The run's report, if its folder has one now; links are ignored because they could lead anywhere."""
        path = self.model.path.with_name(REPORT_FILE)
        return path if path.is_file() and not path.is_symlink() else None

    @property
    def is_selectable(self) -> bool:
        """Whether it can be selected to read digits; the others are part of every reading."""
        return self.kind == GLYPHS

    def to_dict(self) -> dict[str, Any]:
        """Returns the entry's JSON object with its card; the card's command has file names without paths."""
        card = self.model.card
        shown = {"history": self.history, "command": card.command_without_places}
        return {
            "name": self.name,
            "kind": self.kind,
            "selectable": self.is_selectable,
            "size": len(self.model.content),
            "report": self.report is not None,
            "card": card.to_dict() | shown,
        }


class ReaderRegistry:
    """The bundled models and those given to the server; all are verified at startup.

    Args:
        folders: folders of training runs by model name; a bundled model of the same name is replaced.

    Raises:
        ModelError: a model cannot be loaded.
        OptionError: a folder contains a model that cannot read pictures.
    """

    def __init__(self, folders: Mapping[str, str]) -> None:
        sources = {name: name for name in bundled()} | dict(folders)
        self.entries = {name: _entry(name, source) for name, source in sources.items()}
        for name in folders:
            if not self.entries[name].is_selectable:
                raise OptionError(
                    name, f"is a {self.entries[name].kind} model, not one of digits", "use one of glyphs"
                )

    @property
    def folders(self) -> dict[str, Path]:
        """The folders of the selectable models, by name."""
        return {name: entry.model.path.parent for name, entry in self.entries.items() if entry.is_selectable}

    def require(self, name: str) -> Entry:
        """Returns the model of that name; raises a ``Problem`` if no selectable model has it."""
        entry = self.entries.get(name)
        if entry is None or not entry.is_selectable:
            raise Problem("unknown-model", "No selectable model has this name.", "See /v1/models.")
        return entry


def _entry(name: str, source: str) -> Entry:
    model = load_model(source)
    reads_letters = model.card.labels in (CHARACTER_CLASSES, TEXT_CLASSES)
    kind = PAGES if model.card.fusion else LETTERS if reads_letters else GLYPHS
    if kind == GLYPHS and not set(DIGITS) <= set(model.card.labels):
        known = ", ".join(model.card.labels[:3])
        raise OptionError(name, f"reads {known} … instead of the ten digits", "use a model that reads digits")
    return Entry(name, replace(model, name=name), kind, load_history(model.path.parent))
