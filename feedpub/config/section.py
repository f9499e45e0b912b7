"""The base of every table in the config."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the config: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
