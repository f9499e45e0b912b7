"""The JSON Schema accepts the configs that feedpub accepts."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from feedpub.config import json_schema
from tests.support.reference import settings

CONFIG = Path(__file__).parents[2] / "config"
SCHEMA: dict[str, Any] = json.loads(json_schema())
PAGE = '[[feed]]\nname = "world"\ntitle = "World"\n[[feed.source]]\ntype = "page"\nurl = "https://example.org/"\n'


def is_accepted(toml: str) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(tomllib.loads(toml)))


def test_schema_file_is_current() -> None:
    """To update it: `feedpub check --schema > config/feedpub.schema.json`."""
    assert (CONFIG / "feedpub.schema.json").read_text("utf-8") == json_schema()


def test_schema_is_valid_and_has_no_null() -> None:
    """TOML has no null."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "null" not in json_schema()


def test_example_config_names_the_schema() -> None:
    """Editors find the schema by the first line."""
    first, *_ = (CONFIG / "feedpub.toml").read_text("utf-8").split("\n")
    assert first == "#:schema ./feedpub.schema.json"


def test_schema_accepts_the_example_config() -> None:
    assert is_accepted((CONFIG / "feedpub.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    "toml",
    [
        "",
        PAGE,
        f'{PAGE}headers = {{ A = "b", C = {{ env = "D" }}, E = {{ file = "f" }} }}',
        f'{PAGE}auth = {{ username = "a", password = {{ file = "b" }} }}\nproxy = "http://proxy.example.org"',
        '[feedpub]\nrequest_delay = "1m30s"\nkeep = "2w"',
    ],
)
def test_schema_accepts_valid_configs(toml: str) -> None:
    assert is_accepted(toml)


@pytest.mark.parametrize(
    "toml",
    [
        "x = 1",
        "[feedpub]\nrequest_delay = 1",
        '[feedpub]\nrequest_delay = ""',
        '[feedpub]\nrequest_delay = "1 second"',
        '[feedpub]\nbase_url = "example.org"',
        '[[feed]]\nname = "world"',
        PAGE.replace('"world"', '"World"'),
        PAGE.replace('"World"', '""'),
        PAGE.replace('"page"', '"pages"'),
        PAGE + "evry = 1",
        PAGE + "headers = { A = {} }",
        PAGE + 'headers = { A = { env = "B", file = "c" } }',
        PAGE + "[feed.rules]\nremove = 1",
        PAGE.replace("[[feed.source]]", "limit = 0\n[[feed.source]]"),
        PAGE.replace("[[feed.source]]", "formats = []\n[[feed.source]]"),
    ],
)
def test_schema_rejects_invalid_configs(toml: str) -> None:
    assert not is_accepted(toml)


@pytest.mark.parametrize(("heading", "name"), [(heading, name) for heading, name, _ in settings()])
def test_every_setting_has_a_description_and_an_example(heading: str, name: str) -> None:
    field = next(field for at, key, field in settings() if (at, key) == (heading, name))
    assert field.description
    assert field.description.endswith(".")
    assert field.examples or name == "type"
