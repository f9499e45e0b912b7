"""Define secrets in the config, and resolve them when they are used.

No message contains the value of a secret.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
)

from feedpub.config.base import ConfigModel
from feedpub.config.feed_list import FeedList
from feedpub.config.types import CONTROL_CHARACTERS, TOKEN_PATTERN, quote_for_message, resolve_path
from feedpub.core.errors import ConfigError

_READ_FROM_THERE = "the config reads a secret from it"


class Secret(BaseModel):
    """A value from an environment variable, a file, or a credential of a systemd service."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"minProperties": 1, "maxProperties": 1}
    )

    env: str | None = Field(
        default=None, description="Name of an environment variable.", examples=["FEED_PASSWORD"]
    )
    file: Path | None = Field(
        default=None,
        description="A file that contains only the secret. A line break at its end is ignored.",
    )
    credential: str | None = Field(
        default=None,
        description="Name of a credential that systemd's LoadCredential= provides.",
        examples=["smtp"],
    )


def check_secret(value: object, info: ValidationInfo) -> object:
    """Return a valid secret, as text or as the table that refers to it, with an absolute path.

    Raises:
        ValueError: it is neither.
    """
    match value:
        case str() | SecretStr() | Secret():
            return value
        case {"env": str(name), **others} if not others:
            if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
                raise ValueError(
                    'env takes the name of a variable, without $, as in { env = "FEED_PASSWORD" }'
                )
            return value
        case {"file": str(file), **others} if not others:
            return {"file": resolve_path(file, info)}
        case {"credential": str(name), **others} if not others:
            if not re.fullmatch("[A-Za-z0-9_-][A-Za-z0-9._-]*", name):
                raise ValueError(
                    "credential takes the name that LoadCredential= gives, as in "
                    '{ credential = "smtp" }'
                )
            return value
    raise ValueError('write "text", { env = "NAME" } or { file = "path" }')


SecretText = Annotated[
    Annotated[SecretStr, WithJsonSchema({"type": "string"})] | Secret,
    BeforeValidator(check_secret),
]
"""A text, or a reference to it."""


def resolve_secret(secret: SecretStr | Secret, environ: Mapping[str, str] = os.environ) -> str:
    """Return the text of a secret.

    Raises:
        ConfigError: it cannot be read; the message names the variable or file.
    """
    if isinstance(secret, SecretStr):
        return secret.get_secret_value()
    if secret.file is not None:
        return _read_secret_file(secret.file)
    if secret.credential is not None:
        return _read_secret_file(_find_credential(secret.credential, environ))
    name = secret.env or ""
    if not environ.get(name):
        raise ConfigError(
            f"environment variable {name} is not set, or empty, and {_READ_FROM_THERE}"
        )
    return environ[name]


def secret_variables(section: object) -> frozenset[str]:
    """Return the environment variables that a config, or a part of it, reads secrets from."""
    match section:
        case Secret(env=str(name)):
            return frozenset({name})
        case BaseModel():
            parts: Iterable[object] = (value for _, value in section)
        case dict():
            parts = section.values()
        case tuple() | FeedList():
            parts = section
        case _:
            parts = ()
    return frozenset().union(*map(secret_variables, parts))


def _find_credential(name: str, environ: Mapping[str, str]) -> Path:
    """Return the path of a credential's file (systemd.exec(5))."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ConfigError(
            f"credential {name}: systemd did not provide it; "
            f"write LoadCredential={name}:FILE in a drop-in"
        )
    return Path(folder, name)


def _read_secret_file(path: Path) -> str:
    if path.exists() and not path.is_file():  # reading a pipe could block forever
        raise ConfigError(f"{path}: not a file, and {_READ_FROM_THERE}")
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}), and {_READ_FROM_THERE}"
        ) from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8, and {_READ_FROM_THERE}") from None
    if not text:
        raise ConfigError(f"{path}: empty, and {_READ_FROM_THERE}")
    return text


def _check_http_values(values: dict[str, SecretStr | Secret]) -> dict[str, SecretStr | Secret]:
    for name, value in values.items():
        if not TOKEN_PATTERN.fullmatch(name):
            raise ValueError(
                f"{quote_for_message(name)} is not a valid HTTP name; write letters, digits and -"
            )
        if isinstance(value, SecretStr) and CONTROL_CHARACTERS.search(value.get_secret_value()):
            raise ValueError(
                f'the value of "{name}" contains line breaks or control characters; write one line'
            )
    return values


def _check_proxy(value: SecretStr | Secret) -> SecretStr | Secret:
    if isinstance(value, Secret):
        return value
    try:
        parts = urlsplit(value.get_secret_value())
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ValueError(
            'is not the URL of a proxy; write for example "http://proxy.example.org:3128"'
        )
    return value


HttpValues = Annotated[dict[str, SecretText], AfterValidator(_check_http_values)]
Proxy = Annotated[SecretText, AfterValidator(_check_proxy)]


class BasicAuth(ConfigModel):
    """The user name and password of a login."""

    username: SecretText = Field(description="The user name.", examples=["reader"])
    password: SecretText = Field(description="The password.", examples=[{"env": "FEED_PASSWORD"}])
