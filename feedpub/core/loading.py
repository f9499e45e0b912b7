"""Load what belongs to the package only when it is used: data files, and what a package exports."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from typing import Any


def load_toml(package: str, name: str) -> dict[str, Any]:
    """Return the contents of a TOML file in one of feedpub's packages.

    Args:
        package: the package that contains it: "feedpub.cleaner".
        name: the file's path within the package: "data/names.toml".
    """
    return tomllib.loads(files(package).joinpath(name).read_text("utf-8"))


def lazy_exports(
    package: str, names_by_module: Mapping[str, Sequence[str]]
) -> Callable[[str], object]:
    """Return the `__getattr__` of a package.

    For type checkers, the package also imports the names under TYPE_CHECKING. No name can be that
    of a module of the package.

    Args:
        package: the package's name.
        names_by_module: the exported names of each of its modules.
    """
    modules: dict[str, str] = {}
    for module, names in names_by_module.items():
        modules |= dict.fromkeys(names, f"{package}.{module}")

    def get_export(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    return get_export
