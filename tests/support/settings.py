"""All settings that a config may hold, as people write them, and README's tables of them.

`python -m tests.support.settings` brings the tables in README up to date.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from pydantic.fields import FieldInfo

from feedpub.config.errors import table_names, tables_in


def settings() -> Iterator[tuple[str, str, FieldInfo]]:
    """Every key that is no table of its own.

    Its table's heading, its name, and what is known of it.
    """
    for heading, _, table in table_names():
        for name, field in table.model_fields.items():
            if not tables_in(field.annotation):
                yield heading, name, field


def tables() -> str:
    """README's tables of settings.

    One under each heading, generated so that they are always right.
    """
    grouped: dict[str, dict[str, list[FieldInfo]]] = {}
    for heading, key, field in settings():
        grouped.setdefault(heading, {}).setdefault(key, []).append(field)
    rows = {
        heading: [_row(key, fields) for key, fields in keys.items()]
        for heading, keys in grouped.items()
    }
    head = "| key | default | what it is | for example |\n|---|---|---|---|"
    return "\n\n".join(
        f"**`{heading}`**\n\n{head}\n" + "\n".join(of) for heading, of in rows.items()
    )


def _row(key: str, fields: list[FieldInfo]) -> str:
    """A key's row; several kinds of source may say different things of one."""
    words = " ".join(dict.fromkeys(field.description or "" for field in fields))
    return f"| `{key}` | {_default(fields[0])} | {_cell(words)} | {_example(key, fields[0])} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value in (None, "", (), {}) else f"`{_toml(value)}`"


def _example(key: str, field: FieldInfo) -> str:
    return f"`{key} = {_cell(_toml(field.examples[0]))}`" if field.examples else ""


def _toml(value: Any) -> str:
    """A value as it is written in TOML, as far as settings need it."""
    if isinstance(value, timedelta):
        return json.dumps(_duration(value))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(str(value) if isinstance(value, PurePath) else value, ensure_ascii=False)


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    unit, size = next(
        (u, s) for u, s in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)) if seconds % s == 0
    )
    return f"{seconds // size}{unit}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the tables into README, between its two marks."""
    readme = Path(__file__).parents[2] / "README.md"
    marks = re.compile(r"(<!-- settings -->\n\n).*?(\n\n<!-- end of settings -->)", re.DOTALL)
    readme.write_text(
        marks.sub(lambda m: m[1] + tables() + m[2], readme.read_text("utf-8")), "utf-8"
    )


if __name__ == "__main__":
    main()
