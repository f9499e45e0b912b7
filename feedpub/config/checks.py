"""What is allowed in a config and probably not meant: `feedpub check` says it."""

import ipaddress
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from feedpub.config import types
from feedpub.config.errors import ConfigFinding, collect_findings
from feedpub.config.files import MergedConfig, find_feed_files
from feedpub.config.locations import is_postgres_address, is_s3_address
from feedpub.config.models import Config, FeedConfig, GlobalSettings
from feedpub.config.secrets import Secret
from feedpub.config.sources import FolderSource, RemoteSource
from feedpub.config.toml_lines import KeyPath
from feedpub.config.types import check_selector, resolve_in_folder

_TELLING = re.compile(
    "auth|cookie|key|secret|session|token", re.IGNORECASE
)  # headers that let someone in


def find_warnings(config: Config, path: Path) -> list[str]:
    """One sentence a warning about the config that was loaded from `path`.

    Looks at files, not at the network.
    """
    found = (*_settings(config.feedpub), *_feeds(config))
    return [*(f"{path}: {text}" for text in found), *readable_secrets(config, path)]


def readable_secrets(config: Config, path: Path) -> list[str]:
    """One sentence for each place where others can read a secret of the config that was loaded from `path`."""
    return list(_exposed(config, path))


def _settings(settings: GlobalSettings) -> Iterator[str]:
    if settings.base_url == GlobalSettings.model_fields["base_url"].default:
        yield f'base_url is "{settings.base_url}", an example; write the address that the feeds are served at'
    if not settings.contact:
        yield 'contact is empty; write an address where the owners of sites reach you, as in "https://example.org/about"'
    for network in settings.allow_private:
        if ipaddress.ip_network(network).prefixlen == 0:
            yield f'allow_private holds "{network}", every address there is; name only the networks that you read'


def _feeds(config: Config) -> Iterator[str]:
    if not config.feed:
        yield "there is no feed in it; write a first one under [[feed]]"
    for feed in config.feed:
        for source in feed.source:
            if isinstance(source, FolderSource) and not source.path.is_dir():
                yield f'feed "{feed.name}": there is no folder {source.path}'


def _exposed(config: Config, path: Path) -> Iterator[str]:
    shared = _shared_secrets(config)
    of_feeds = {feed.name: secrets for feed in config.feed if (secrets := _secrets_of(feed))}
    plain = any(
        isinstance(secret, SecretStr) for secrets in of_feeds.values() for secret in secrets
    )
    places = {name: file for name, file, _ in find_feed_files(path)} if plain else {}
    for owner, secrets in shared.items():
        yield from _exposed_by(owner, secrets, path)
    for name, secrets in of_feeds.items():
        yield from _exposed_by(f'feed "{name}"', secrets, places.get(name, path))


def _exposed_by(owner: str, secrets: Sequence[SecretStr | Secret], file: Path) -> Iterator[str]:
    """What others can read of the secrets that somebody has, in the file where they are written."""
    if any(isinstance(secret, SecretStr) for secret in secrets) and _open_to_others(file):
        yield (
            f"{file}: {owner} has a secret in this file, which others can read; run chmod 600, or write "
            '{ env = "NAME" } or { file = "path" } in its place'
        )
    for secret in secrets:
        if isinstance(secret, Secret) and secret.file and _open_to_others(secret.file):
            yield f"{file}: {owner}: others can read the secret in {secret.file}; run chmod 600"


def _shared_secrets(config: Config) -> dict[str, list[SecretStr | Secret]]:
    email = config.alerts.email
    return {
        "[feedpub]": _given(*_password_of(config.feedpub.state)),
        "[http]": _given(config.http.admin_token),
        "[s3]": _given(config.s3.key, config.s3.secret),
        "[alerts]": _given(config.alerts.webhook, email.password if email else None),
    }


def _password_of(state: Path | SecretStr | Secret) -> Iterator[SecretStr | Secret]:
    """What is secret about the place of a state: an address that holds a password."""
    if isinstance(state, Secret) or (
        isinstance(state, SecretStr) and urlsplit(state.get_secret_value()).password
    ):
        yield state


