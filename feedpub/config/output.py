"""Where feeds are published: a folder, or a bucket of object storage."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticKnownError

from feedpub.config.text import quote
from feedpub.config.values import locate

_ADDRESS = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # what every store takes
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")  # of a prefix: what needs no escaping in any address
_EXAMPLE = 'write for example "s3://my-bucket/feeds"'


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or a part of one.

    Attributes:
        name: of the bucket.
        prefix: what the keys of all published files begin with, without the slash behind it; "" for nothing.
    """

    name: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".removesuffix("/")


def is_address(written: str) -> bool:
    """Whether a text is meant as an address and not as a path."""
    return _ADDRESS.match(written.strip()) is not None


def _output(value: object, info: ValidationInfo) -> Path | Bucket:
    """A folder, relative to the context's "folder", or a bucket."""
    if isinstance(value, Bucket):
        return value
    if not isinstance(value, str | Path):
        raise PydanticKnownError("string_type")
    if isinstance(value, str) and is_address(value):
        return _bucket(value.strip())
    return locate(str(value), (info.context or {}).get("folder", Path()))


def _bucket(address: str) -> Bucket:
    scheme, _, rest = address.partition("://")
    if "@" in unquote(rest):
        raise ValueError('holds a user name or a key; those stand in [s3], as in secret = { env = "NAME" }')
    if "?" in rest or "#" in rest:
        raise ValueError(f'an address of a bucket ends before "?" and "#"; {_EXAMPLE}, and the rest in [s3]')
    if scheme != "s3":
        raise ValueError(f"{quote(address)} is neither a folder nor a bucket; {_EXAMPLE}, and the server in [s3]")
    name, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(name) or ".." in name:
        raise ValueError(f"{quote(name)} cannot be a bucket (a-z, 0-9, - and ., 3 to 63 of them); {_EXAMPLE}")
    prefix = prefix.rstrip("/")
    if prefix and not all(_PART.fullmatch(part) for part in prefix.split("/")):
        raise ValueError(
            f"{quote(prefix)} cannot be a prefix (a-z, A-Z, 0-9, _, - and ., in parts between slashes that do not "
            f"begin with a dot); {_EXAMPLE}"
        )
    return Bucket(name, prefix)


Output = Annotated[Path | Bucket, PlainValidator(_output), WithJsonSchema({"type": "string", "minLength": 1})]
