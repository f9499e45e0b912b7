"""Alembic runs this for each command: the versions are applied to the connection that the caller brought."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
