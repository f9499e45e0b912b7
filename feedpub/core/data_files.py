"""Load the data files that are part of the package."""

import tomllib
from importlib.resources import files
from typing import Any


def load_toml(package: str, name: str) -> dict[str, Any]:
    """Return the contents of a TOML file in one of feedpub's packages.

    Args:
        package: the package that contains it: "feedpub.cleaner".
        name: the file's path within the package: "data/names.toml".
    """
    return tomllib.loads(files(package).joinpath(name).read_text("utf-8"))
