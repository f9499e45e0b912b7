"""Alembic's environment: apply the versions to the caller's connection.

Existing tables, columns and indexes stay as they are: some states have more of them than their
version has.
"""

from alembic import context
from alembic.operations import Operations, ops, toimpl
from sqlalchemy import Table, inspect


@Operations.implementation_for(ops.CreateTableOp, replace=True)
def create_table(operations: Operations, operation: ops.CreateTableOp) -> Table:
    """Create a table if it does not exist."""
    operation.if_not_exists = True
    return toimpl.create_table(operations, operation)


@Operations.implementation_for(ops.CreateIndexOp, replace=True)
def create_index(operations: Operations, operation: ops.CreateIndexOp) -> None:
    """Create an index if it does not exist."""
    operation.if_not_exists = True
    toimpl.create_index(operations, operation)


@Operations.implementation_for(ops.AddColumnOp, replace=True)
def add_column(operations: Operations, operation: ops.AddColumnOp) -> None:
    """Add a column if the table does not have it. SQLite has no ADD COLUMN IF NOT EXISTS."""
    known = inspect(operations.get_bind()).get_columns(operation.table_name)
    if operation.column.name not in {column["name"] for column in known}:
        toimpl.add_column(operations, operation)


context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
