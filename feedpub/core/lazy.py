"""Import what a package exports on first use.

The packages that use it have modules which are slow to import, or take much memory. So commands and
processes only load what they use.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


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
