"""How our values lie in the database: times as seconds, long texts compressed, tuples as JSON."""

# ruff: noqa: ARG002 -- SQLAlchemy passes the dialect to every column type

import zlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as whole seconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _SECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _SECOND


class Packed(TypeDecorator[bytes]):
    """Bytes, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.decompress(value)


class PackedText(TypeDecorator[str]):
    """A long text, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else zlib.decompress(value).decode()


class Tuple(TypeDecorator[tuple[Any, ...]]):
    """A tuple as a JSON list: of strings, or of a dataclass whose fields JSON knows."""

    impl = JSON
    cache_ok = True

    def __init__(self, record: Callable[..., Any] | None = None) -> None:
        super().__init__()
        self.record = record

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> list[Any]:
        return [asdict(item) if self.record else item for item in value or ()]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Any, ...]:
        return tuple(self.record(**item) if self.record else item for item in value or ())


class Record(TypeDecorator[Any]):
    """A dataclass as a JSON object; its tuples as lists."""

    impl = JSON
    cache_ok = True

    def __init__(self, record: Callable[..., Any]) -> None:
        super().__init__()
        self.record = record

    def process_bind_param(self, value: Any, dialect: Dialect) -> dict[str, Any]:
        return asdict(value)

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        return self.record(**{k: tuple(v) if isinstance(v, list) else v for k, v in (value or {}).items()})
