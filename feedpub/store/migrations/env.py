"""Alembic runs this for each command: the versions are applied to the connection that the caller brought.

What a version would add and what exists already is left alone: some states have more than their
version says.
"""

from alembic import context
from alembic.operations import Operations, ops, toimpl
from sqlalchemy import Table, inspect


@Operations.implementation_for(ops.CreateTableOp, replace=True)
def create_table(operations: Operations, operation: ops.CreateTableOp) -> Table:
    """Create a table, unless there is one of its name."""
    operation.if_not_exists = True
    return toimpl.create_table(operations, operation)


@Operations.implementation_for(ops.CreateIndexOp, replace=True)
def create_index(operations: Operations, operation: ops.CreateIndexOp) -> None:
    """Create an index, unless there is one of its name."""
    operation.if_not_exists = True
    toimpl.create_index(operations, operation)


@Operations.implementation_for(ops.AddColumnOp, replace=True)
def add_column(operations: Operations, operation: ops.AddColumnOp) -> None:
    """Add a column, unless the table has one of its name.

    SQLite knows no ADD COLUMN IF NOT EXISTS.
    """
    known = inspect(operations.get_bind()).get_columns(operation.table_name)
    if operation.column.name not in {column["name"] for column in known}:
        toimpl.add_column(operations, operation)


context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
