"""Both databases: SQLite in a file, and a real PostgreSQL.

PostgreSQL is at the URL INKREAD_TEST_POSTGRES, or is started for the tests from Debian's package.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, func, make_url, select, text

from inkread.store import NewDigit, NewReading, Store, StoredPicture

USER, PASSWORD = "inkread", "s3cret/of@the:tests"


class Cluster:
    """A private PostgreSQL in a folder, with its socket in the folder.

    With ``synchronous_commit = off``, a crash loses acknowledged data unless a client asks for more.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._data = folder / "data"
        self.url = (
            make_url("postgresql+psycopg:///postgres")
            .set(username=USER, password=PASSWORD, query={"host": str(folder)})
            .render_as_string(hide_password=False)
        )

    def create(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            for path in (self._folder, password):
                shutil.chown(path, "postgres")
        self._run(
            "initdb",
            *("--username", USER, "--pwfile", password, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        )

    def start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses= -c synchronous_commit=off -c wal_writer_delay=10s"
        self._run("pg_ctl", "start", "--wait", "--log", self._folder / "log", "--options", options)

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode", mode)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._binaries / program), *map(str, arguments), "--pgdata", str(self._data)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


def binaries() -> Path:
    """Finds initdb: on the path, or Debian's newest, which is not on it."""
    found = shutil.which("initdb")
    versions = [Path(found).resolve().parent] if found else Path("/usr/lib/postgresql").glob("*/bin")
    newest = max(versions, key=lambda path: path.parent.name.rjust(3), default=None)
    if newest is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql, or name one in INKREAD_TEST_POSTGRES")
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("needs PostgreSQL, which does not run as root, and there is no runuser here")
    return newest


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that a test may stop and start again."""
    pytest.importorskip("psycopg", reason="needs the driver of PostgreSQL: pip install '.[postgres]'")
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="inkread-postgresql-"))
    try:
        cluster = Cluster(programs, folder)
        cluster.create()
        cluster.start()
        yield cluster
        cluster.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> str:
    """The URL of a PostgreSQL."""
    pytest.importorskip("psycopg", reason="needs the driver of PostgreSQL: pip install '.[postgres]'")
    return os.environ.get("INKREAD_TEST_POSTGRES") or request.getfixturevalue("cluster").url


@pytest.fixture
def schema(postgresql: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL schema."""
    name = f"inkread_{secrets.token_hex(8)}"
    engine = create_engine(postgresql, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(postgresql).update_query_dict({"options": f"-csearch_path={name}"})
    yield url.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    return request.getfixturevalue("schema")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open, empty store, of each kind."""
    with Store.open(url) as store:
        yield store


def make_digit(label: str = "7", shade: int = 0) -> NewDigit:
    return NewDigit(
        label=label,
        probability=0.1 + 0.2,
        box=(1, 2, 30, 40),
        probabilities=tuple(digit / 45 for digit in range(10)),
        glyph=bytes([shade]) * 784,
        crop=b"\x89PNG" + bytes([shade]),
    )


def make_row(labels: str, *, top: int = 100, left: int = 100) -> tuple[NewDigit, ...]:
    """Digits of 20×30 pixels side by side, 30 pixels from one to the next."""
    return tuple(
        replace(make_digit(label, place), box=(left + 30 * place, top, left + 30 * place + 20, top + 30))
        for place, label in enumerate(labels)
    )


@pytest.fixture
def make_page() -> Callable[..., NewReading]:
    """Makes a reading of rows below each other on a picture of 640×480 pixels, stored at half that size."""

    def make(*rows: str, left: int = 100) -> NewReading:
        lines = tuple(make_row(row, top=100 + 60 * number, left=left) for number, row in enumerate(rows))
        picture = StoredPicture(b"a picture", 320, 240)
        return NewReading("page.png", 640, 480, "\n".join(rows), "default", "ab" * 32, lines, None, picture)

    return make


@pytest.fixture
def make_reading() -> Callable[..., NewReading]:
    """Makes a reading of a text, with a different glyph for each digit."""

    def make(rows: str = "7", source: str = "picture.png") -> NewReading:
        shades = iter(range(256))
        lines = tuple(tuple(make_digit(label, next(shades)) for label in row) for row in rows.split())
        return NewReading(source, 640, 480, "\n".join(rows.split()), "default", "ab" * 32, lines, "me")

    return make


@pytest.fixture
def rows_of(url):
    """A function that counts the rows of a table."""

    def count(table) -> int:
        engine = create_engine(url)
        with engine.connect() as connection:
            rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
        engine.dispose()
        return rows

    return count
