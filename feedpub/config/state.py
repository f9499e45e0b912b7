"""Where the state is: a folder, or a PostgreSQL database, whose address may hold a password."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, ValidationInfo, WithJsonSchema

from feedpub.config.secrets import Secret, resolve, secret
from feedpub.config.values import located
from feedpub.errors import ConfigError

_ADDRESS = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_EXAMPLE = 'write for example "postgresql://feedpub@db.example.org/feedpub"'


def is_database(written: object) -> bool:
    """Whether what stands in the config as the state is, or stands for, the address of a database."""
    return isinstance(written, dict | Secret | SecretStr) or (isinstance(written, str) and "://" in written)


def _state(value: object, info: ValidationInfo) -> object:
    if isinstance(value, dict | Secret | SecretStr):
        return secret(value, info)
    if not is_database(value):
        return located(value, info)
    _check(str(value))
    return SecretStr(str(value))


def _check(address: str) -> None:
    """ValueError for what is no address of a database; without the address, which may hold a password."""
    if not _ADDRESS.match(address):
        raise ValueError(f"is no folder and no address of a PostgreSQL database; {_EXAMPLE}")
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 -- a bad port is told only when it is asked for
    except ValueError:
        raise ValueError(f"has a host or port that cannot be; {_EXAMPLE}") from None
    if not parts.path.strip("/"):
        raise ValueError(f"names no database; {_EXAMPLE}")


State = Annotated[
    Annotated[Path | SecretStr, WithJsonSchema({"type": "string", "minLength": 1})] | Secret,
    BeforeValidator(_state),
]


def place_of(state: Path | SecretStr | Secret, environ: Mapping[str, str] = os.environ) -> Path | str:
    """The folder or the address that a state's setting stands for. Raises ConfigError; no message shows a password."""
    if isinstance(state, Path):
        return state
    address = resolve(state, environ)
    try:
        _check(address)
    except ValueError as error:
        raise ConfigError(f"the state {error}") from None
    return address


def read_place(written: str, environ: Mapping[str, str] = os.environ) -> Path | str:
    """The folder or the address that somebody names on a command line; "env:NAME" keeps a password off it.

    Raises:
        ConfigError: it is neither; no message shows a password.
    """
    if written.startswith("env:"):
        name = written.removeprefix("env:")
        if not environ.get(name):
            raise ConfigError(f"{written}: the environment variable {name} is not set, or empty")
        return place_of(SecretStr(environ[name]), environ)
    return place_of(SecretStr(written) if is_database(written) else Path(written), environ)
