"""Check a config for warnings, and for conflicts between settings that are valid separately."""

import ipaddress
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from feedpub.config.errors import ConfigFinding, collect_findings
from feedpub.config.files import MergedConfig, find_feed_files
from feedpub.config.locations import is_postgres_address, is_s3_address
from feedpub.config.models import Config, FeedConfig, GlobalSettings
from feedpub.config.secrets import Secret
from feedpub.config.sources import FolderSource, MailSource, RemoteSource
from feedpub.config.toml_lines import KeyPath
from feedpub.config.types import (
    check_selector,
    format_duration,
    parse_duration,
    resolve_in_folder,
)

Table = Mapping[str, object]
AnySecret = SecretStr | Secret

_SECRET_HEADER = re.compile("auth|cookie|key|secret|session|token", re.IGNORECASE)
_RULE_FOLDERS = {
    "sites": "a folder with a file for each host",
    "ftr_site_config": "the folder of your ftr-site-config checkout",
}


# --- Warnings ---


def find_warnings(config: Config, path: Path) -> list[str]:
    """Return a sentence for each setting that is allowed but probably unintended.

    Reads files, but sends no requests.

    Args:
        config: the loaded config.
        path: its main file.
    """
    warnings = [*_check_settings(config.feedpub), *_check_feeds(config)]
    return [*(f"{path}: {text}" for text in warnings), *readable_secrets(config, path)]


def _check_settings(settings: GlobalSettings) -> Iterator[str]:
    if settings.base_url == GlobalSettings.model_fields["base_url"].default:
        yield (
            f'base_url is still the example "{settings.base_url}"; write the URL that the feeds '
            "are served at"
        )
    if not settings.contact:
        yield (
            "contact is empty; write an address at which the owners of sites can reach you, as in "
            '"https://example.org/about"'
        )
    for network in settings.allow_private:
        if ipaddress.ip_network(network).prefixlen == 0:
            yield (
                f'allow_private contains "{network}", which is every address; write only the '
                "networks that feedpub must read"
            )


def _check_feeds(config: Config) -> Iterator[str]:
    if not config.feed:
        yield "it has no feeds; write the first one under [[feed]]"
    for feed in config.feed:
        for source in feed.source:
            if isinstance(source, FolderSource) and not source.path.is_dir():
                yield f'feed "{feed.name}": there is no folder {source.path}'
            if isinstance(source, MailSource) and source.path and not source.path.exists():
                yield f'feed "{feed.name}": there are no mails at {source.path}'


def readable_secrets(config: Config, path: Path) -> list[str]:
    """Return a sentence for each secret that other users of the machine can read.

    Args:
        config: the loaded config.
        path: its main file.
    """
    secrets_by_feed = {feed.name: _feed_secrets(feed) for feed in config.feed}
    secrets_by_feed = {name: secrets for name, secrets in secrets_by_feed.items() if secrets}
    files: dict[str, Path] = {}
    if any(map(_has_plain_text, secrets_by_feed.values())):
        files = {name: file for name, file, _ in find_feed_files(path)}
    warnings: list[str] = []
    for owner, secrets in _shared_secrets(config).items():
        warnings += _check_readable(owner, secrets, path)
    for name, secrets in secrets_by_feed.items():
        warnings += _check_readable(f'feed "{name}"', secrets, files.get(name, path))
    return warnings


def _has_plain_text(secrets: Sequence[AnySecret]) -> bool:
    return any(isinstance(secret, SecretStr) for secret in secrets)


def _check_readable(owner: str, secrets: Sequence[AnySecret], file: Path) -> Iterator[str]:
    """Yield a warning for each readable secret of a table or feed.

    Args:
        owner: the table or feed.
        secrets: its secrets.
        file: the config file that contains it.
    """
    if _has_plain_text(secrets) and _is_readable_by_others(file):
        yield (
            f"{file}: {owner} has a secret in this file, which others can read; run chmod 600, or "
            'write { env = "NAME" } or { file = "path" } instead'
        )
    for secret in secrets:
        if isinstance(secret, Secret) and secret.file and _is_readable_by_others(secret.file):
            yield f"{file}: {owner}: others can read the secret in {secret.file}; run chmod 600"


