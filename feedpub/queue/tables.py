"""The queue's place in the database: a schema with the tables that the installed Procrastinate wants."""

import hashlib
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from procrastinate import SyncPsycopgConnector
from procrastinate.schema import SchemaManager

SCHEMA = "feedpub_queue"
# Whose turn it is among jobs of one lock is asked for each job that is taken; Procrastinate has no index for it.
_INDEX = "CREATE INDEX ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing')"
_OPTIONS = {
    "options": f"-c search_path={SCHEMA} -c idle_in_transaction_session_timeout=60s",
    "application_name": "feedpub queue",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


def conninfo(address: str) -> str:
    """The address of a state, for connections that see the queue's tables."""
    parts = urlsplit(address)
    query = urlencode({**dict(parse_qsl(parts.query)), **_OPTIONS}, quote_via=quote)
    return parts._replace(scheme="postgresql", query=query).geturl()


def prepare(connector: SyncPsycopgConnector) -> None:
    """Make the tables, where they are missing or another version's; of several processes that want to, one does."""
    wanted = f"{SchemaManager.get_schema()}\n{_INDEX}"
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:16]
    if _digest(connector) == digest:
        return
    with connector.pool.connection() as connection:  # one transaction
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (SCHEMA,))
        if _digest(connector) == digest:
            return
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(wanted)
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{digest}'")


def _digest(connector: SyncPsycopgConnector) -> str | None:
    """What the tables were made from; None where there are none."""
    found = connector.execute_query_all(
        "SELECT obj_description(oid, 'pg_namespace') AS digest FROM pg_namespace WHERE nspname = %(name)s", name=SCHEMA
    )
    return found[0]["digest"] if found else None
