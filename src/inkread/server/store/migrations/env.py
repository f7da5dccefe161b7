"""Alembic runs this for every command; the connection is given by ``inkread.server.store.migrate``."""

from alembic import context

from inkread.server.store.migrate import VERSION_TABLE
from inkread.server.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
