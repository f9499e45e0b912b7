"""The state in PostgreSQL, for several machines. Everything specific to PostgreSQL is here.

Locks that outlast a transaction are advisory locks of a session, which end with the connection of a
process that dies. A thread that holds such a lock uses its connection for everything. If the lock
is lost, because the server restarts or the network fails, the next transaction fails, and nothing
that was read under the lock is written.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from select import POLLIN, poll

import psycopg  # noqa: F401 -- the driver; if it is missing, this import fails, not a later one
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, IsolationLevel
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from feedpub.core.errors import StoreError
from feedpub.store import schema, schema_repair
from feedpub.store.column_types import ColumnDecodeError

MIN_CONNECTIONS = 4  # that stay open
MAX_CONNECTIONS = 80  # each run uses one while it holds its feed's lock
# The server notices within half a minute, not two hours, that a machine with a lock has vanished.
_SESSION_SETTINGS = {
    "application_name": "feedpub",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
    # A process that is suspended loses its locks as well.
    "idle_session_timeout": "120s",
    "idle_in_transaction_session_timeout": "60s",
}
_CLIENT_SETTINGS = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30000,
}
_COUNT_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
)
_LOGIN_ADVICE = "check the user and the password in `state`, and the server's pg_hba.conf"
_RUNNING_ADVICE = "is PostgreSQL running there?"
_ADVICE_BY_CODE = {  # the start of an SQLSTATE; the first one that matches
    "28": _LOGIN_ADVICE,
    "3D": "create the database first: createdb NAME",
    "42501": "let this user create tables in the database",
    "53300": "raise max_connections of the server, or run fewer workers",
    "53": "free some space on the server's disk",
    "55P03": "another process has locked it: wait for it, or stop it",
    "57P": "the server is stopping or starting; feedpub retries",
    "25006": "this server is a read-only replica; configure the primary's address",
}
_ADVICE_BY_TEXT = {  # for errors of libpq before there is a connection, which have no code
    "authentication failed": _LOGIN_ADVICE,
    "does not exist": "create it first: createdb NAME, createuser NAME",
    "refused": _RUNNING_ADVICE,
    "No such file": _RUNNING_ADVICE,
    "timeout": "is PostgreSQL running there, and can this machine reach it?",
    "resolve": "is the host's name correct?",
}


class PostgresDatabase:
    """A `Database` of a PostgreSQL server.

    Args:
        address: postgresql://user:password@host:port/name, as for libpq. Missing parts come from
            libpq's environment variables and password file.
        timeout_seconds: the maximum wait for a connection, and for another transaction's lock.
        read_only: do not create or migrate tables; the server prevents all changes.
    """

    def __init__(
        self, address: str, *, timeout_seconds: float = 30.0, read_only: bool = False
    ) -> None:
        self._url = _parse_address(address)
        self._name = self._url.render_as_string(hide_password=True).replace("+psycopg", "", 1)
        self._timeout_seconds = timeout_seconds
        self._read_only = read_only
        self._engine_lock = threading.Lock()
        self._engine: Engine | None = None
        self._engines: dict[IsolationLevel, Engine] = {}
        self._thread = threading.local()  # .connection of a thread that holds a lock

    def open(self) -> None:
        """Connect, and migrate the tables to this code's version."""
        with self._wrap_errors():
            self._open_engine()

    def close(self) -> None:
        """Close all connections."""
        if self._engine:
            self._engine.dispose()

    def snapshot(self) -> AbstractContextManager[Connection]:
        """Open a transaction whose queries all see the same state."""
        return self._transaction("REPEATABLE READ")

    def read_transaction(self) -> AbstractContextManager[Connection]:
        """Open a connection for queries without a transaction, which would add two round trips."""
        return self._transaction("AUTOCOMMIT")

    autocommit = read_transaction

    @contextmanager
    def write_transaction(self, lock: str = "") -> Iterator[Connection]:
        """Open a transaction. Those with the same lock run one after the other."""
        with self._transaction("READ COMMITTED") as connection:
            if lock:
                connection.execute(select(func.pg_advisory_xact_lock(_lock_number(lock))))
            yield connection

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:  # noqa: ARG002 -- never called
        """Raise StoreError: only the server's administrator can repair its files."""
        raise StoreError(
            f"{self._name} cannot be rebuilt by feedpub; restore the database from its backup"
        )

    @contextmanager
    def feed_lock(self, name: str) -> Iterator[None]:
        """Hold a lock that excludes all threads and machines which request the same name.

        During the block the thread uses the connection that holds the lock.
        """
        with ExitStack() as stack:
            with self._wrap_errors():
                connection = stack.enter_context(self._open_engine().connect())
                # Before the lock is acquired: the thread may be interrupted just afterwards.
                stack.callback(_unlock, connection, name)
                with connection.begin():
                    connection.execute(text("SET LOCAL lock_timeout = 0"))  # wait for the other run
                    connection.execute(select(func.pg_advisory_lock(_lock_number(name))))
            self._thread.connection = connection
            stack.callback(setattr, self._thread, "connection", None)
            yield

    def check_lock(self) -> None:
        """Check that the connection which holds this thread's lock still works."""
        if self._locked_connection:
            with self.read_transaction() as connection:
                connection.execute(select(1))

    def exists(self) -> bool:
        """Return True if the database contains a state of any version."""
        engine = self._create_engine()
        try:
            with self._wrap_errors(), engine.connect() as connection:
                return bool(schema_repair.schema_version(connection))
        finally:
            engine.dispose()

    def other_connections(self) -> int:
        """Return the number of other connections of feedpub."""
        with self.read_transaction() as connection:
            return int(connection.scalar(_COUNT_OTHERS) or 0)

    @property
    def _locked_connection(self) -> Connection | None:
        return getattr(self._thread, "connection", None)

    @contextmanager
    def _transaction(self, isolation: IsolationLevel) -> Iterator[Connection]:
        locked = self._locked_connection
        with self._wrap_errors():
            if locked and locked.in_transaction():
                yield locked
            elif locked:
                if locked.invalidated:  # SQLAlchemy would connect again, without the lock
                    raise StoreError(
                        f"{self._name}: the connection that held the lock was cut; "
                        "the next run starts again"
                    )
                with locked.execution_options(isolation_level=isolation).begin():
                    yield locked
            else:
                with self._engine_for(isolation).begin() as connection:
                    yield connection

    def _engine_for(self, isolation: IsolationLevel) -> Engine:
        """Return the engine with an isolation level. Each transaction needs one."""
        if (engine := self._engines.get(isolation)) is None:
            engine = self._open_engine().execution_options(isolation_level=isolation)
            self._engines[isolation] = engine
        return engine

    def _open_engine(self) -> Engine:
        with self._engine_lock:
            if self._engine is None:
                engine = self._create_engine()
                try:
                    self._migrate(engine)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    def _create_engine(self) -> Engine:
        settings = {
            **_SESSION_SETTINGS,
            "lock_timeout": f"{self._timeout_seconds * 1000:.0f}",  # milliseconds
        }
        if self._read_only:
            settings["default_transaction_read_only"] = "on"
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        engine = create_engine(
            self._url,
            connect_args={**_CLIENT_SETTINGS, "options": options},
            pool_size=MIN_CONNECTIONS,
            max_overflow=MAX_CONNECTIONS - MIN_CONNECTIONS,
            pool_timeout=self._timeout_seconds,
        )
        event.listen(engine, "checkout", _ensure_open)
        return engine

    def _migrate(self, engine: Engine) -> None:
        with engine.begin() as connection:
            version = schema_repair.schema_version(connection)
            faults: Sequence[str] = ()
            if version == schema.VERSION:
                faults = schema_repair.find_faults(connection)
                if not faults:
                    return
            if self._read_only and version <= schema.VERSION:
                raise StoreError(self._describe_unreadable(version, faults))
            # One of several machines that start at the same time.
            connection.execute(select(func.pg_advisory_xact_lock(_lock_number("tables"))))
            version = schema_repair.schema_version(connection)
            if version > schema.VERSION:
                raise StoreError(
                    f"{self._name} has version {version}, this feedpub knows {schema.VERSION}: "
                    "a newer feedpub wrote it; install that one, or use another database"
                )
            schema_repair.upgrade_schema(connection, version, self._name)

    def _describe_unreadable(self, version: str, faults: Sequence[str]) -> str:
        """Describe why a state cannot be read without changing it."""
        if not version:
            return f"{self._name} contains no state"
        if faults:
            return f"{self._name} needs repairs ({'; '.join(faults)}): `feedpub build` does them"
        return (
            f"{self._name} has version {version}, this feedpub knows {schema.VERSION}: "
            "`feedpub build` migrates it"
        )

    @contextmanager
    def _wrap_errors(self) -> Iterator[None]:
        """Raise errors of the server, with advice, as StoreError."""
        try:
            yield
        except ColumnDecodeError as error:
            raise StoreError(
                f"{self._name}: {error}; restore the database from its backup"
            ) from error
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            raise StoreError(self._format(cause)) from error
        except UnicodeEncodeError as error:  # the caller's text cannot be stored in any database
            raise StoreError(f"{self._name}: {error}") from error

    def _format(self, cause: BaseException) -> str:
        message = " ".join(str(cause).split())
        advice = _advice_for(getattr(cause, "sqlstate", None) or "", message)
        return f"{self._name}: {message}{f'; {advice}' if advice else ''}"


