"""Secrets.

How they stand in the config, and how they are looked up at the moment of use. No message shows a
value.
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


class Secret(BaseModel):
    """A value kept out of the config.

    From an environment variable, a file, or a credential of a systemd service.
    """

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


def secret_value(value: object, info: ValidationInfo) -> object:
    """What stands in the config for a secret; ValueError for anything else."""
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
                    'credential takes the name that LoadCredential= gives, as in { credential = "smtp" }'
                )
            return value
    raise ValueError('write "text", { env = "NAME" } or { file = "path" }')


SecretText = Annotated[
    Annotated[SecretStr, WithJsonSchema({"type": "string"})] | Secret,
    BeforeValidator(secret_value),
]
"""A text, or where to find it."""


def resolve_secret(secret: SecretStr | Secret, environ: Mapping[str, str] = os.environ) -> str:
    """The text of a secret, looked up now.

    Raises ConfigError, with the variable or file and without the value.
    """
    if isinstance(secret, SecretStr):
        return secret.get_secret_value()
    if secret.file is not None:
        return _from_file(secret.file)
    if secret.credential is not None:
        return _from_file(_credential(secret.credential, environ))
    name = secret.env or ""
    if not environ.get(name):
        raise ConfigError(
            f"environment variable {name} is not set, or empty, and the config takes a secret from it"
        )
    return environ[name]


def secret_variables(section: object) -> frozenset[str]:
    """The environment variables that a config, or a part of it, takes secrets from."""
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


def _credential(name: str, environ: Mapping[str, str]) -> Path:
    """The file of a credential (systemd.exec(5))."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ConfigError(
            f"credential {name}: systemd has given none; write LoadCredential={name}:FILE in a drop-in"
        )
    return Path(folder, name)


def _from_file(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ConfigError(
            f"{path}: not a file, and the config takes a secret from it"
        )  # a pipe would be waited for
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}), and the config takes a secret from it"
        ) from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8, and the config takes a secret from it") from None
    if not text:
        raise ConfigError(f"{path}: empty, and the config takes a secret from it")
    return text


def _http_names(values: dict[str, SecretStr | Secret]) -> dict[str, SecretStr | Secret]:
    for name, value in values.items():
        if not TOKEN_PATTERN.fullmatch(name):
            raise ValueError(
                f"{quote_for_message(name)} is not a name that HTTP allows; letters, digits and - are safe"
            )
        if isinstance(value, SecretStr) and CONTROL_CHARACTERS.search(value.get_secret_value()):
            raise ValueError(
                f'the value of "{name}" holds line breaks or control characters; write one line'
            )
    return values


def _proxy(value: SecretStr | Secret) -> SecretStr | Secret:
    if isinstance(value, SecretStr):
        _check_proxy(value.get_secret_value())
    return value


def _check_proxy(address: str) -> None:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            'not the address of a proxy; write for example "http://proxy.example.org:3128"'
        )


HttpValues = Annotated[dict[str, SecretText], AfterValidator(_http_names)]
Proxy = Annotated[SecretText, AfterValidator(_proxy)]


class BasicAuth(ConfigModel):
    """HTTP basic authentication."""

    username: SecretText = Field(description="The user name.", examples=["reader"])
    password: SecretText = Field(description="The password.", examples=[{"env": "FEED_PASSWORD"}])
