"""The state in PostgreSQL, for several machines; all that is PostgreSQL's own stands here.

Locks that outlast a transaction are the session's advisory locks: they end with the connection of a
process that dies. A thread that has one does all its work on that connection. So a lock that was
lost, because the server was started anew or the network cut, is noticed by the next transaction,
and nothing that was read under it is ever written.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from select import POLLIN, poll

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

CONNECTIONS = 4  # that are kept open
MOST = 80  # connections at once: each run has one while it is alone with its feed
# A machine that vanishes with a lock is noticed by the server within half a minute, and not after
# two hours.
_SESSION = {
    "application_name": "feedpub",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
    # A process that is stopped in the middle of something gives up its locks, too.
    "idle_session_timeout": "120s",
    "idle_in_transaction_session_timeout": "60s",
}
_CLIENT = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30000,
}
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
)
_RIGHTS = "look at the user and the password in `state`, and at the server's pg_hba.conf"
_RUNNING = "is PostgreSQL running there?"
_OF_CODES = {  # how an SQLSTATE begins: the first that fits
    "28": _RIGHTS,
    "3D": "make the database first: createdb NAME",
    "42501": "let this user create tables in the database",
    "53300": "raise max_connections of the server, or run fewer workers",
    "53": "make room on the server's disk",
    "55P03": "another process holds it: wait for it, or end it",
    "57P": "the server is being stopped or started; it is tried again",
    "25006": "this server is a copy that only reads; write the main one's address",
}
_OF_WORDS = {  # of libpq, which gives what happens before there is a connection no code
    "authentication failed": _RIGHTS,
    "does not exist": "make it first: createdb NAME, createuser NAME",
    "refused": _RUNNING,
    "No such file": _RUNNING,
    "timeout": "is PostgreSQL running there, and does the network let this machine ask it?",
    "resolve": "is the host's name right?",
}


class PostgresDatabase:
    """A database of a PostgreSQL server: `Database`.

    Args:
        address: postgresql://user:password@host:port/name, as libpq has it; what it leaves out
            comes from libpq's environment variables and password file.
        patience: seconds that a transaction waits for another's lock, and for a connection.
        untouched: only read it, as it is: no table is made or brought up to date, and the server
            holds us to it.
    """

    def __init__(self, address: str, *, patience: float = 30.0, untouched: bool = False) -> None:
        self._url = _url(address)
        self._name = self._url.render_as_string(hide_password=True).replace("+psycopg", "", 1)
        self._patience = patience
        self._untouched = untouched
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._mine = threading.local()  # the connection of a thread that is alone with something

    def open(self) -> None:
        """Connect, and bring the tables to the version of this code."""
        with self._explained():
            self._opened()

    def close(self) -> None:
        """Close every connection."""
        if self._engine:
            self._engine.dispose()

    def snapshot(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of things."""
        return self._transaction("REPEATABLE READ")

    def read_transaction(self) -> AbstractContextManager[Connection]:
        """No transaction.

        That would be two more questions to the server for each one that is asked.
        """
        return self._transaction("AUTOCOMMIT")

    autocommit = read_transaction

    @contextmanager
    def write_transaction(self, turn: str = "") -> Iterator[Connection]:
        """A transaction; those of one turn go one after the other."""
        with self._transaction("READ COMMITTED") as connection:
            if turn:
                connection.execute(select(func.pg_advisory_xact_lock(_key(turn))))
            yield connection

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:  # noqa: ARG002 -- never called
        """Never: what is wrong with a server's files is the server's to mend."""
        raise StoreError(
            f"{self._name}: it cannot be built anew from here; restore it from its backup"
        )

    @contextmanager
    def feed_lock(self, name: str) -> Iterator[None]:
        """One at a time, of all nodes; all that the thread does meanwhile is done on the connection that has the lock.

        Raises:
            StoreError: the server cannot be asked.
        """
        with ExitStack() as stack:
            with self._explained():
                connection = stack.enter_context(self._opened().connect())
                stack.callback(
                    _let_go, connection, name
                )  # before it is taken: whoever is interrupted may have it
                with connection.begin():
                    connection.execute(
                        text("SET LOCAL lock_timeout = 0")
                    )  # a run takes what it takes
                    connection.execute(select(func.pg_advisory_lock(_key(name))))
            self._mine.connection = connection
            stack.callback(setattr, self._mine, "connection", None)
            yield

    def check_lock(self) -> None:
        """Ask the server on the connection that has the lock.

        Where that answers, it has it still.
        """
        if self._alone:
            with self.read_transaction() as connection:
                connection.execute(select(1))

    def quarantined_files(self) -> tuple[Path, ...]:
        """None."""
        return ()

    def exists(self) -> bool:
        """Whether there are tables of ours, of whichever version."""
        engine = self._made()
        try:
            with self._explained(), engine.connect() as connection:
                return bool(schema_repair.schema_version(connection))
        finally:
            engine.dispose()

    def other_connections(self) -> int:
        """How many connections of feedpub's there are beside the one that asks."""
        with self.read_transaction() as connection:
            return int(connection.scalar(_OTHERS) or 0)

    @property
    def _alone(self) -> Connection | None:
        return getattr(self._mine, "connection", None)

    @contextmanager
    def _transaction(self, isolation: IsolationLevel) -> Iterator[Connection]:
        mine = self._alone
        with self._explained():
            if mine and mine.in_transaction():
                yield mine
            elif mine:
                self._check_still_alone(mine)
                with mine.execution_options(isolation_level=isolation).begin():
                    yield mine
            else:
                with (
                    self._opened()
                    .execution_options(isolation_level=isolation)
                    .begin() as connection
                ):
                    yield connection

    def _check_still_alone(self, mine: Connection) -> None:
        """SQLAlchemy would connect anew, without the lock."""
        if mine.invalidated:
            raise StoreError(
                f"{self._name}: the connection that had the lock was cut; the next run begins anew"
            )

    def _opened(self) -> Engine:
        with self._lock:
            if self._engine is None:
                engine = self._made()
                try:
                    self._migrate(engine)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    def _made(self) -> Engine:
        engine = create_engine(
            self._url,
            connect_args={
                **_CLIENT,
                "options": " ".join(f"-c {name}={value}" for name, value in self._session()),
            },
            pool_size=CONNECTIONS,
            max_overflow=MOST - CONNECTIONS,
            pool_timeout=self._patience,
        )
        event.listen(engine, "checkout", _not_cut)
        return engine

    def _session(self) -> Iterator[tuple[str, str]]:
        yield from _SESSION.items()
        yield "lock_timeout", f"{self._patience * 1000:.0f}"  # milliseconds
        if self._untouched:
            yield "default_transaction_read_only", "on"

    def _migrate(self, engine: Engine) -> None:
        with engine.begin() as connection:
            version = schema_repair.schema_version(connection)
            faults = schema_repair.find_faults(connection) if version == schema.VERSION else []
            if version == schema.VERSION and not faults:
                return
            if self._untouched and version <= schema.VERSION:
                raise StoreError(self._as_it_is(version, faults))
            connection.execute(
                select(func.pg_advisory_xact_lock(_key("tables")))
            )  # of several nodes that start
            version = schema_repair.schema_version(connection)
            if version > schema.VERSION:
                raise StoreError(
                    f"{self._name} has version {version}, this feedpub knows {schema.VERSION}: "
                    "a newer feedpub wrote it; install that one, or use another database"
                )
            schema_repair.upgrade_schema(connection, version, self._name)

    def _as_it_is(self, version: str, faults: Sequence[str]) -> str:
        """Say why a state that is not to be touched cannot be read."""
        if not version:
            return f"{self._name} holds no state of feedpub's"
        if faults:
            return f"{self._name} is not in order ({'; '.join(faults)}): `feedpub build` repairs it"
        return (
            f"{self._name} has version {version}, this feedpub knows {schema.VERSION}: "
            "`feedpub build` brings it up to date"
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The boundary where what goes wrong with the server becomes ours."""
        try:
            yield
        except ColumnDecodeError as error:
            raise StoreError(
                f"{self._name}: {error}; restore the database from its backup"
            ) from error
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            raise StoreError(self._said(cause)) from error
        except UnicodeEncodeError as error:  # a text that no database holds: the caller's
            raise StoreError(f"{self._name}: {error}") from error

    def _said(self, cause: BaseException) -> str:
        said = " ".join(str(cause).split())
        code = getattr(cause, "sqlstate", None) or ""
        of_code = (advice for sign, advice in _OF_CODES.items() if code.startswith(sign))
        of_words = (advice for sign, advice in _OF_WORDS.items() if sign in said and not code)
        advice = next(chain(of_code, of_words), "")
        return f"{self._name}: {said}{f'; {advice}' if advice else ''}"


def _url(address: str) -> URL:
    try:
        return make_url(address).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):  # without the address, which may hold a password
        raise StoreError(
            "the address of the state is none of a database; write for example postgresql://feedpub@db.example.org/feedpub"
        ) from None


def _key(name: str) -> ColumnElement[int]:
    """The number by which PostgreSQL knows a lock; those of feedpub's begin with its name."""
    return func.hashtextextended(f"feedpub {name}", 0)


def _let_go(connection: Connection, name: str) -> None:
    """Give a lock back.

    A connection on which that cannot be done is closed, which does the same.
    """
    try:
        connection.rollback()
        with connection.begin():
            connection.execute(select(func.pg_advisory_unlock(_key(name))))
    except SQLAlchemyError:
        connection.invalidate()


def _not_cut(
    connection: DBAPIConnection,
    record: ConnectionPoolEntry,  # noqa: ARG001 -- SQLAlchemy's
    proxy: PoolProxiedConnection,  # noqa: ARG001 -- SQLAlchemy's
) -> None:
    """A connection that has something to say before it is asked was ended by the server.

    Take another one.
    """
    probe = poll()  # select() knows no descriptor above 1,023
    probe.register(connection.fileno(), POLLIN)
    if probe.poll(0):
        raise DisconnectionError("ended by the server")
