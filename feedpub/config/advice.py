"""What is allowed in a config and probably not meant: `feedpub check` says it."""

import ipaddress
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from feedpub.config.models import Config, FeedConfig, Settings
from feedpub.config.parts import homes
from feedpub.config.secrets import Secret
from feedpub.config.sources import FolderSource, RemoteSource

_TELLING = re.compile("auth|cookie|key|secret|session|token", re.IGNORECASE)  # headers that let someone in


def warnings(config: Config, path: Path) -> list[str]:
    """One sentence a warning about the config that was loaded from `path`; looks at files, not at the network."""
    found = (*_settings(config.feedpub), *_feeds(config))
    return [*(f"{path}: {text}" for text in found), *exposed(config, path)]


def exposed(config: Config, path: Path) -> list[str]:
    """One sentence for each place where others can read a secret of the config that was loaded from `path`."""
    return list(_exposed(config, path))


def _settings(settings: Settings) -> Iterator[str]:
    if settings.base_url == Settings.model_fields["base_url"].default:
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
    plain = any(isinstance(secret, SecretStr) for secrets in of_feeds.values() for secret in secrets)
    places = {name: file for name, file, _ in homes(path)} if plain else {}
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
    if isinstance(state, Secret) or (isinstance(state, SecretStr) and urlsplit(state.get_secret_value()).password):
        yield state


def _given(*secrets: SecretStr | Secret | None) -> list[SecretStr | Secret]:
    return [secret for secret in secrets if secret is not None]


def _secrets_of(feed: FeedConfig) -> list[SecretStr | Secret]:
    return [secret for source in feed.source if isinstance(source, RemoteSource) for secret in _secrets_in(source)]


def _secrets_in(source: RemoteSource) -> Iterator[SecretStr | Secret]:
    yield from source.cookies.values()
    yield from (value for name, value in source.headers.items() if _TELLING.search(name))
    if source.auth:
        yield source.auth.password
    if source.proxy and (isinstance(source.proxy, Secret) or "@" in source.proxy.get_secret_value()):
        yield source.proxy


def _open_to_others(path: Path) -> bool:
    """True where a file can be read by its group or by everyone."""
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