def _is_readable_by_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _shared_secrets(config: Config) -> dict[str, list[AnySecret]]:
    """Return the secrets of the tables that all feeds share, by heading."""
    state, email = config.feedpub.state, config.alerts.email
    has_password = isinstance(state, Secret)
    if isinstance(state, SecretStr):
        has_password = bool(urlsplit(state.get_secret_value()).password)
    secrets: dict[str, tuple[AnySecret | None, ...]] = {
        "[feedpub]": (state if has_password and not isinstance(state, Path) else None,),
        "[http]": (config.http.admin_token,),
        "[s3]": (config.s3.key, config.s3.secret),
        "[alerts]": (config.alerts.webhook, email.password if email else None),
    }
    given = {}
    for name, values in secrets.items():
        given[name] = [value for value in values if value is not None]
    return given


def _feed_secrets(feed: FeedConfig) -> list[AnySecret]:
    secrets: list[AnySecret] = []
    for source in feed.source:
        if isinstance(source, MailSource) and source.auth:
            secrets.append(source.auth.password)
        if not isinstance(source, RemoteSource):
            continue
        secrets += source.cookies.values()
        secrets += [value for name, value in source.headers.items() if _SECRET_HEADER.search(name)]
        if source.auth:
            secrets.append(source.auth.password)
        if isinstance(source.proxy, Secret) or (
            source.proxy and "@" in source.proxy.get_secret_value()
        ):
            secrets.append(source.proxy)
    return secrets


# --- Conflicts ---


def check_conflicts(document: Table, merged: MergedConfig, file: Path) -> Iterator[ConfigFinding]:
    """Yield every conflict between the settings of a config.

    It examines the parsed document, not the validated config, so that conflicts are reported
    together with invalid settings.

    Args:
        document: the merged document with the feeds of all files.
        merged: finds the position of a setting.
        file: the main file.
    """
    feeds = list(_iter_tables(document, (), "feed"))
    yield from _check_names(feeds, merged)
    for path, feed in feeds:
        if "every" in feed and "cron" in feed:
            text = "cannot be combined with every; remove one of the two"
            yield ConfigFinding((*path, "cron"), text)
        yield from _check_interval_order(path, feed)
        yield from _check_duplicate_sources(path, feed)
    yield from _check_queue(document.get("feedpub"))
    yield from _check_s3_key(document.get("s3"))
    yield from _check_rule_folders(document.get("rules"), file.parent)
    # The path is not resolved, because links in it must be kept as in `resolve_in_folder`.
    yield from _check_folders(document, feeds, Path(os.path.abspath(file)))  # noqa: PTH100


def _iter_tables(table: Table, path: KeyPath, key: str) -> Iterator[tuple[KeyPath, Table]]:
    """Yield the tables of an array of tables, with their paths; pydantic reports other values."""
    array = table.get(key)
    if not isinstance(array, list):
        return
    for index, item in enumerate(array):
        if isinstance(item, dict):
            yield (*path, key, index), item


def _check_names(
    feeds: Sequence[tuple[KeyPath, Table]], merged: MergedConfig
) -> Iterator[ConfigFinding]:
    paths: dict[str, KeyPath] = {}
    for feed_path, feed in feeds:
        name, path = feed.get("name"), (*feed_path, "name")
        if not isinstance(name, str):
            continue
        if name in paths:
            position = merged.describe_position(paths[name], path)
            text = f"the feed {position} has the same name; choose another"
            yield ConfigFinding(path, text)
        else:
            paths[name] = path


def _check_interval_order(path: KeyPath, feed: Table) -> Iterator[ConfigFinding]:
    shortest, longest = _parse_interval(feed, "min_every"), _parse_interval(feed, "max_every")
    if shortest is None or longest is None or shortest <= longest:
        return
    if "min_every" in feed:
        text = f'longer than max_every, "{format_duration(longest)}"; write a shorter one'
        yield ConfigFinding((*path, "min_every"), text)
    else:
        text = f'shorter than min_every, "{format_duration(shortest)}"; write a longer one'
        yield ConfigFinding((*path, "max_every"), text)


