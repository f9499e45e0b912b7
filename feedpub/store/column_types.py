"""How our values lie in the database: times as seconds, long texts compressed, tuples as JSON.

What does not read as it was written raises ColumnDecodeError, whatever the column; the boundary of
the database (`faults`) calls that damage. A fault in the code around it is none.
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
_UNWRITABLE = re.compile("[\0\x1b]")


Number = BigInteger().with_variant(Integer, "sqlite")
"""A key that the engine counts up; only an INTEGER of SQLite's is one."""


class ColumnDecodeError(ValueError):
    """A value in the database does not read as what it was written as, or a table is not as it was made."""


class _Checked(TypeDecorator[T]):
    """A column whose values may have been overwritten."""

    __abstract__ = True

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], T | None] | None:
        read = super().result_processor(dialect, coltype)

        def checked(value: object) -> T | None:
            try:
                return read(value) if read else value  # type: ignore[return-value]
            except (ValueError, TypeError, OverflowError, RecursionError, zlib.error) as error:
                raise ColumnDecodeError(f"a value is no {type(self).__name__}: {error}") from error

        return checked


class Text(TypeDecorator[str]):
    """A text, ordered by its code points on every engine.

    PostgreSQL keeps no NUL: there it is written as ESC 0, and ESC as ESC 1.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(
            String(collation="C") if dialect.name == "postgresql" else String()
        )

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _escaped if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _unescaped if dialect.name == "postgresql" else None


class UtcSeconds(_Checked[datetime]):
    """An aware datetime as whole seconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _SECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _SECOND


class CompressedBytes(_Checked[bytes]):
    """Bytes, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _unpacked(value)


class CompressedText(_Checked[str]):
    """A long text, compressed.

    Args:
        max_bytes: read no more than so many of its first bytes; None reads all.
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
        return (
            _unpacked(value).decode()
            if self.max_bytes is None
            else _unpack_start(value, self.max_bytes)
        )


class JsonTuple(_Checked[tuple[Any, ...]]):
    """A tuple as a JSON list: of strings, or of a dataclass whose fields JSON knows."""

    impl = JSON
    cache_ok = True

    def __init__(self, record: Callable[..., Any] | None = None) -> None:
        super().__init__()
        self.record = record

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> list[Any]:
        return [asdict(item) if self.record else item for item in value or ()]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Any, ...]:
        return tuple(_read(self.record, item) if self.record else item for item in _list(value))


class JsonRecord(_Checked[Any]):
    """A dataclass as a JSON object; its tuples as lists."""

    impl = JSON
    cache_ok = True

    def __init__(self, record: Callable[..., Any]) -> None:
        super().__init__()
        self.record = record

    def process_bind_param(self, value: Any, dialect: Dialect) -> dict[str, Any]:
        return asdict(value)

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        return _read(self.record, {} if value is None else value)


class Json(_Checked[Any]):
    """JSON, whatever it holds."""

    impl = JSON
    cache_ok = True


class EnumText(_Checked[StrEnum]):
    """A word of an enumeration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def _escaped(value: str | None) -> str | None:
    if value is None or not _UNWRITABLE.search(value):
        return value
    return value.replace("\x1b", "\x1b1").replace("\0", "\x1b0")


def _unescaped(value: str | None) -> str | None:
    if value is None or "\x1b" not in value:
        return value
    return value.replace("\x1b0", "\0").replace("\x1b1", "\x1b")


def _unpacked(value: Any) -> bytes:
    return zlib.decompress(value)


def _unpack_start(value: Any, max_bytes: int) -> str:
    stream = zlib.decompressobj()
    start = stream.decompress(value, max_bytes)
    if stream.eof:
        return start.decode()
    if len(start) < max_bytes:
        raise zlib.error("it breaks off before its end")
    return start.decode("utf-8", "ignore")


def _list(value: object) -> list[Any]:
    """What stands in a column of lists."""
    if value is None or isinstance(value, list):
        return value or []
    raise TypeError(f"{value!r} is no list")


def _read(record: Callable[..., Any], value: object) -> Any:
    """The record that JSON holds."""
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no record")
    return record(
        **{name: tuple(part) if isinstance(part, list) else part for name, part in value.items()}
    )
