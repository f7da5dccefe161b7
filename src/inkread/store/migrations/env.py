"""Alembic runs this for every command; ``inkread.store.migrate`` passes the connection."""

from alembic import context

from inkread.store.migrate import VERSION_TABLE
from inkread.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
