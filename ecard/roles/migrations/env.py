"""Where Alembic finds the connection: the one that ``register_database.migrate`` opened."""

from __future__ import annotations

from alembic import context

from ecard.roles.register_tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