def _given(*secrets: SecretStr | Secret | None) -> list[SecretStr | Secret]:
    return [secret for secret in secrets if secret is not None]


def _secrets_of(feed: FeedConfig) -> list[SecretStr | Secret]:
    return [
        secret
        for source in feed.source
        if isinstance(source, RemoteSource)
        for secret in _secrets_in(source)
    ]


def _secrets_in(source: RemoteSource) -> Iterator[SecretStr | Secret]:
    yield from source.cookies.values()
    yield from (value for name, value in source.headers.items() if _TELLING.search(name))
    if source.auth:
        yield source.auth.password
    if source.proxy and (
        isinstance(source.proxy, Secret) or "@" in source.proxy.get_secret_value()
    ):
        yield source.proxy


def _open_to_others(path: Path) -> bool:
    """True where a file can be read by its group or by everyone."""
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


# SECTION: What is wrong between settings that are each well by themselves.
#
# Reads the document as parsed, so that these findings come together with all others and not only
# once those are mended.

Table = Mapping[str, object]


def check_conflicts(document: Table, whole: MergedConfig, file: Path) -> Iterator[ConfigFinding]:
    """Every conflict in the document of a config.

    Args:
        document: as parsed, with the feeds of all files.
        whole: knows where they stand.
        file: the main one.
    """
    feeds = list(_tables(document, (), "feed"))
    yield from _same_names(feeds, whole)
    for path, feed in feeds:
        if "every" in feed and "cron" in feed:
            yield ConfigFinding((*path, "cron"), "stands beside every; keep the one that you want")
        yield from _bounds(path, feed)
        yield from _same_sources(path, feed)
    yield from _queue(document.get("feedpub"))
    yield from _half_a_key(document.get("s3"))
    yield from _rules(document.get("rules"), file.parent)
    yield from _folders(document, feeds, Path(os.path.abspath(file)))  # noqa: PTH100 -- see values.locate


def _tables(table: Table, path: KeyPath, key: str) -> Iterator[tuple[KeyPath, Table]]:
    """The tables of an array of tables, with their paths.

    Whatever else stands there is pydantic's to refuse.
    """
    array = table.get(key)
    for index, item in enumerate(array if isinstance(array, list) else ()):
        if isinstance(item, dict):
            yield (*path, key, index), item


def _same_names(feeds: list[tuple[KeyPath, Table]], whole: MergedConfig) -> Iterator[ConfigFinding]:
    places: dict[str, KeyPath] = {}
    for path, feed in feeds:
        name, place = feed.get("name"), (*path, "name")
        if isinstance(name, str) and name in places:
            yield ConfigFinding(
                place,
                f"the feed {whole.describe_position(places[name], place)} has the same name; write another",
            )
        elif isinstance(name, str):
            places[name] = place


def _bounds(path: KeyPath, feed: Table) -> Iterator[ConfigFinding]:
    """A shortest time between two looks that is longer than the longest."""
    shortest, longest = (_duration(feed, name) for name in ("min_every", "max_every"))
    if shortest is None or longest is None or shortest <= longest:
        return
    if "min_every" in feed:
        yield ConfigFinding(
            (*path, "min_every"),
            f'longer than max_every, "{types.format_duration(longest)}"; write a shorter one',
        )
    else:
        yield ConfigFinding(
            (*path, "max_every"),
            f'shorter than min_every, "{types.format_duration(shortest)}"; write a longer one',
        )


def _duration(feed: Table, name: str) -> timedelta | None:
    try:
        return types.parse_duration(feed.get(name, FeedConfig.model_fields[name].default))
    except ValueError:  # told where the value itself is checked
        return None


