"""Migrates a store to the newest version of its tables, even if several processes open it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, false, inspect, text

from inkread.errors import StoreError
from inkread.store.database import WRITES
from inkread.store.tables import Readings, Table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from inkread.store.address import Address

VERSION_TABLE = "inkread_version"
SCRIPTS = "inkread.store:migrations"
ADVISORY_LOCK = 0x696E6B72656164
"""The key of PostgreSQL's advisory lock for migrations: "inkread" in ASCII."""


def migrate(engine: Engine, address: Address) -> None:
    """Creates the tables or migrates them to the newest version, atomically and in one process at a time.

    Raises:
        StoreError: the database belongs to a newer inkread or to another program.
    """
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if not address.file:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", SCRIPTS)
        if _needs_migration(connection, ScriptDirectory.from_config(config), address):
            command.upgrade(config, "head")
        # Changes nothing, but makes a read-only store fail now rather than at the first reading.
        connection.execute(delete(Readings).where(false()))


def _needs_migration(connection: Connection, scripts: ScriptDirectory, address: Address) -> bool:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    version = context.get_current_revision()
    if version is None:
        _refuse_foreign(connection, address)
    elif version not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(str(address), f"was made by a newer inkread (version {version})", "update inkread")
    return version != scripts.get_current_head()


def _refuse_foreign(connection: Connection, address: Address) -> None:
    """Rejects a database of another program; on a server, tables with other names may exist next to ours."""
    there = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    if address.file is None:
        there &= set(Table.metadata.tables)
    if there:
        names = ", ".join(sorted(there)[:3])
        raise StoreError(
            str(address), f"has tables of another program ({names})", "use another file or database"
        )
