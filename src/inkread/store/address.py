"""The URL of a store, which is never shown with its password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from inkread.errors import StoreError
from inkread.system.user_folders import user_folder

if TYPE_CHECKING:
    from typing import Self

FORMS = "give sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
POSTGRESQL = "postgresql+psycopg"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
"""What a URL may begin with, and the driver that is meant."""


def default_url() -> str:
    """The user's own store; raises as ``user_folder``."""
    file = user_folder("XDG_DATA_HOME", ".local/share") / "store.sqlite"
    return URL.create("sqlite", database=file.as_posix()).render_as_string()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is.

    Attributes:
        url: with the driver that is used.
        file: of SQLite; ``None`` for a server.
    """

    url: URL
    file: Path | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a URL; what has no ``://`` is the path of a file.

        Raises:
            StoreError: it is no URL, is ambiguous, or names something that cannot hold a store.
        """
        if "://" not in text:
            return cls(*_of_file(URL.create("sqlite", database=text), text or "the store"))
        source = re.sub(r"://.*@", "://***@", text, flags=re.DOTALL)
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            # What it says may be part of the password.
            raise StoreError(source, "is no URL of a database", FORMS) from None
        driver = DRIVERS.get(url.drivername)
        if driver is None:
            raise StoreError(source, "is no kind of database that can hold a store", FORMS)
        if driver == "sqlite":
            return cls(*_of_file(url, source))
        if text.count("@") > 1 or ("@" in text and url.username is None):
            raise StoreError(source, "has an @ or / within its user or password", "write them as %40 and %2F")
        return cls(url.set(drivername=driver), None)

    def __str__(self) -> str:
        """The file, or the URL without password and options, which may hold another."""
        if self.file:
            return str(self.file)
        where = {name: value for name, value in self.url.query.items() if name in ("host", "port")}
        return self.url.set(query=where).render_as_string(hide_password=True)

    def hide(self, text: str) -> str:
        """The text of an error without the password, should it be in there."""
        for secret in (self.url.password, self.url.query.get("password"), self.url.query.get("sslpassword")):
            if secret:
                text = text.replace(str(secret), "***")
        return text


def _of_file(url: URL, source: str) -> tuple[URL, Path]:
    if url.host or url.query or url.username:
        raise StoreError(source, "is no path of a file", "give sqlite:///FILE, with three or four slashes")
    if url.database in (None, "", ":memory:"):
        raise StoreError(source, "keeps nothing", "name a file: sqlite:///FILE")
    file = Path(str(url.database)).absolute()
    return URL.create("sqlite", database=str(file)), file
