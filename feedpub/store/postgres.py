"""The state in PostgreSQL, for several machines; all that is PostgreSQL's own stands here.

Locks that outlast a transaction are the session's advisory locks: they end with the connection of a process that dies.
A thread that has one does all its work on that connection. So a lock that was lost, because the server was started
anew or the network cut, is noticed by the next transaction, and nothing that was read under it is ever written.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select as select_ready

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, IsolationLevel
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from feedpub.errors import StoreError
from feedpub.store import schema
from feedpub.store.columns import UnreadableError

CONNECTIONS = 4  # that are kept open
MOST = 80  # connections at once: each run has one while it is alone with its feed
_SCHEMES = ("postgresql://", "postgres://")
# A machine that vanishes with a lock is noticed by the server within half a minute, and not after two hours.
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
_CLIENT = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_ADVICE = (  # the first digits of an SQLSTATE, or words of libpq, and what helps
    ("28", "look at the user and the password in `state`, and at the server's pg_hba.conf"),
    ("3D", "make the database first: createdb NAME"),
    ("42501", "let this user create tables in the database"),
    ("53300", "raise max_connections of the server, or run fewer workers"),
    ("53", "make room on the server's disk"),
    ("57P", "the server is being stopped or started; it is tried again"),
    ("25006", "this server is a copy that only reads; write the main one's address"),
    ("authentication failed", "look at the user and the password in `state`, and at the server's pg_hba.conf"),
    ("does not exist", "make it first: createdb NAME, createuser NAME"),
    ("refused", "is PostgreSQL running there?"),
    ("No such file", "is PostgreSQL running there?"),
    ("timeout", "is PostgreSQL running there, and does the network let this machine ask it?"),
    ("resolve", "is the host's name right?"),
)


def is_address(place: object) -> bool:
    """Whether a place of a state is an address of a database, and no folder."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


class PostgresDatabase:
    """A database of a PostgreSQL server: `Database`.

    Args:
        address: postgresql://user:password@host:port/name, as libpq has it; what it leaves out comes from libpq's
            environment variables and password file.
        patience: seconds that a transaction waits for another's lock, and for a connection.
    """

    def __init__(self, address: str, *, patience: float = 30.0) -> None:
        self._url = _url(address)
        self._name = self._url.render_as_string(hide_password=True).replace("+psycopg", "", 1)
        self._patience = patience
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

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of things."""
        with self._transaction("REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def writing(self, turn: str = "") -> Iterator[Connection]:
        """A transaction; those of one turn go one after the other."""
        with self._transaction("READ COMMITTED") as connection:
            if turn:
                connection.execute(select(func.pg_advisory_xact_lock(_key(turn))))
            yield connection

    def renew(self, fill: Callable[[Path], None]) -> Path | None:  # noqa: ARG002 -- never called
        """Never: what is wrong with a server's files is the server's to mend."""
        raise StoreError(f"{self._name}: it cannot be built anew from here; restore it from its backup")

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """One at a time, of all nodes; all that the thread does meanwhile is done on the connection that has the lock.

        Raises:
            StoreError: the server cannot be asked; also in the middle, where the lock is lost.
        """
        with self._explained(), self._opened().connect() as connection:
            with connection.begin():
                connection.execute(select(func.pg_advisory_lock(_key(name))))
            self._mine.connection = connection
            try:
                yield
            finally:
                self._mine.connection = None
                _let_go(connection, name)

    def hold(self) -> None:
        """Ask the server on the connection that has the lock: where that answers, it has it still."""
        if self._alone:
            with self.reading() as connection:
                connection.execute(select(1))

    def lying_aside(self) -> tuple[Path, ...]:
        """None."""
        return ()

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
                with mine.begin():
                    yield mine
            else:
                with self._opened().execution_options(isolation_level=isolation).begin() as connection:
                    yield connection

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
            connect_args={**_CLIENT, "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items())},
            pool_size=CONNECTIONS,
            max_overflow=MOST - CONNECTIONS,
            pool_timeout=self._patience,
        )
        event.listen(engine, "checkout", _not_cut)
        return engine

    def _migrate(self, engine: Engine) -> None:
        with engine.begin() as connection:
            version = _version(connection)
            if version == schema.VERSION:
                return
            connection.execute(select(func.pg_advisory_xact_lock(_key("tables"))))  # of several nodes that start
            version = _version(connection)
            if version > schema.VERSION:
                raise StoreError(
                    f"{self._name} has version {version}, this feedpub knows {schema.VERSION}: "
                    "a newer feedpub wrote it; install that one, or use another database"
                )
            from feedpub import migrations  # noqa: PLC0415 -- Alembic is slow to import and rarely needed

            if version:
                migrations.upgrade(connection)
            else:
                schema.metadata.create_all(connection)
                migrations.stamp(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The boundary where what goes wrong with the server becomes ours."""
        try:
            yield
        except UnreadableError as error:
            raise StoreError(f"{self._name}: {error}; restore the database from its backup") from error
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            raise StoreError(self._said(cause)) from error
        except UnicodeEncodeError as error:  # a text that no database holds: the caller's
            raise StoreError(f"{self._name}: {error}") from error

    def _said(self, cause: BaseException) -> str:
        said = " ".join(str(cause).split())
        code = getattr(cause, "sqlstate", None) or ""
        advice = next((advice for sign, advice in _ADVICE if code.startswith(sign) or sign in said), "")
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


def _version(connection: Connection) -> str:
    """The version of the tables; "" where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _let_go(connection: Connection, name: str) -> None:
    """Give a lock back; a connection on which that cannot be done is closed, which does the same."""
    try:
        connection.rollback()
        with connection.begin():
            connection.execute(select(func.pg_advisory_unlock(_key(name))))
    except SQLAlchemyError:
        connection.invalidate()


def _not_cut(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:  # noqa: ARG001 -- SQLAlchemy's
    """A connection that has something to say before it is asked was ended by the server: take another one."""
    if select_ready([connection.fileno()], [], [], 0)[0]:
        raise DisconnectionError("ended by the server")
