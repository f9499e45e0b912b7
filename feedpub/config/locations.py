"""Where feeds are published: a folder, or a bucket of object storage."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, PlainValidator, SecretStr, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticKnownError

from feedpub.config.secrets import Secret, resolve_secret, secret_value
from feedpub.config.types import quote_for_message, resolve_in_folder, resolve_path
from feedpub.core.errors import ConfigError

_ADDRESS = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # what every store takes
_PART = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
)  # of a prefix: what needs no escaping in any address
_EXAMPLE = 'write for example "s3://my-bucket/feeds"'


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or a part of one.

    Attributes:
        name: of the bucket.
        prefix: what the keys of all published files begin with, without the slash behind it; "" for
            nothing.
    """

    name: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".removesuffix("/")


def is_s3_address(written: str) -> bool:
    """Whether a text is meant as an address and not as a path."""
    return _ADDRESS.match(written.strip()) is not None


def _output(value: object, info: ValidationInfo) -> Path | Bucket:
    """A folder, relative to the context's "folder", or a bucket."""
    if isinstance(value, Bucket):
        return value
    if not isinstance(value, str | Path):
        raise PydanticKnownError("string_type")
    if isinstance(value, str) and is_s3_address(value):
        return _bucket(value.strip())
    return resolve_in_folder(str(value), (info.context or {}).get("folder", Path()))


def _bucket(address: str) -> Bucket:
    scheme, _, rest = address.partition("://")
    if "@" in unquote(rest):
        raise ValueError(
            'holds a user name or a key; those stand in [s3], as in secret = { env = "NAME" }'
        )
    if "?" in rest or "#" in rest:
        raise ValueError(
            f'an address of a bucket ends before "?" and "#"; {_EXAMPLE}, and the rest in [s3]'
        )
    if scheme != "s3":
        raise ValueError(
            f"{quote_for_message(address)} is neither a folder nor a bucket; {_EXAMPLE}, and the server in [s3]"
        )
    name, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(name) or ".." in name:
        raise ValueError(
            f"{quote_for_message(name)} cannot be a bucket (a-z, 0-9, - and ., 3 to 63 of them); {_EXAMPLE}"
        )
    prefix = prefix.rstrip("/")
    if prefix and not all(_PART.fullmatch(part) for part in prefix.split("/")):
        raise ValueError(
            f"{quote_for_message(prefix)} cannot be a prefix (a-z, A-Z, 0-9, _, - and ., in parts between slashes that do not "
            f"begin with a dot); {_EXAMPLE}"
        )
    return Bucket(name, prefix)


Output = Annotated[
    Path | Bucket, PlainValidator(_output), WithJsonSchema({"type": "string", "minLength": 1})
]


# SECTION: Where the state is: a folder, or a PostgreSQL database, whose address may hold a
# password.

_ADDRESS_STATE = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_EXAMPLE_STATE = 'write for example "postgresql://feedpub@db.example.org/feedpub"'


def is_postgres_address(written: object) -> bool:
    """Whether what stands in the config as the state is, or stands for, the address of a database."""
    return isinstance(written, dict | Secret | SecretStr) or (
        isinstance(written, str) and "://" in written
    )


def _state(value: object, info: ValidationInfo) -> object:
    if isinstance(value, dict | Secret | SecretStr):
        return secret_value(value, info)
    if not is_postgres_address(value):
        return resolve_path(value, info)
    _check(str(value))
    return SecretStr(str(value))


def _check(address: str) -> None:
    """ValueError for what is no address of a database.

    Without the address, which may hold a password.
    """
    if not _ADDRESS_STATE.match(address):
        raise ValueError(f"is no folder and no address of a PostgreSQL database; {_EXAMPLE_STATE}")
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 -- a bad port is told only when it is asked for
    except ValueError:
        raise ValueError(f"has a host or port that cannot be; {_EXAMPLE_STATE}") from None
    if not parts.path.strip("/"):
        raise ValueError(f"names no database; {_EXAMPLE_STATE}")


StateLocation = Annotated[
    Annotated[Path | SecretStr, WithJsonSchema({"type": "string", "minLength": 1})] | Secret,
    BeforeValidator(_state),
]


def state_location(
    state: Path | SecretStr | Secret, environ: Mapping[str, str] = os.environ
) -> Path | str:
    """The folder or the address that a state's setting stands for.

    Raises ConfigError; no message shows a password.
    """
    if isinstance(state, Path):
        return state
    address = resolve_secret(state, environ)
    try:
        _check(address)
    except ValueError as error:
        raise ConfigError(f"the state {error}") from None
    return address


def parse_state_location(written: str, environ: Mapping[str, str] = os.environ) -> Path | str:
    """The folder or the address that somebody names on a command line; "env:NAME" keeps a password off it.

    Raises:
        ConfigError: it is neither; no message shows a password.
    """
    if written.startswith("env:"):
        name = written.removeprefix("env:")
        if not environ.get(name):
            raise ConfigError(f"{written}: the environment variable {name} is not set, or empty")
        return state_location(SecretStr(environ[name]), environ)
    return state_location(
        SecretStr(written) if is_postgres_address(written) else Path(written), environ
    )
