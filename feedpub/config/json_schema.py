"""The JSON Schema of the config, by which editors complete, explain and check it."""

import json
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from feedpub.config import types
from feedpub.config.feed_list import FeedList
from feedpub.config.models import Config


class ConfigSchemaGenerator(GenerateJsonSchema):
    """As pydantic makes it, but for what TOML has no word for."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return types.format_duration(dft)
        return super().encode_default(tuple(dft) if isinstance(dft, FeedList) else dft)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if isinstance(made.get("default"), dict | None):
            made.pop("default", None)
        return made


def json_schema() -> str:
    """The schema (draft 2020-12) as JSON text, the same for the same models."""
    schema = Config.model_json_schema(schema_generator=ConfigSchemaGenerator)
    schema["$schema"] = GenerateJsonSchema.schema_dialect
    schema["title"] = "feedpub.toml"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
