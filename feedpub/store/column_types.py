"""Column types: times as seconds, long texts compressed, tuples as JSON.

A value that cannot be decoded raises ColumnDecodeError, which `sqlite` and `postgres` report as a
corrupt state.
"""

# ruff: noqa: ARG002 -- SQLAlchemy passes the dialect to every column type

import re
import zlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import JSON, BigInteger, Dialect, Integer, LargeBinary, String
from sqlalchemy.types import TypeDecorator, TypeEngine

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_ESCAPED_CHARS = re.compile("[\0\x1b]")


Number = BigInteger().with_variant(Integer, "sqlite")
"""A key that the engine numbers automatically. In SQLite only INTEGER columns can be one."""


class ColumnDecodeError(ValueError):
    """A value in the database cannot be decoded, or a table lacks what it needs."""


class _Checked(TypeDecorator[T]):
    """A column type that raises ColumnDecodeError for values that cannot be decoded."""

    __abstract__ = True

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], T | None] | None:
        decode = super().result_processor(dialect, coltype)

        def decode_or_raise(value: object) -> T | None:
            try:
                return decode(value) if decode else value  # type: ignore[return-value]
            except (ValueError, TypeError, OverflowError, RecursionError, zlib.error) as error:
                kind = type(self).__name__
                raise ColumnDecodeError(f"a stored value is not valid {kind}: {error}") from error

        return decode_or_raise


class Text(TypeDecorator[str]):
    """A text, ordered by code points in both engines.

    PostgreSQL cannot store NUL, so it is stored there as ESC 0, and ESC as ESC 1.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(
            String(collation="C") if dialect.name == "postgresql" else String()
        )

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _escape if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _unescape if dialect.name == "postgresql" else None


class UtcSeconds(_Checked[datetime]):
    """An aware datetime as whole seconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _SECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _SECOND


class Bytes(_Checked[bytes]):
    """Bytes as they are."""

    impl = LargeBinary
    cache_ok = True


class CompressedBytes(_Checked[bytes]):
    """Compressed bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.decompress(value)


class CompressedText(_Checked[str]):
    """A long text, compressed.

    Args:
        max_bytes: decode at most this many bytes of it; None decodes all.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, max_bytes: int | None = None) -> None:
        super().__init__()
        self.max_bytes = max_bytes

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if self.max_bytes is None:
            return zlib.decompress(value).decode()
        return _decompress_start(value, self.max_bytes)


class JsonTuple(_Checked[tuple[Any, ...]]):
    """A tuple of strings or of instances of a dataclass, as a JSON list."""

    impl = JSON
    cache_ok = True

    def __init__(self, record: Callable[..., Any] | None = None) -> None:
        super().__init__()
        self.record = record

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> list[Any]:
        return [asdict(item) if self.record else item for item in value or ()]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Any, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is not a list")
        if not self.record:
            return tuple(value)
        return tuple(_make_record(self.record, item) for item in value)


class JsonRecord(_Checked[Any]):
    """A dataclass as a JSON object, whose lists are tuples in the dataclass."""

    impl = JSON
    cache_ok = True

    def __init__(self, record: Callable[..., Any]) -> None:
        super().__init__()
        self.record = record

    def process_bind_param(self, value: Any, dialect: Dialect) -> dict[str, Any]:
        return asdict(value)

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        return _make_record(self.record, {} if value is None else value)


class Json(_Checked[Any]):
    """Any JSON."""

    impl = JSON
    cache_ok = True


class EnumText(_Checked[StrEnum]):
    """A member of an enumeration."""

    impl = String
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.members(value)


def _escape(value: str | None) -> str | None:
    if value is None or not _ESCAPED_CHARS.search(value):
        return value
    return value.replace("\x1b", "\x1b1").replace("\0", "\x1b0")


def _unescape(value: str | None) -> str | None:
    if value is None or "\x1b" not in value:
        return value
    return value.replace("\x1b0", "\0").replace("\x1b1", "\x1b")


def _decompress_start(value: bytes, max_bytes: int) -> str:
    stream = zlib.decompressobj()
    start = stream.decompress(value, max_bytes)
    if stream.eof:
        return start.decode()
    if len(start) < max_bytes:
        raise zlib.error("it is truncated")
    return start.decode("utf-8", "ignore")


def _make_record(record: Callable[..., Any], value: object) -> Any:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a record")
    fields = {}
    for name, field in value.items():
        fields[name] = tuple(field) if isinstance(field, list) else field
    return record(**fields)
