"""Check the layout: which packages there are, what each may import, which of them may print.

`python -m tests.test_architecture` prints the import graph and its figures.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

FEEDPUB = Path(__file__).parents[1] / "feedpub"
PACKAGES = {
    *("core", "config", "fetch", "store", "publisher", "cleaner", "sources"),
    *("builder", "notify", "pipeline", "scheduler", "web", "service", "cli"),
}
OTHER_NAMES = {"manual", "__init__.py", "__main__.py", "py.typed"}
MAX_EDGES = 70
MAX_LEVELS = 10
MAX_MODULES = 320
MAX_SMALL_MODULES = 35
SMALL_MODULE_LINES = 50

FORBIDDEN_IMPORTS = {
    "core": PACKAGES - {"core"},
    "config": {"fetch"},
    "fetch": {"config"},
    "cleaner": {"sources", "builder"},
    "notify": {"pipeline"},
    "web": {"service"},
}
# Each library's quirks are known in one place, which turns its exceptions into ours.
LIBRARY_OWNERS = {
    "aiohttp": ("publisher",),
    "alembic": ("store",),
    "apscheduler": ("scheduler",),
    "botocore": ("publisher",),
    "bs4": ("cleaner", "sources"),
    "click": ("cli",),
    "feedgen": ("builder",),
    "feedparser": ("sources",),
    "fsspec": ("publisher",),
    "jinja2": ("builder", "web"),
    "jmespath": ("core/selectors",),
    "nh3": ("cleaner",),
    "playwright": ("fetch/browser",),
    "procrastinate": ("scheduler/queue",),
    "psycopg": ("store", "scheduler/queue"),
    "publicsuffixlist": ("core",),
    "pydantic": ("config",),
    "pypdf": ("cleaner/documents",),
    "requests": ("fetch",),
    "rich": ("cli",),
    "s3fs": ("publisher",),
    "sentencex": ("cleaner/summary",),
    "sqlalchemy": ("store",),
    "tomlkit": ("config",),
    "urllib3": ("fetch",),
    "uvicorn": ("web",),
    "warcio": ("core",),
}
# click and rich print as well, but only the terminal strips control characters.
PRINTING_CALLS = {"print", "sys.stdout.write", "sys.stderr.write"}
PRINTING_PAST_THE_TERMINAL = {*PRINTING_CALLS, "click.echo", "click.secho", "Console", "rich.print"}


@dataclass(frozen=True)
class Module:
    """A Python file: its path without suffix, its imports and calls, both by their dotted names."""

    name: str
    lines: int
    imports: frozenset[str] = field(repr=False)
    calls: frozenset[str] = field(repr=False)

    @property
    def package(self) -> str:
        """The first part of its path; that of a file at the top level is its name."""
        return self.name.split("/")[0]

    def is_in(self, places: tuple[str, ...]) -> bool:
        return any(self.name == place or self.name.startswith(f"{place}/") for place in places)


def read_modules(folder: Path) -> list[Module]:
    """Parse every file of a package."""
    return [parse_module(path, folder) for path in sorted(folder.rglob("*.py"))]


def parse_module(path: Path, folder: Path) -> Module:
    """Parse one file of the package in a folder."""
    source = path.read_text("utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    relative = path.relative_to(folder)
    parents = (folder.name, *relative.parts[:-1])
    return Module(
        name=relative.with_suffix("").as_posix(),
        lines=len(source.splitlines()),
        imports=frozenset(name for node in nodes for name in _imported_names(node, parents)),
        calls=frozenset(ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)),
    )


def _imported_names(node: ast.AST, parents: tuple[str, ...]) -> Iterator[str]:
    """Yield the absolute names that an import statement may mean, as `a.b` and `a.b.name`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = parents[: len(parents) - node.level + 1] if node.level else ()
        module = (*base, *([node.module] if node.module else []))
        yield from (".".join([*module, alias.name]) for alias in node.names)