def _same_sources(path: KeyPath, feed: Table) -> Iterator[ConfigFinding]:
    numbers: dict[object, int] = {}
    for place, source in _tables(feed, path, "source"):
        key = "path" if "path" in source else "url"
        address = source.get(key)
        identity = (
            os.path.normpath(address) if key == "path" and isinstance(address, str) else address
        )
        if isinstance(identity, str) and identity in numbers:
            yield ConfigFinding(
                (*place, key),
                f"the same as that of source {numbers[identity]}; make the two one source",
            )
        elif isinstance(identity, str):
            numbers[identity] = int(place[-1]) + 1


def _folders(
    document: Table, feeds: list[tuple[KeyPath, Table]], file: Path
) -> Iterator[ConfigFinding]:
    """Folders that would publish what is private, or read what is published."""
    settings = document.get("feedpub")
    output, state = (_setting(settings, name, file.parent) for name in ("output", "state"))
    if output is None:
        return
    if file.is_relative_to(output):
        yield ConfigFinding(
            ("feedpub", "output"),
            'holds this config, which would be published; write for example "../feeds"',
        )
    if state and state.is_relative_to(output):
        yield ConfigFinding(
            ("feedpub", "state"),
            "lies in the output folder and would be published; write a folder beside it",
        )
    for path, feed in feeds:
        for place, source in _tables(feed, path, "source"):
            articles = _path(source.get("path"), file.parent)
            if articles and (articles.is_relative_to(output) or output.is_relative_to(articles)):
                yield ConfigFinding(
                    (*place, "path"),
                    f'overlaps the output folder "{output}"; keep articles elsewhere',
                )


def _queue(settings: object) -> Iterator[ConfigFinding]:
    if (
        isinstance(settings, dict)
        and settings.get("queue") is True
        and not is_postgres_address(settings.get("state"))
    ):
        yield ConfigFinding(
            ("feedpub", "queue"),
            "needs the state in PostgreSQL, which keeps the queue, too; write for example "
            'state = "postgresql://feedpub@db.example.org/feedpub"',
        )


def _half_a_key(storage: object) -> Iterator[ConfigFinding]:
    """An access key without its secret, or the other way round."""
    given = (
        [name for name in ("key", "secret") if name in storage] if isinstance(storage, dict) else []
    )
    if len(given) == 1:
        other = "secret" if given == ["key"] else "key"
        yield ConfigFinding(
            ("s3", given[0]),
            f"stands without {other}; write both, or none to use the environment's",
        )


def _rules(written: object, folder: Path) -> Iterator[ConfigFinding]:
    """Folders of rules that are not there, though the config names them."""
    wanted = {
        "sites": "a folder with a file for each host",
        "ftr_site_config": "where ftr-site-config was checked out",
    }
    for name, what in wanted.items():
        path = _path(written.get(name), folder) if isinstance(written, dict) else None
        if path and not path.is_dir():
            yield ConfigFinding(
                ("rules", name), f"there is no folder {path}; write {what}, or leave the line out"
            )


def _setting(settings: object, name: str, folder: Path) -> Path | None:
    default = str(GlobalSettings.model_fields[name].default)
    written = settings.get(name, default) if isinstance(settings, dict) else default
    return None if is_postgres_address(written) else _path(written, folder)


def _path(value: object, folder: Path) -> Path | None:
    try:
        return (
            resolve_in_folder(value, folder)
            if isinstance(value, str) and not is_s3_address(value)
            else None
        )
    except ValueError:  # told where the value itself is checked
        return None


# SECTION: What the config would say of a feed, or of a selector, that is not in it yet: for those
# who write configs.


def validate_feed(feed: Mapping[str, object]) -> tuple[ConfigFinding, ...]:
    """Everything that is wrong with a `[[feed]]` table, each with its path in it.

    Nothing where it can be used.
    """
    try:
        Config.model_validate({"feed": [feed]})
    except ValidationError as error:
        return tuple(ConfigFinding(path[2:], text) for path, text in collect_findings(error))
    return ()


def check_selector_syntax(selector: str) -> str | None:
    """Return the mistake in a selector, or None if it is valid."""
    try:
        check_selector(selector)
    except ValueError as error:
        return str(error)
    return None
