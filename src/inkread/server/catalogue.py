"""The models that can be chosen over HTTP, each read with by one shared ``Reader``."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inkread.classifier import DIGITS
from inkread.errors import OptionError
from inkread.models import DEFAULT, bundled, load_model
from inkread.models.card import REPORT_FILE
from inkread.models.history import load_history
from inkread.reader import Reader
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inkread.models import Model
    from inkread.picture import PictureLimits

GLYPHS, ROWS = "glyphs", "rows"

THREADS = 1
"""Of one reading: the pool reads as many pictures at a time as there are cores."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as it is known over HTTP.

    Attributes:
        name: by which it is chosen; never a path.
        model: verified.
        kind: ``"glyphs"`` or ``"rows"``, what it reads.
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
        """Whether pictures can be read with it; a model of rows helps those that can."""
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
            "card": dataclasses.asdict(card) | shown,
        }


class Catalogue:
    """The bundled models, and those that the server was started with; all are verified at the start.

    Args:
        folders: the folder of a training run by the name it shall have; a bundled name is replaced.
        limits: of pictures.

    Raises:
        ModelError: one of them cannot be loaded.
        OptionError: one of the folders holds a model that pictures cannot be read with.
    """

    def __init__(self, folders: Mapping[str, str], limits: PictureLimits) -> None:
        sources = {name: name for name in bundled()} | dict(folders)
        self.entries = {name: _entry(name, source) for name, source in sources.items()}
        for name in folders:
            if not self.entries[name].is_selectable:
                raise OptionError(name, "is a model that reads whole rows", "name a model that reads glyphs")
        self._limits = limits
        self._readers: dict[str, Reader] = {}
        self._lock = threading.Lock()
        self.reader(DEFAULT)

    def require(self, name: str) -> Entry:
        """The model of that name; raises a ``Problem`` if there is none that can be chosen."""
        entry = self.entries.get(name)
        if entry is None or not entry.is_selectable:
            raise Problem("unknown-model", "No model of this name can be chosen.", "See /v1/models.")
        return entry

    def reader(self, name: str) -> Reader:
        """The reader of a model, made when it is first wanted; to be called off the event loop."""
        with self._lock:
            if name not in self._readers:
                self._readers[name] = Reader(
                    self.entries[name].model.path.parent, limits=self._limits, threads=THREADS
                )
            return self._readers[name]


def _entry(name: str, source: str) -> Entry:
    model = load_model(source)
    kind = GLYPHS if "side" in model.card.geometry or "height" not in model.card.geometry else ROWS
    if kind == GLYPHS and not set(DIGITS) <= set(model.card.labels):
        known = ", ".join(model.card.labels[:3])
        raise OptionError(
            name, f"does not know the ten digits, but {known} …", "name a model that reads digits"
        )
    return Entry(name, replace(model, name=name), kind, load_history(model.path.parent))
