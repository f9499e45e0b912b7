"""All settings that a config may hold, as people write them."""

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from feedpub.config.places import sections, tables_in


def settings() -> Iterator[tuple[str, str, FieldInfo]]:
    """Every key that is no table of its own: its table's heading, its name, and what is known of it."""
    for heading, _, table in sections():
        for name, field in table.model_fields.items():
            if not tables_in(field.annotation):
                yield heading, name, field
