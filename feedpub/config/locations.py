"""Define the locations of the output and of the state.

Feeds are published in a folder or in a bucket of object storage. The state is in a folder or in a
PostgreSQL database, whose URL can contain a password.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, PlainValidator, SecretStr, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticKnownError

from feedpub.config.secrets import Secret, check_secret, resolve_secret
from feedpub.config.types import quote_for_message, resolve_in_folder, resolve_path
from feedpub.core.errors import ConfigError

_URL = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # accepted by all providers
_PREFIX_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")  # needs no escaping in URLs
_BUCKET_EXAMPLE = 'write for example "s3://my-bucket/feeds"'
_POSTGRES_URL = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_POSTGRES_EXAMPLE = 'write for example "postgresql://feedpub@db.example.org/feedpub"'


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or the part of one below a prefix.

    Attributes:
        name: the bucket's name.
        prefix: the beginning of the keys of all published files, without a slash at its end; "" for
            the entire bucket.
    """

    name: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".removesuffix("/")


def is_s3_address(written: str) -> bool:
    """Return True if the output is meant as a URL, not as a path."""
    return _URL.match(written.strip()) is not None


def _check_output(value: object, info: ValidationInfo) -> Path | Bucket:
    """Return a folder, relative to the folder of pydantic's context, or a bucket."""
    if isinstance(value, Bucket):
        return value
    if not isinstance(value, str | Path):
        raise PydanticKnownError("string_type")
    if isinstance(value, str) and is_s3_address(value):
        return _parse_bucket(value.strip())
    return resolve_in_folder(str(value), (info.context or {}).get("folder", Path()))


def _parse_bucket(address: str) -> Bucket:
    scheme, _, rest = address.partition("://")
    if "@" in unquote(rest):
        raise ValueError(
            'contains a user name or a key; write them in [s3], as in secret = { env = "NAME" }'
        )
    if "?" in rest or "#" in rest:
        raise ValueError(
            f'the address of a bucket cannot contain "?" or "#"; {_BUCKET_EXAMPLE}, and the rest '
            "in [s3]"
        )
    if scheme != "s3":
        raise ValueError(
            f"{quote_for_message(address)} is neither a folder nor a bucket; {_BUCKET_EXAMPLE}, "
            "and the server in [s3]"
        )
    name, _, prefix = rest.partition("/")
    prefix = prefix.rstrip("/")
    if not _BUCKET_NAME.fullmatch(name) or ".." in name:
        raise ValueError(
            f"{quote_for_message(name)} is not a valid bucket name (3 to 63 of a-z, 0-9, - and .); "
            f"{_BUCKET_EXAMPLE}"
        )
    if prefix and not all(map(_PREFIX_PART.fullmatch, prefix.split("/"))):
        raise ValueError(
            f"{quote_for_message(prefix)} is not a valid prefix (a-z, A-Z, 0-9, _, - and ., in "
            f"parts that do not begin with a dot); {_BUCKET_EXAMPLE}"
        )
    return Bucket(name, prefix)


Output = Annotated[
    Path | Bucket, PlainValidator(_check_output), WithJsonSchema({"type": "string", "minLength": 1})
]


def is_postgres_address(written: object) -> bool:
    """Return True if the state is a URL, or a secret, which contains a URL."""
    if isinstance(written, dict | Secret | SecretStr):
        return True
    return isinstance(written, str) and "://" in written


def _check_state(value: object, info: ValidationInfo) -> object:
    if isinstance(value, dict | Secret | SecretStr):
        return check_secret(value, info)
    if not is_postgres_address(value):
        return resolve_path(value, info)
    _check_postgres_url(str(value))
    return SecretStr(str(value))


def _check_postgres_url(address: str) -> None:
    """Raise ValueError for an invalid URL; the message does not contain it."""
    if not _POSTGRES_URL.match(address):
        raise ValueError(
            f"is neither a folder nor the URL of a PostgreSQL database; {_POSTGRES_EXAMPLE}"
        )
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 -- an invalid port is only detected on access
    except ValueError:
        raise ValueError(f"has an invalid host or port; {_POSTGRES_EXAMPLE}") from None
    if not parts.path.strip("/"):
        raise ValueError(f"does not name a database; {_POSTGRES_EXAMPLE}")


StateLocation = Annotated[
    Annotated[Path | SecretStr, WithJsonSchema({"type": "string", "minLength": 1})] | Secret,
    BeforeValidator(_check_state),
]


def state_location(
    state: Path | SecretStr | Secret, environ: Mapping[str, str] = os.environ
) -> Path | str:
    """Return the folder or the database URL of the state.

    Raises:
        ConfigError: the secret cannot be read, or is not a valid URL.
    """
    if isinstance(state, Path):
        return state
    address = resolve_secret(state, environ)
    try:
        _check_postgres_url(address)
    except ValueError as error:
        raise ConfigError(f"the state {error}") from None
    return address


def parse_state_location(written: str, environ: Mapping[str, str] = os.environ) -> Path | str:
    """Return the folder or the database URL that a command line names.

    "env:NAME" refers to an environment variable, which keeps a password off the command line.

    Raises:
        ConfigError: it is neither; the message does not contain it.
    """
    if written.startswith("env:"):
        name = written.removeprefix("env:")
        if not environ.get(name):
            raise ConfigError(f"{written}: the environment variable {name} is not set, or empty")
        return state_location(SecretStr(environ[name]), environ)
    if is_postgres_address(written):
        return state_location(SecretStr(written), environ)
    return state_location(Path(written), environ)
