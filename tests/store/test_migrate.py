"""A store is migrated to the newest tables, or left unchanged."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, insert, inspect, text

from inkread.errors import StoreError
from inkread.store import Store
from inkread.store.tables import Corrections, Digits, Readings, Table
from inkread.store.transactions import SCRIPTS, VERSION_TABLE


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


READING, CORRECTION = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


def make_old_store(engine):
    """A store with the first version of the tables, and a reading of two digits, one of them corrected."""
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", SCRIPTS)
        command.upgrade(config, "0001")
        reading = {
            "id": READING,
            "created": MOMENT,
            "source": "a.png",
            "width": 640,
            "height": 480,
            "text": "71",
        }
        model = {"model": "default", "model_sha256": "ab" * 32, "sought": "a.png 71"}
        connection.execute(insert(Readings), reading | model)
        for place, label in enumerate("71"):
            where = {"reading": READING, "line": 0, "position": place}
            box = {"x0": 50 * place, "y0": 0, "x1": 50 * place + 20, "y1": 30}
            digit = {"label": label, "probability": 0.5, "probabilities": [0.1] * 10}
            pixels = {"glyph": bytes(784), "crop": b"PNG"}
            connection.execute(insert(Digits), where | box | digit | pixels)
        made = {"id": CORRECTION, "label": "4", "created": MOMENT, "by": "me"}
        connection.execute(insert(Corrections), where | made)


def test_an_old_store_keeps_everything_and_can_be_marked(url, engine):
    make_old_store(engine)
    with Store.open(url) as store:
        reading = store.reading(READING)
        assert (reading.source, reading.text, reading.corrections) == ("a.png", "71", 1)
        assert [digit.box for digit in reading.lines[0]] == [(0, 0, 20, 30), (50, 0, 70, 30)]
        (correction,) = store.corrections().items
        assert (correction.id, correction.read_as, correction.label, correction.by) == (
            CORRECTION,
            "1",
            "4",
            "me",
        )
        assert correction.created == MOMENT
        assert store.corrected_glyphs() == [(bytes(784), "4")]
        assert store.picture(READING) is None
        assert list(store.corrected_pages()) == []
        mark = store.add_mark(reading=READING, box=(100, 0, 120, 30), label="5", by=None)
        assert store.corrections().items == (mark, correction)
        assert [one.label for one in store.correct_line(reading=READING, line=0, text="245", by=None)] == [
            "2"
        ]
    with engine.connect() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one() == "0002"


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
    with pytest.raises(StoreError, match=r"was made by a newer inkread \(version 9999\); update inkread"):
        Store.open(url)


@pytest.mark.parametrize("table", ["readings", "corrections"])
def test_tables_of_another_program_are_left_alone(url, engine, table):
    execute(engine, f"CREATE TABLE {table} (id INTEGER)")
    with pytest.raises(StoreError, match=rf"has tables of another program \({table}\); use another"):
        Store.open(url)
    assert inspect(engine).get_table_names() == [table]


@pytest.mark.slow
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
