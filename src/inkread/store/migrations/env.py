"""Alembic runs this for every command; ``inkread.store.transactions`` passes the connection."""

from alembic import context

from inkread.store.tables import Table
from inkread.store.transactions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