def _advice_for(code: str, message: str) -> str:
    if code:
        for start, advice in _ADVICE_BY_CODE.items():
            if code.startswith(start):
                return advice
        return ""
    for part, advice in _ADVICE_BY_TEXT.items():
        if part in message:
            return advice
    return ""


def _parse_address(address: str) -> URL:
    try:
        return make_url(address).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        # The message leaves the address out, since it may contain a password.
        raise StoreError(
            "`state` is not the address of a database; write for example "
            "postgresql://feedpub@db.example.org/feedpub"
        ) from None


def _lock_number(name: str) -> ColumnElement[int]:
    """Return the number of an advisory lock, in a namespace of feedpub's."""
    return func.hashtextextended(f"feedpub {name}", 0)


def _unlock(connection: Connection, name: str) -> None:
    """Release a lock. If that fails, close the connection, which releases it as well."""
    try:
        connection.rollback()
        with connection.begin():
            connection.execute(select(func.pg_advisory_unlock(_lock_number(name))))
    except SQLAlchemyError:
        connection.invalidate()


def _ensure_open(
    connection: DBAPIConnection,
    record: ConnectionPoolEntry,  # noqa: ARG001 -- SQLAlchemy's signature
    proxy: PoolProxiedConnection,  # noqa: ARG001 -- SQLAlchemy's signature
) -> None:
    """Raise DisconnectionError if the server has closed an idle connection.

    Such a connection has data to read before a query was sent.
    """
    readiness = poll()  # select() is limited to descriptors up to 1,023
    readiness.register(connection.fileno(), POLLIN)
    if readiness.poll(0):
        raise DisconnectionError("the server has closed the connection")
