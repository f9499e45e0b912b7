"""`feedpub state`: what feedpub remembers, as a whole."""

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

    FROM and TO are folders, addresses of PostgreSQL databases, or env:NAME, an address in an environment variable. Use
    env:NAME for an address with a password, because every user of the machine can read command lines.

    The copy is complete, or TO stays empty. FROM is not changed. Entries keep their ids, and no source is fetched in
    full again. Stop all processes that use FROM before you copy it. Afterwards, set `state` in the config to TO.

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

    origin, goal = parse_state_location(source), parse_state_location(target)
    if origin == goal:
        raise ConfigError("FROM and TO are the same place")
    with _no_service(origin), Store.read_only(origin) as original:
        _check_unused(original, "FROM")
        with _no_service(goal), Store.open(goal) as other:
            _check_unused(other, "TO")
            with _progress() as progress:
                rows = original.copy_to(other, progress)
            entries = other.stats.entry_counts()
    of = f"{pluralize(sum(entries.values()), 'entry', 'entries')} of {pluralize(len(entries), 'feed')} among them"
    echo(f"copied {pluralize(rows, 'row')}, {of}; FROM is as it was")
    echo(
        f"next: write state = {_setting(target)} into the config's [feedpub], and start feedpub again"
    )


@contextmanager
def _no_service(place: Path | str) -> Iterator[None]:
    """No service works on a folder meanwhile, and none may start. Raises ServiceError."""
    from feedpub.service import service_lock

    if isinstance(place, Path) and place.exists():
        with service_lock(place):
            yield
    else:
        yield


def _check_unused(store: "Store", place: str) -> None:
    """Where others write meanwhile, what they write is lost. Raises StoreError."""
    from feedpub.core.errors import StoreError

    if others := store.other_connections():
        raise StoreError(
            f"feedpub is at work on {place}, with {pluralize(others, 'connection')}: end it first, on every machine; "
            "connections that only wait are gone two minutes after their last question"
        )


def _progress() -> AbstractContextManager[Callable[[str, int], object]]:
    return progress_counter() if sys.stderr.isatty() else nullcontext(lambda _table, _rows: None)


def _setting(target: str) -> str:
    """The place as the config has it.

    An address that may hold a password is better not written there.
    """
    if target.startswith("env:"):
        return f'{{ env = "{target.removeprefix("env:")}" }}'
    if "://" in target and "@" in target and ":" in target.split("://")[1].rpartition("@")[0]:
        return '{ file = "…" }, with the address in a file that only feedpub may read,'
    return f'"{target}"' if "://" in target else f'"{Path(target).absolute()}"'
