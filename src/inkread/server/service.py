"""The server's components for the routes: the verified models, the workers, the store; and how these read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from inkread.errors import OptionError
from inkread.models import DEFAULT, TEXT, bundled, load_model
from inkread.models.card import CHARACTER_CLASSES, REPORT_FILE, TEXT_CLASSES, load_history
from inkread.pipeline.classifier import DIGITS
from inkread.reader import DIGITS_ONLY
from inkread.server.pool import Pool
from inkread.server.problems import Problem
from inkread.server.work import Done, ReadPicture, Task
from inkread.store.queries import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inkread.models import Model
    from inkread.server.monitoring import Metrics
    from inkread.server.schemas import PictureOptions
    from inkread.server.settings import ServerSettings
    from inkread.server.uploads import Upload
    from inkread.store import Store

Workers: TypeAlias = Pool[Task, Done]

GLYPHS, PAGES, LETTERS = "glyphs", "detector", "text"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as exposed over HTTP, by a name that is never a path.

    The kind is ``"glyphs"``, ``"detector"``, or ``"text"`` for letters and lines. The training history has
    one dict per epoch; it is empty if the model is not from a run's folder.
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
        """Whether it can be selected to read digits or lines of text; the others are part of readings."""
        return self.kind == GLYPHS or self.model.card.labels == TEXT_CLASSES

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
    """The bundled models and those of folders of training runs, by name; all are verified at startup.

    A bundled model is replaced by one of the same name.

    Raises:
        ModelError: a model cannot be loaded.
        OptionError: a folder contains a model that cannot read pictures.
    """

    def __init__(self, folders: Mapping[str, str]) -> None:
        sources = {name: name for name in bundled()} | dict(folders)
        self.entries = {name: _entry(name, source) for name, source in sources.items()}
        for name in folders:
            entry = self.entries[name]
            if not entry.is_selectable:
                problem = f"is a {entry.kind} model, not one of digits or of lines of text"
                raise OptionError(name, problem, "use a run of inkread train")
            if name in bundled() and entry.kind != _entry(name, name).kind:
                problem = f"is a {entry.kind} model, unlike the bundled one of that name"
                raise OptionError(name, problem, "use another name")

    @property
    def folders(self) -> dict[str, Path]:
        """The folders of the selectable models, by name."""
        return {name: entry.model.path.parent for name, entry in self.entries.items() if entry.is_selectable}

    def require(self, name: str, alphabet: str = DIGITS_ONLY) -> Entry:
        """Returns the model of that name that reads an alphabet; the default one of lines is ``text``.

        Raises:
            Problem: no selectable model has this name, or it reads something else.
        """
        kind = GLYPHS if alphabet == DIGITS_ONLY else LETTERS
        entry = self.entries.get(TEXT if kind == LETTERS and name == DEFAULT else name)
        if entry is None or not entry.is_selectable:
            raise Problem("unknown-model", "No selectable model has this name.", "See /v1/models.")
        if entry.kind != kind:
            detail = f"The model {name} is of kind {entry.kind}, which does not read {alphabet}."
            raise Problem("invalid-option", detail, f"Use one of kind {kind}, see /v1/models, or omit it.")
        return entry


def _entry(name: str, source: str) -> Entry:
    model = load_model(source)
    reads_letters = model.card.labels in (CHARACTER_CLASSES, TEXT_CLASSES)
    kind = LETTERS if reads_letters else PAGES if model.card.fusion else GLYPHS
    if kind == GLYPHS and not set(DIGITS) <= set(model.card.labels):
        known = ", ".join(model.card.labels[:3])
        raise OptionError(name, f"reads {known} … instead of the ten digits", "use a model that reads digits")
    return Entry(name, replace(model, name=name), kind, load_history(model.path.parent))


@dataclass(frozen=True, slots=True)
class Service:
    """The components of a running server; ``store`` is ``None`` if it stores nothing."""

    settings: ServerSettings
    registry: ReaderRegistry
    pool: Workers
    metrics: Metrics
    store: Store | None

    def require_store(self) -> Store:
        """Returns the store; raises a ``Problem`` if the server stores nothing."""
        if self.store is None:
            raise Problem("not-collecting", "This server stores no readings.", "Start it with --collect.")
        return self.store

    async def read(
        self,
        upload: Upload,
        entry: Entry,
        options: PictureOptions,
        *,
        client: str | None,
        patiently: bool = False,
    ) -> bytes:
        """Reads a picture and returns the response: the reading's JSON object, or a PNG.

        The reading is stored if there is a store and the options allow it; ``client`` is the sender's
        address, for the store. For ``patiently``, see ``Pool.run``.

        Raises:
            Problem: the picture cannot be read, or no reader is free.
            StoreError: the reading cannot be stored.
        """
        keeps = options.keep and not options.draw and options.alphabet == DIGITS_ONLY
        task = ReadPicture(
            upload.name,
            upload.data,
            model_sha256=entry.model.card.sha256,
            keep=new_id() if self.store is not None and keeps else None,
            client=client,
            model=entry.name,
            **options.model_dump(exclude={"keep", "model"}),
        )
        timed = self.metrics.reading_seconds.labels(entry.name).observe
        done = await self.pool.run(task, patiently=patiently, timed=timed)
        self.metrics.digits.labels(entry.name).inc(done.digits)
        if self.store is not None and done.record is not None:
            await run_in_threadpool(self.store.add_reading, done.record, id=task.keep)
        return done.content


def service_of(request: Request) -> Service:
    """Returns the components of the request's application."""
    service: Service = request.app.state.service
    return service


Parts = Annotated[Service, Depends(service_of)]


def client_of(request: Request) -> str | None:
    """Returns the client's address."""
    return request.client.host if request.client else None
