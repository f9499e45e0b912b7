"""Store the feeds of a config in compact form; there can be ten thousand."""

import pickle
from array import array
from collections.abc import Iterable, KeysView, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol, TypeVar, cast, get_args, overload

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Named(Protocol):
    """A table with a name."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)

_Packed = tuple[str, bytes]
"""The name of a table, and the pickled table."""


class FeedList(Sequence[T]):
    """Named tables in the order of the config, unpickled on access.

    All pickled tables share one bytes object, and all names one string. Separate objects would be
    scattered among the temporary objects of the parser and prevent their memory from being freed.
    """

    def __init__(self, tables: Iterable[T] = ()) -> None:
        self._store([_pack(table) for table in tables])

    def _store(self, tables: Sequence[_Packed]) -> None:
        self._pickled = b"".join(pickled for _, pickled in tables)
        self._ends = array("Q", accumulate((len(pickled) for _, pickled in tables), initial=0))
        self._joined_names = "\n".join(name for name, _ in tables)

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        """Map names to positions; computed on first use, after the parser's memory was freed."""
        return {name: number for number, name in enumerate(self._joined_names.splitlines())}

    @property
    def names(self) -> KeysView[str]:
        """Return the tables' names, in order."""
        return self._positions.keys()

    def get(self, name: str) -> T | None:
        """Return the table of that name, or None."""
        number = self._positions.get(name)
        return None if number is None else self[number]

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        if isinstance(at, slice):
            return tuple(self[number] for number in range(*at.indices(len(self))))
        number = range(len(self))[at]
        pickled = self._pickled[self._ends[number] : self._ends[number + 1]]
        return cast("T", pickle.loads(pickled))  # noqa: S301 -- pickled by this process

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self.names))

    def __repr__(self) -> str:
        return repr(tuple(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a list of tables; each is pickled as soon as it is validated."""
        (table,) = get_args(source)
        packed = core_schema.no_info_after_validator_function(_pack, handler.generate_schema(table))
        return core_schema.no_info_after_validator_function(
            cls._from_packed,
            core_schema.tuple_variable_schema(packed),
            serialization=core_schema.plain_serializer_function_ser_schema(tuple),
        )

    @classmethod
    def _from_packed(cls, tables: Sequence[_Packed]) -> "FeedList[T]":
        feeds = cls()
        feeds._store(tables)
        return feeds


def _pack(table: Named) -> _Packed:
    return table.name, pickle.dumps(table, pickle.HIGHEST_PROTOCOL)
