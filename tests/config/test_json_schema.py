"""The JSON Schema that editors use agrees with what feedpub itself accepts."""

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


def accepted(toml: str) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(tomllib.loads(toml)))


def test_the_file_is_current() -> None:
    """After a change of the settings: `feedpub check --schema > config/feedpub.schema.json`."""
    assert (CONFIG / "feedpub.schema.json").read_text("utf-8") == json_schema()


def test_it_is_a_schema() -> None:
    """Draft 2020-12, and TOML's own: there is no null in it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "null" not in json_schema()


def test_the_example_names_it() -> None:
    """Editors find the schema by the config's first line."""
    first, *_ = (CONFIG / "feedpub.toml").read_text("utf-8").split("\n")
    assert first == "#:schema ./feedpub.schema.json"


def test_the_example_is_valid() -> None:
    """An editor finds nothing to mark in it."""
    assert accepted((CONFIG / "feedpub.toml").read_text("utf-8"))


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
def test_what_it_accepts(toml: str) -> None:
    """What feedpub loads."""
    assert accepted(toml)


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
def test_what_it_marks(toml: str) -> None:
    """Mistakes show while they are typed."""
    assert not accepted(toml)


@pytest.mark.parametrize(("heading", "name"), [(heading, name) for heading, name, _ in settings()])
def test_every_setting_is_described(heading: str, name: str) -> None:
    """An editor explains each key, and a message can show how it is written."""
    field = next(field for at, key, field in settings() if (at, key) == (heading, name))
    assert field.description
    assert field.description.endswith(".")
    assert field.examples or name == "type"
