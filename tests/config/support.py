"""Load configs for tests."""

from pathlib import Path

import pytest

from feedpub.config import Config, load_config
from feedpub.core.errors import ConfigError


def load_toml(folder: Path, toml: str) -> Config:
    """Write a config to `config/feedpub.toml` in a folder, and load it."""
    path = folder / "config" / "feedpub.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(toml, "utf-8")
    return load_config(path, {})


def problems(folder: Path, toml: str) -> list[str]:
    """Return the problems of an invalid config, each with its line number."""
    with pytest.raises(ConfigError) as raised:
        load_toml(folder, toml)
    prefix = f"{folder / 'config' / 'feedpub.toml'}:"
    lines = str(raised.value).split("\n")
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]
