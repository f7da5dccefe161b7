"""The models that can be chosen over HTTP, verified."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inkread.errors import OptionError
from inkread.models import bundled, load_model
from inkread.models.card import REPORT_FILE
from inkread.models.history import load_history
from inkread.pipeline.classifier import DIGITS
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inkread.models import Model

GLYPHS, PAGES = "glyphs", "detector"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as it is known over HTTP.

    Attributes:
        name: by which it is chosen; never a path.
        model: verified.
        kind: ``"glyphs"`` or ``"detector"``, what it reads.
        history: of its training, a dict an epoch; none for a model that is not a run's.
    """

    name: str
    model: Model
    kind: str
    history: tuple[dict[str, float], ...] = ()

    @property
    def report(self) -> Path | None:
        """The page about the run, where its folder has one by now; no link, which might lead anywhere."""
        path = self.model.path.with_name(REPORT_FILE)
        return path if path.is_file() and not path.is_symlink() else None

    @property
    def is_selectable(self) -> bool:
        """Whether it can be chosen to read pictures; the detector is part of every reading."""
        return self.kind == GLYPHS

    def to_dict(self) -> dict[str, Any]:
        """The entry's JSON object, with its card, in whose command files and folders are named without their places."""
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
    """The bundled models, and those that the server was started with; all are verified at the start.

    Args:
        folders: the folder of a training run by the name it shall have; a bundled name is replaced.

    Raises:
        ModelError: one of them cannot be loaded.
        OptionError: one of the folders holds a model that pictures cannot be read with.
    """

    def __init__(self, folders: Mapping[str, str]) -> None:
        sources = {name: name for name in bundled()} | dict(folders)
        self.entries = {name: _entry(name, source) for name, source in sources.items()}
        for name in folders:
            if not self.entries[name].is_selectable:
                raise OptionError(name, "is a detector of digits", "name a model that reads glyphs")

    @property
    def folders(self) -> dict[str, Path]:
        """Where the models are that can be chosen, by name."""
        return {name: entry.model.path.parent for name, entry in self.entries.items() if entry.is_selectable}

    def require(self, name: str) -> Entry:
        """The model of that name; raises a ``Problem`` if there is none that can be chosen."""
        entry = self.entries.get(name)
        if entry is None or not entry.is_selectable:
            raise Problem("unknown-model", "No model of this name can be chosen.", "See /v1/models.")
        return entry


def _entry(name: str, source: str) -> Entry:
    model = load_model(source)
    kind = PAGES if model.card.fusion else GLYPHS
    if kind == GLYPHS and not set(DIGITS) <= set(model.card.labels):
        known = ", ".join(model.card.labels[:3])
        raise OptionError(
            name, f"does not know the ten digits, but {known} …", "name a model that reads digits"
        )
    return Entry(name, replace(model, name=name), kind, load_history(model.path.parent))
