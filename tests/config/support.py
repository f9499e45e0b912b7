"""Configs for tests, and what is wrong with them."""

from pathlib import Path

import pytest

from feedpub.config import Config, load_config
from feedpub.core.errors import ConfigError


def loaded(folder: Path, toml: str) -> Config:
    """The config that stands in `config/feedpub.toml` below a folder."""
    path = folder / "config" / "feedpub.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(toml, "utf-8")
    return load_config(path, {})


def problems(folder: Path, toml: str) -> list[str]:
    """What is wrong with a config: a line number and a sentence each."""
    with pytest.raises(ConfigError) as raised:
        loaded(folder, toml)
    prefix = f"{folder / 'config' / 'feedpub.toml'}:"
    lines = str(raised.value).split("\n")
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]