def _parse_interval(feed: Table, name: str) -> timedelta | None:
    try:
        return parse_duration(feed.get(name, FeedConfig.model_fields[name].default))
    except ValueError:  # pydantic reports it
        return None


def _check_duplicate_sources(path: KeyPath, feed: Table) -> Iterator[ConfigFinding]:
    numbers: dict[str, int] = {}
    for source_path, source in _iter_tables(feed, path, "source"):
        key = "path" if "path" in source else "url"
        address = source.get(key)
        if not isinstance(address, str):
            continue
        if key == "path":
            address = os.path.normpath(address)
        if address in numbers:
            text = f"the same as in source {numbers[address]}; remove one of the two sources"
            yield ConfigFinding((*source_path, key), text)
        else:
            numbers[address] = int(source_path[-1]) + 1


def _check_queue(settings: object) -> Iterator[ConfigFinding]:
    if not isinstance(settings, dict) or settings.get("queue") is not True:
        return
    if not is_postgres_address(settings.get("state")):
        yield ConfigFinding(
            ("feedpub", "queue"),
            "requires the state in PostgreSQL, which also stores the queue; write for example "
            'state = "postgresql://feedpub@db.example.org/feedpub"',
        )


def _check_s3_key(storage: object) -> Iterator[ConfigFinding]:
    """Check that an access key and its secret are given together."""
    if not isinstance(storage, dict):
        return
    for name, other in (("key", "secret"), ("secret", "key")):
        if name in storage and other not in storage:
            text = f"requires {other}; write both, or neither to use the environment's"
            yield ConfigFinding(("s3", name), text)


def _check_rule_folders(rules: object, folder: Path) -> Iterator[ConfigFinding]:
    if not isinstance(rules, dict):
        return
    for name, meaning in _RULE_FOLDERS.items():
        path = _parse_path(rules.get(name), folder)
        if path and not path.is_dir():
            text = f"there is no folder {path}; write {meaning}, or remove the line"
            yield ConfigFinding(("rules", name), text)


def _check_folders(
    document: Table, feeds: Sequence[tuple[KeyPath, Table]], file: Path
) -> Iterator[ConfigFinding]:
    """Find folders that would publish private files or read published ones."""
    settings = document.get("feedpub")
    output = _folder_setting(settings, "output", file.parent)
    state = _folder_setting(settings, "state", file.parent)
    if output is None:
        return
    if file.is_relative_to(output):
        yield ConfigFinding(
            ("feedpub", "output"),
            'contains this config, which would be published; write for example "../feeds"',
        )
    if state and state.is_relative_to(output):
        yield ConfigFinding(
            ("feedpub", "state"),
            "is inside the output folder and would be published; choose a folder outside of it",
        )
    for feed_path, feed in feeds:
        for path, source in _iter_tables(feed, feed_path, "source"):
            articles = _parse_path(source.get("path"), file.parent)
            if articles and (articles.is_relative_to(output) or output.is_relative_to(articles)):
                yield ConfigFinding(
                    (*path, "path"),
                    f'overlaps the output folder "{output}"; keep articles elsewhere',
                )


def _folder_setting(settings: object, name: str, folder: Path) -> Path | None:
    value: object = str(GlobalSettings.model_fields[name].default)
    if isinstance(settings, dict):
        value = settings.get(name, value)
    return None if is_postgres_address(value) else _parse_path(value, folder)


def _parse_path(value: object, folder: Path) -> Path | None:
    if not isinstance(value, str) or is_s3_address(value):
        return None
    try:
        return resolve_in_folder(value, folder)
    except ValueError:  # pydantic reports it
        return None


# --- Parts of a config ---


def validate_feed(feed: Table) -> tuple[ConfigFinding, ...]:
    """Return everything that is wrong with a `[[feed]]` table, with paths within the table."""
    try:
        Config.model_validate({"feed": [feed]})
    except ValidationError as error:
        return tuple(ConfigFinding(path[2:], text) for path, text in collect_findings(error))
    return ()


def check_selector_syntax(selector: str) -> str | None:
    """Return what is wrong with a CSS selector; None if it is valid."""
    try:
        check_selector(selector)
    except ValueError as error:
        return str(error)
    return None
