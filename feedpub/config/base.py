"""Define the base of every table of the config."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class ConfigModel(BaseModel):
    """A table of the config: unknown keys are errors, and values never change after loading.

    Only the settings that differ from their defaults are pickled, because the defaults take
    several times as much memory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def fields_by_key(cls) -> Mapping[str, FieldInfo]:
        """Return the fields by their keys in TOML; `from` is the key of a field `from_`."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    def __getstate__(self) -> dict[Any, Any]:
        defaults = _get_defaults(type(self))
        # A validator can turn a default into a different value.
        return {
            name: value
            for name, value in self.__dict__.items()
            if name in self.model_fields_set or value != defaults[name]
        }

    def __setstate__(self, written: dict[Any, Any]) -> None:
        super().__setstate__(
            {
                "__dict__": {**_get_defaults(type(self)), **written},
                "__pydantic_fields_set__": set(written),
                "__pydantic_extra__": None,
                "__pydantic_private__": None,
            }
        )


@cache
def _get_defaults(table: type[ConfigModel]) -> Mapping[str, Any]:
    """Return the defaults of a table's settings, in order; None for a required setting."""
    defaults: dict[str, Any] = {}
    for name, field in table.model_fields.items():
        if field.is_required():
            defaults[name] = None
        else:
            defaults[name] = field.get_default(call_default_factory=True)
    return defaults
