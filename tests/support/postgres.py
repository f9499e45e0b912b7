"""A real PostgreSQL server: the one in $FEEDPUB_TEST_POSTGRES, or one in a temporary folder.

`python -m tests.support.postgres` runs one until it is interrupted. It prints its address first.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

VARIABLE = "FEEDPUB_TEST_POSTGRES"
SKIP_REASON = (
    f"no PostgreSQL: install it (apt install postgresql), or start one and name it in {VARIABLE}, "
    "as in postgresql://postgres@127.0.0.1:5432/postgres"
)
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}  # test data needs no durability
_numbers = count(1)


@dataclass
class Server:
    """A PostgreSQL server. If it is the test's own, it can be stopped and started.

    Attributes:
        address: The address of the template database.
    """

    address: str
    _folder: Path | None = None
    _settings: Mapping[str, str] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    def create_database(self, template: str = "template1") -> str:
        """Create a database and return its address."""
        name = f"feedpub_{os.getpid()}_{next(_numbers)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        for _ in range(100):  # a closed connection to the template can still be ending
            with (
                suppress(psycopg.errors.ObjectInUse),
                psycopg.connect(self.address, autocommit=True) as connection,
            ):
                connection.execute(make)
                break
            time.sleep(0.05)
        return f"{self.address.rpartition('/')[0]}/{name}"

    def drop_database(self, address: str) -> None:
        """Remove a database despite its connections."""
        name = sql.Identifier(address.rpartition("/")[2])
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def require_password(self, user: str, password: str) -> None:
        """Create a user who needs a password; all others are trusted."""
        assert self._folder
        rules = self._folder / "data" / "pg_hba.conf"
        rules.write_text(f"host all {user} all scram-sha-256\n{rules.read_text()}")
        make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(user), password)
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(make)
            connection.execute("SELECT pg_reload_conf()")

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        assert self._folder
        options = [
            part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")
        ]
        command = [
            *_as_nobody(),
            _binary("postgres") or "postgres",
            "-D",
            str(self._folder / "data"),
            *options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log)  # noqa: S603 -- the system's PostgreSQL
        for _ in range(300):
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(self.address, connect_timeout=1),
            ):
                return
            time.sleep(0.05)
        raise RuntimeError((self._folder / "log").read_text())

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """Return the process of an own server."""
        assert self._process
        return self._process

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT closes all connections, SIGQUIT simulates a crash."""
        assert self._process
        self._process.send_signal(how)
        self._process.wait(60)


def is_available() -> bool:
    """Return True if a PostgreSQL server can be used or started."""
    return bool(os.environ.get(VARIABLE)) or _binary("initdb") is not None


@contextmanager
def running_server() -> Iterator[Server]:
    """Return the server of the environment, or run one."""
    if address := os.environ.get(VARIABLE):
        yield Server(address)
    else:
        with temporary_server() as server:
            yield server


@contextmanager
def temporary_server(
    address: str = "127.0.0.1", network: str = "127.0.0.0/8", **settings: str
) -> Iterator[Server]:
    """Run a server in a temporary folder, which can be stopped and started.

    Args:
        address: The address that it listens on.
        network: The network that can connect.
        settings: Settings of postgresql.conf, instead of those that trade durability for speed.
    """
    with tempfile.TemporaryDirectory(prefix="feedpub-postgres-") as name:
        folder, port = Path(name), _free_port(address)
        _initialise(folder, network)
        chosen = (
            {"listen_addresses": address, "port": str(port), "unix_socket_directories": name}
            | _FAST
            | settings
        )
        server = Server(f"postgresql://postgres@{address}:{port}/postgres", folder, chosen)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _initialise(folder: Path, network: str) -> None:
    """Create the server's files.

    The server refuses to run as root, so they belong to another user then.
    """
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    making = [
        *_as_nobody(),
        _binary("initdb") or "initdb",
        "-D",
        str(folder / "data"),
        "-A",
        "trust",
        "-U",
        "postgres",
    ]
    subprocess.run(  # noqa: S603
        [*making, "-E", "UTF8", "--no-sync"], check=True, capture_output=True, cwd=folder
    )
    with (folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {network} trust\n")


def _as_nobody() -> list[str]:
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        if os.getuid() == 0
        else []
    )


@cache
def _binary(name: str) -> str | None:
    """Return a program of the newest installed PostgreSQL.

    Distributions install them outside of the path.
    """
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
    )
    return str(versions[-1]) if versions else shutil.which(name)


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    if not is_available():
        sys.exit(SKIP_REASON)
    with temporary_server(max_connections="200") as running:
        print(running.address, flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.pause()
