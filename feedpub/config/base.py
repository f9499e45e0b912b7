"""The base of every table in the config."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """A table of the config: unknown keys are errors, values never change after loading.

    It is pickled as what was written, without the defaults, which are a multiple of that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __getstate__(self) -> dict[Any, Any]:
        unwritten = _unwritten(type(self))
        return {
            name: value
            for name, value in self.__dict__.items()
            if name in self.model_fields_set
            or value != unwritten[name]  # a default that was made into something else
        }

    def __setstate__(self, written: dict[Any, Any]) -> None:
        super().__setstate__(
            {
                "__dict__": {**_unwritten(type(self)), **written},
                "__pydantic_fields_set__": set(written),
                "__pydantic_extra__": None,
                "__pydantic_private__": None,
            }
        )


@cache
def _unwritten(kind: type[ConfigModel]) -> Mapping[str, Any]:
    """All settings of a table in their order, with their defaults.

    What has none is always written.
    """
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in kind.model_fields.items()
    }