def import_graph(modules: list[Module]) -> dict[str, set[str]]:
    """Return the packages that each package imports.

    A module at the top level counts as a package, but for `__init__` and `__main__`.
    """
    packages = {module.package for module in modules} - {"__init__", "__main__"}
    graph: dict[str, set[str]] = {package: set() for package in sorted(packages)}
    for module in modules:
        if module.package in graph:
            graph[module.package] |= _own_packages(module) & packages - {module.package}
    return graph


def _own_packages(module: Module) -> set[str]:
    own = [name.split(".") for name in module.imports if name.startswith("feedpub.")]
    return {parts[1] for parts in own}


def levels(graph: dict[str, set[str]]) -> list[list[str]]:
    """Sort packages so that each imports only from levels before its own; raise on a cycle."""
    level: dict[str, int] = {}
    for package in TopologicalSorter(graph).static_order():
        level[package] = max((level[other] + 1 for other in graph[package]), default=0)
    found: list[list[str]] = [[] for _ in {*level.values()}]
    for package in sorted(level):
        found[level[package]].append(package)
    return found


def describe_graph(modules: list[Module]) -> str:
    """Return the packages, edges and levels of the import graph as text."""
    graph = import_graph(modules)
    by_level = levels(graph)
    edges = sum(map(len, graph.values()))
    lines = [f"{len(graph)} packages, {edges} edges, {len(by_level)} levels"]
    for number, packages in enumerate(by_level, 1):
        lines += [f"{number:4} {name}: {', '.join(sorted(graph[name]))}" for name in packages]
    return "\n".join(lines)


def describe_sizes(modules: list[Module]) -> str:
    """Return the number of modules, and of small ones, as text."""
    files = [module for module in modules if not module.name.endswith("__init__")]
    small = sum(module.lines < SMALL_MODULE_LINES for module in files)
    return f"{len(files)} modules, {small} of them below {SMALL_MODULE_LINES} lines"


def forbidden_imports(modules: list[Module]) -> list[str]:
    """Find imports that the rules between packages exclude."""
    return [
        f"{module.name} imports {package}"
        for module in modules
        for package in sorted(_own_packages(module) & FORBIDDEN_IMPORTS.get(module.package, set()))
    ]


def foreign_libraries(modules: list[Module]) -> list[str]:
    """Find imports of libraries by modules that do not own them."""
    found = []
    for module in modules:
        libraries = {name.split(".")[0] for name in module.imports} & LIBRARY_OWNERS.keys()
        foreign = [name for name in libraries if not module.is_in(LIBRARY_OWNERS[name])]
        found += [f"{module.name} imports {library}" for library in sorted(foreign)]
    return found


def calls_outside(modules: list[Module], calls: set[str], *owners: str) -> list[str]:
    """Find calls of functions that only some packages may call."""
    others = [module for module in modules if not module.is_in(owners)]
    return [f"{each.name} calls {call}" for each in others for call in sorted(each.calls & calls)]


# --- feedpub ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return read_modules(FEEDPUB)


def test_packages_are_those_of_the_layout() -> None:
    names = {path.name for path in FEEDPUB.iterdir()} - {"__pycache__"}
    assert names == PACKAGES | OTHER_NAMES


def test_packages_keep_to_the_import_rules(modules: list[Module]) -> None:
    assert forbidden_imports(modules) == []


def test_each_library_has_one_owner(modules: list[Module]) -> None:
    assert foreign_libraries(modules) == []


def test_every_owned_library_is_imported(modules: list[Module]) -> None:
    imported = {name.split(".")[0] for module in modules for name in module.imports}
    assert LIBRARY_OWNERS.keys() - imported == set()


def test_only_the_command_line_prints(modules: list[Module]) -> None:
    assert calls_outside(modules, PRINTING_CALLS, "cli") == []


