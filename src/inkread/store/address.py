"""The URL of a store; its password is never shown."""

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

FORMS = "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
POSTGRESQL = "postgresql+psycopg"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
"""The supported URL schemes and their drivers."""


def default_url() -> str:
    """Returns the URL of the user's store; raises the same errors as ``user_folder``."""
    file = user_folder("XDG_DATA_HOME", ".local/share") / "store.sqlite"
    return URL.create("sqlite", database=file.as_posix()).render_as_string()


@dataclass(frozen=True, slots=True)
class Address:
    """The location of a store.

    Attributes:
        url: the URL with its driver.
        file: the SQLite file; ``None`` for a database server.
    """

    url: URL
    file: Path | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses a URL; text without ``://`` is a file path.

        Raises:
            StoreError: the text is not a URL, is ambiguous, or is not the URL of a supported database.
        """
        if "://" not in text:
            return cls(*_of_file(URL.create("sqlite", database=text), text or "the store"))
        source = re.sub(r"://.*@", "://***@", text, flags=re.DOTALL)
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            # The error's text may contain a part of the password.
            raise StoreError(source, "is not the URL of a database", FORMS) from None
        driver = DRIVERS.get(url.drivername)
        if driver is None:
            raise StoreError(source, "is not a supported kind of database", FORMS)
        if driver == "sqlite":
            return cls(*_of_file(url, source))
        if text.count("@") > 1 or ("@" in text and url.username is None):
            raise StoreError(source, "has an @ or / in its user or password", "write them as %40 and %2F")
        return cls(url.set(drivername=driver), None)

    def __str__(self) -> str:
        """Returns the file, or the URL without password and options, which may contain another password."""
        if self.file:
            return str(self.file)
        where = {name: value for name, value in self.url.query.items() if name in ("host", "port")}
        return self.url.set(query=where).render_as_string(hide_password=True)

    def hide(self, text: str) -> str:
        """Removes the password from an error's text."""
        for secret in (self.url.password, self.url.query.get("password"), self.url.query.get("sslpassword")):
            if secret:
                text = text.replace(str(secret), "***")
        return text


def _of_file(url: URL, source: str) -> tuple[URL, Path]:
    if url.host or url.query or url.username:
        raise StoreError(source, "is not a file path", "use sqlite:///FILE, with three or four slashes")
    if url.database in (None, "", ":memory:"):
        raise StoreError(source, "is an in-memory database", "use a file: sqlite:///FILE")
    file = Path(str(url.database)).absolute()
    return URL.create("sqlite", database=str(file)), file
