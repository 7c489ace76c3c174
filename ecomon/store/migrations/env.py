"""Alembic's entry: runs the revisions on the connection that ``ecomon.store.migrate`` passes in."""

from __future__ import annotations

from alembic import context

from ecomon.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
context.run_migrations()
