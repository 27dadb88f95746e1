"""Called by alembic: runs the steps on the connection, and in the transaction, of `database.Database`."""

from alembic import context

from video2music.study.store.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
with context.begin_transaction():
    context.run_migrations()
