"""A list of tables of the config, of which there may be ten thousand.

Each is kept small, and made when asked for.
"""

import pickle
from array import array
from collections.abc import Iterable, KeysView, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol, TypeVar, cast, get_args, overload

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Named(Protocol):
    """What a table needs to be found again."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)

_Packed = tuple[str, bytes]
"""The name of a table, and all that it says."""


class FeedList(Sequence[T]):
    """Tables with names, in the order of the config.

    All that they say stands in one piece of memory, and their names in another. Small pieces would
    not be much larger, but would lie between those that reading the files took, and keep all of
    these from being given back.
    """

    def __init__(self, tables: Iterable[T] = ()) -> None:
        self._keep([_pack(table) for table in tables])

    def _keep(self, tables: Sequence[_Packed]) -> None:
        self._packed = b"".join(packed for _, packed in tables)
        self._ends = array("Q", accumulate((len(packed) for _, packed in tables), initial=0))
        self._joined = "\n".join(name for name, _ in tables)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        """Made when it is first asked for: by then what was read is gone."""
        return {name: number for number, name in enumerate(self._joined.splitlines())}

    @property
    def names(self) -> KeysView[str]:
        """Of the tables, in their order."""
        return self._numbers.keys()

    def get(self, name: str) -> T | None:
        """The table of that name; None where there is none."""
        number = self._numbers.get(name)
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
        packed = self._packed[self._ends[number] : self._ends[number + 1]]
        return cast("T", pickle.loads(packed))  # noqa: S301 -- packed by this process

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self.names))

    def __repr__(self) -> str:
        return repr(tuple(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A list of tables, each of them packed as soon as it was read."""
        (table,) = get_args(source)
        packed = core_schema.no_info_after_validator_function(_pack, handler.generate_schema(table))
        return core_schema.no_info_after_validator_function(
            cls._of_packed,
            core_schema.tuple_variable_schema(packed),
            serialization=core_schema.plain_serializer_function_ser_schema(tuple),
        )

    @classmethod
    def _of_packed(cls, tables: Sequence[_Packed]) -> "FeedList[T]":
        made = cls()
        made._keep(tables)
        return made


def _pack(table: Named) -> _Packed:
    return table.name, pickle.dumps(table, pickle.HIGHEST_PROTOCOL)
