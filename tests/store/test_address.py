"""The address of a store: what it can be, its errors, and that passwords are never shown."""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
import sys
import traceback
from pathlib import Path

import pytest
from ordinary import permissions_that_count
from sqlalchemy import make_url

from inkread.errors import MissingExtraError, StoreError
from inkread.store import Store, default_url
from inkread.store.database import PATIENCE, Address

SECRET = "hunter2"


def refusal(url: str) -> StoreError:
    """Returns the error for a URL, which has the form of every error, and contains no password."""
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.source
    assert caught.value.problem
    assert caught.value.remedy
    return caught.value


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"mysql://user:{SECRET}@host/base", "is not a supported kind of database"),
        (f"postgresql+asyncpg://user:{SECRET}@host/base", "is not a supported kind of database"),
        (f"postgresql+psycopg2://user:{SECRET}@host/base", "is not a supported kind of database"),
        (f"postgresql://user:{SECRET}@host:port/base", "is not the URL of a database"),
        (f"postgresql://user@name:{SECRET}@host/base", "has an @"),
        (f"://user:{SECRET}@host/base", "is not the URL of a database"),
        (f"postgresql://user:a@{SECRET}@host/base", "has an @"),
        (f"postgresql://user:a@b/{SECRET}@host/base", "has an @"),
        (f"postgresql://user:a@b?{SECRET}@host/base", "has an @"),
        (f"postgresql://us/er:{SECRET}@host/base", "has an @"),
        ("sqlite://", "is an in-memory database"),
        ("sqlite:///", "is an in-memory database"),
        ("sqlite:///:memory:", "is an in-memory database"),
        ("", "is an in-memory database"),
        ("sqlite://folder/store.sqlite", "is not a file path"),
        ("sqlite:///store.sqlite?mode=ro", "is not a file path"),
    ],
)
def test_a_url_that_is_not_a_store_is_rejected_with_a_remedy(url, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = refusal(url)
    assert error.problem.startswith(problem)
    assert list(tmp_path.iterdir()) == []


def test_a_url_is_shown_without_its_password_and_its_options():
    address = Address.parse(f"postgres://me:{SECRET}%40x@host:99/base?password={SECRET}&sslmode=require")
    assert str(address) == "postgresql+psycopg://me:***@host:99/base"
    assert address.hide(f"wrong password {SECRET}@x") == "wrong password ***"
    assert str(Address.parse("postgresql:///base?host=/run/here")).endswith("/base?host=%2Frun%2Fhere")


def test_a_server_that_cannot_be_reached_says_so():
    error = refusal(f"postgresql+psycopg://me:{SECRET}@127.0.0.1:{free_port()}/base")
    assert error.source.startswith("postgresql+psycopg://me:***@127.0.0.1:")
    assert error.problem.startswith("cannot be reached (connection failed")
    assert "check that the server is running" in error.remedy


@pytest.mark.slow
def test_a_wrong_password_says_so_and_is_not_shown(cluster):
    url = make_url(cluster.url).set(password=SECRET)
    error = refusal(url.render_as_string(hide_password=False))
    assert "password authentication failed" in error.problem


@pytest.mark.slow
def test_a_database_that_is_not_there_says_so(cluster):
    url = make_url(cluster.url).set(database="nowhere")
    assert 'database "nowhere" does not exist' in refusal(url.render_as_string(hide_password=False)).problem


@pytest.mark.slow
def test_a_server_where_no_table_may_be_made_says_so(postgresql):
    url = make_url(postgresql).update_query_dict({"options": "-cdefault_transaction_read_only=on"})
    error = refusal(url.render_as_string(hide_password=False))
    assert "read-only transaction" in error.problem


def test_a_missing_postgresql_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[postgres\]'"):
        Store.open("postgresql://host/base")


def test_a_file_that_is_not_a_database_is_left_as_it_is(tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("Dear store,\n" * 200)
    error = refusal(f"sqlite:///{file}")
    assert str(error) == f"{file}: is a file, but not an SQLite database; use another file, or move it away"
    assert file.read_text() == "Dear store,\n" * 200


def test_a_damaged_store_says_so(tmp_path, make_reading):
    file = tmp_path / "store.sqlite"
    with Store.open(str(file)) as store:
        reading = store.add_reading(make_reading("7" * 50))
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with (
        pytest.raises(StoreError, match=r"is damaged; restore it from a backup"),
        Store.open(str(file)) as store,
    ):
        store.reading(reading)


@pytest.mark.parametrize("name", ["a file/store.sqlite", "a file/folder/store.sqlite"])
def test_a_folder_that_cannot_be_made_says_so(tmp_path, name):
    (tmp_path / "a file").touch()
    error = refusal(f"sqlite:///{tmp_path / name}")
    assert error.problem.startswith("cannot be created (")
    assert "writable" in error.remedy


def test_a_folder_is_not_a_store(tmp_path):
    assert refusal(str(tmp_path)).problem == "cannot be opened"


@pytest.fixture
def guarded(tmp_path):
    """A folder in which this process may write only as the permissions allow."""
    folder = tmp_path / "guarded"
    folder.mkdir()
    with permissions_that_count():
        yield folder
    folder.chmod(0o700)


def test_a_folder_that_may_not_be_written_to_says_so(guarded):
    guarded.chmod(0o500)
    for name in ("store.sqlite", "folder/store.sqlite"):
        error = refusal(str(guarded / name))
        assert error.problem == "cannot be created (Permission denied)"
        assert error.remedy == "use a file in a writable folder"


def test_a_store_that_may_not_be_written_to_says_so(guarded):
    file = guarded / "store.sqlite"
    Store.open(str(file)).close()
    file.chmod(0o400)
    assert refusal(str(file)).problem == "is read-only"
    file.chmod(0o000)
    root_reads_on = os.geteuid() == 0
    assert refusal(str(file)).problem == ("is read-only" if root_reads_on else "cannot be opened")
    file.chmod(0o600)
    guarded.chmod(0o500)
    assert refusal(str(file)).problem in ("is read-only", "cannot be opened")


def test_a_store_that_another_program_keeps_locked_says_so(tmp_path, monkeypatch):
    file = tmp_path / "store.sqlite"
    Store.open(str(file)).close()
    monkeypatch.setattr("inkread.store.database.PATIENCE", 0.01)
    assert PATIENCE > 1
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert "locked by another process" in refusal(str(file)).problem
    finally:
        other.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_only_its_owner_may_read_a_store(tmp_path, make_reading):
    file = tmp_path / "a" / "b" / "store.sqlite"
    with Store.open(str(file)) as store:
        store.add_reading(make_reading())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == dict.fromkeys(
        ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "store.sqlite-reserve"], 0o600
    )
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["what? 50%25 #1.sqlite", "a@b:c.sqlite", "Ä ö.sqlite", "file:x.sqlite"])
def test_a_path_may_have_any_characters(tmp_path, name):
    Store.open(str(tmp_path / name)).close()
    assert (tmp_path / name).is_file()


@pytest.mark.parametrize("named", ["/srv/data", "relative", ""])
def test_the_users_own_store_is_where_the_desktop_keeps_data(monkeypatch, named):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", named)
    folder = Path(named) if named.startswith("/") else Path.home() / ".local" / "share"
    assert Address.parse(default_url()).file == folder / "inkread" / "store.sqlite"


def test_the_users_own_store_may_be_anywhere(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "what? 50%25 #1"))
    monkeypatch.setattr(sys, "platform", "linux")
    Store.open(default_url()).close()
    assert (tmp_path / "what? 50%25 #1" / "inkread" / "store.sqlite").is_file()