def test_commands_print_through_the_terminal(modules: list[Module]) -> None:
    commands = [module for module in modules if module.is_in(("cli",))]
    assert calls_outside(commands, PRINTING_PAST_THE_TERMINAL, "cli/terminal") == []


def test_import_graph_is_small_and_has_no_cycles(modules: list[Module]) -> None:
    print(describe_graph(modules))
    graph = import_graph(modules)
    assert len(levels(graph)) <= MAX_LEVELS
    assert sum(map(len, graph.values())) <= MAX_EDGES


def test_modules_are_neither_many_nor_tiny(modules: list[Module]) -> None:
    print(describe_sizes(modules))
    files = [module for module in modules if not module.name.endswith("__init__")]
    small = [module.name for module in files if module.lines < SMALL_MODULE_LINES]
    assert len(files) <= MAX_MODULES
    assert len(small) <= MAX_SMALL_MODULES, small


# --- the checks themselves ----------------------------------------------------------------------


def write_package(tmp_path: Path, sources: dict[str, str]) -> list[Module]:
    """Write and parse a package `feedpub` of the given files."""
    for name, source in sources.items():
        path = tmp_path / "feedpub" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    return read_modules(tmp_path / "feedpub")


@pytest.mark.parametrize(
    "statement",
    [
        "import feedpub.service.reload",
        "from feedpub import service",
        "from feedpub.service import reload as again",
        "from ..service.reload import reload",
        "from .. import service",
        "def f():\n    from feedpub.service import reload",
    ],
)
def test_forbidden_import_is_found_however_it_is_written(tmp_path: Path, statement: str) -> None:
    modules = write_package(tmp_path, {"web/app": statement, "service/reload": ""})
    assert forbidden_imports(modules) == ["web/app imports service"]
    assert import_graph(modules) == {"web": {"service"}, "service": set()}


def test_library_outside_its_owner_is_found(tmp_path: Path) -> None:
    statement = "import playwright.sync_api"
    sources = {"fetch/browser/tab": statement, "fetch/browsers": statement}
    modules = write_package(tmp_path, sources)
    assert foreign_libraries(modules) == ["fetch/browsers imports playwright"]


def test_print_outside_the_command_line_is_found(tmp_path: Path) -> None:
    sources = dict.fromkeys(["web/app", "cli/run", "cli/terminal"], "print(1)")
    modules = write_package(tmp_path, sources)
    assert calls_outside(modules, PRINTING_CALLS, "cli") == ["web/app calls print"]
    calls = calls_outside(modules, PRINTING_CALLS, "cli/terminal")
    assert calls == ["cli/run calls print", "web/app calls print"]


def test_levels_follow_the_longest_chain(tmp_path: Path) -> None:
    web = "from feedpub import core, store"
    sources = {"web/a": web, "store/b": "import feedpub.core.c", "core/c": ""}
    modules = write_package(tmp_path, sources)
    assert levels(import_graph(modules)) == [["core"], ["store"], ["web"]]
    assert describe_graph(modules).splitlines() == [
        "3 packages, 3 edges, 3 levels",
        "   1 core: ",
        "   2 store: core",
        "   3 web: core, store",
    ]


def test_small_modules_are_counted_without_init_files(tmp_path: Path) -> None:
    sources = {"web/a": "\n" * 49, "web/b": "\n" * 50, "web/__init__": ""}
    modules = write_package(tmp_path, sources)
    assert describe_sizes(modules) == "2 modules, 1 of them below 50 lines"


def test_import_cycle_is_found(tmp_path: Path) -> None:
    sources = {"web/a": "import feedpub.store.b", "store/b": "import feedpub.web.a"}
    modules = write_package(tmp_path, sources)
    with pytest.raises(ValueError, match=r"cycle.*web.*store"):
        levels(import_graph(modules))


if __name__ == "__main__":
    print(describe_graph(read_modules(FEEDPUB)))
    print(describe_sizes(read_modules(FEEDPUB)))
