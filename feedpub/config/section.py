"""The base of every table in the config."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the config: unknown keys are errors, values never change after loading.

    It is pickled as what was written, without the defaults, which are a multiple of that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __reduce__(self) -> tuple[Callable[..., "Section"], tuple[type["Section"], dict[str, Any]]]:
        written = {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}
        return _made, (type(self), written)


def _made(kind: type[Section], written: dict[str, Any]) -> Section:
    """What was checked when it was read is not checked again."""
    return kind.model_construct(**written)
