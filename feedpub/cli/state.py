"""`feedpub state`: copy the state to another place."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.terminal import echo, progress_counter
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from feedpub.store import Store


@click.group()
def state() -> None:
    """Copy the state to another place.

    \b
    Examples:
      feedpub state copy .feedpub postgresql://feedpub@db.example.org/feedpub

    Exit status: 0, 1 if the state cannot be copied, 2 if a place is not valid.
    """


@state.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """Copy a state into an empty one, in a folder or in PostgreSQL.

    FROM and TO are folders, addresses of PostgreSQL databases, or env:NAME, an address in an
    environment variable. Use env:NAME for an address with a password, because every user of the
    machine can read command lines.

    The copy is complete, or TO stays empty. FROM is not changed. Entries keep their ids, and no
    source is fetched in full again. Stop all processes that use FROM before you copy it.
    Afterwards, set `state` in the config to TO.

    \b
    Examples:
      feedpub state copy .feedpub postgresql://feedpub@db.example.org/feedpub
      feedpub state copy /var/lib/feedpub env:FEEDPUB_STATE
      feedpub state copy env:FEEDPUB_STATE .feedpub

    Exit status: 0, 1 if the state cannot be copied, 2 if a place is not valid.
    """
    from feedpub.config import parse_state_location
    from feedpub.core.errors import ConfigError
    from feedpub.store import Store

    origin, destination = parse_state_location(source), parse_state_location(target)
    if origin == destination:
        raise ConfigError("FROM and TO are the same place")
    with _lock_folder(origin), Store.read_only(origin) as original:
        _check_unused(original, "FROM")
        with _lock_folder(destination), Store.open(destination) as other:
            _check_unused(other, "TO")
            with _show_progress() as progress:
                rows = original.copy_to(other, progress)
            counts = other.stats.entry_counts()
    entries = pluralize(sum(counts.values()), "entry", "entries")
    feeds = pluralize(len(counts), "feed")
    echo(f"copied {pluralize(rows, 'row')}, including {entries} of {feeds}; FROM is unchanged")
    echo(f"next: set {_format_setting(target)} under [feedpub] in the config, and start feedpub")


@contextmanager
def _lock_folder(location: Path | str) -> Iterator[None]:
    """Keep services from using a state folder.

    Raises:
        ServiceError: A service uses it.
    """
    from feedpub.service import service_lock

    if isinstance(location, Path) and location.exists():
        with service_lock(location):
            yield
    else:
        yield


def _check_unused(store: "Store", name: str) -> None:
    """Check that no other process is connected, because its changes would be lost.

    Raises:
        StoreError: Another process is connected.
    """
    from feedpub.core.errors import StoreError

    others = store.other_connections()
    if others:
        raise StoreError(
            f"{name} is in use, with {pluralize(others, 'other connection')}; stop feedpub on "
            "every machine first (idle connections close after two minutes)"
        )


def _show_progress() -> AbstractContextManager[Callable[[str, int], object]]:
    return progress_counter() if sys.stderr.isatty() else nullcontext(lambda _table, _rows: None)


def _format_setting(target: str) -> str:
    """Return the line of the config that selects a state, without a password."""
    if target.startswith("env:"):
        return f'state = {{ env = "{target.removeprefix("env:")}" }}'
    if "://" not in target:
        return f'state = "{Path(target).absolute()}"'
    user, at, _ = target.split("://")[1].rpartition("@")
    if at and ":" in user:  # a password; the config can be readable for other users
        return 'state = { file = "FILE" }, with the address in a FILE that only feedpub can read,'
    return f'state = "{target}"'
