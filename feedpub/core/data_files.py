"""Load the data files that ship with the package."""

import tomllib
from importlib.resources import files
from typing import Any


def load_toml(package: str, name: str) -> dict[str, Any]:
    """Return a TOML file of a package of ours.

    Args:
        package: the package that holds it: "feedpub.cleaner".
        name: the file's path below the package: "data/names.toml".
    """
    return tomllib.loads(files(package).joinpath(name).read_text("utf-8"))
