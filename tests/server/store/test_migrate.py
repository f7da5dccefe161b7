"""A store is brought to the newest version of its tables, or left as it was."""

from __future__ import annotations

import sqlite3

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from inkread.errors import StoreError
from inkread.server.store import Store
from inkread.server.store.migrate import VERSION_TABLE
from inkread.server.store.tables import Table


@pytest.fixture
def engine(url):
    engine = create_engine(url)
    yield engine
    engine.dispose()


def execute(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_the_migrations_make_the_tables_that_are_declared(url, engine):
    Store.open(url).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Table.metadata) == []


def test_an_open_store_is_not_migrated_again(url, monkeypatch, make_reading):
    with Store.open(url) as store:
        reading = store.add_reading(make_reading())
    monkeypatch.setattr(command, "upgrade", None)
    with Store.open(url) as store:
        assert store.reading(reading) is not None


def test_a_migration_that_fails_leaves_the_store_as_it_was(url, engine, monkeypatch):
    upgrade = command.upgrade

    def fail(config, revision):
        upgrade(config, revision)
        raise RuntimeError("the machine goes down")

    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", fail)
        with pytest.raises(RuntimeError):
            Store.open(url)
    assert inspect(engine).get_table_names() == []
    Store.open(url).close()


def test_a_store_of_a_newer_version_is_left_alone(url, engine):
    Store.open(url).close()
    execute(engine, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"is of a newer inkread \(version 9999\); update inkread"):
        Store.open(url)


@pytest.mark.parametrize("table", ["readings", "corrections"])
def test_tables_of_another_program_are_left_alone(url, engine, table):
    execute(engine, f"CREATE TABLE {table} (id INTEGER)")
    with pytest.raises(StoreError, match=rf"has tables of another program \({table}\); name another"):
        Store.open(url)
    assert inspect(engine).get_table_names() == [table]


def test_a_server_may_hold_other_tables_beside_the_store(schema):
    engine = create_engine(schema)
    execute(engine, "CREATE TABLE letters (id INTEGER)", "CREATE TABLE alembic_version (version_num TEXT)")
    engine.dispose()
    Store.open(schema).close()


def test_a_file_of_another_program_is_left_alone(tmp_path):
    file = tmp_path / "letters.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE letters (id INTEGER)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"letters\.sqlite: has tables of another program \(letters\)"):
        Store.open(str(file))
    assert file.read_bytes() == before
