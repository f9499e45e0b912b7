"""The shape of the house: one owner a library, imports that point one way, one module that prints."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "feedpub"
OWNERS = {
    "alembic": ("store", "migrations"),
    "aiohttp": ("publisher",),
    "apscheduler": ("scheduler",),
    "botocore": ("publisher",),
    "bs4": ("cleaner", "sources"),
    "click": ("cli",),
    "feedgen": ("builder",),
    "feedparser": ("sources",),
    "fsspec": ("publisher",),
    "jinja2": ("builder", "web"),
    "nh3": ("cleaner",),
    "playwright": ("render",),
    "procrastinate": ("queue",),
    "psycopg": ("store", "queue"),
    "publicsuffixlist": ("domains",),
    "pydantic": ("config",),
    "requests": ("fetch",),
    "rich": ("cli", "report"),
    "s3fs": ("publisher",),
    "sentencex": ("summary",),
    "sqlalchemy": ("store", "migrations"),
    "tomlkit": ("config",),
    "urllib3": ("fetch",),
    "uvicorn": ("web",),
}
# A room may use the rooms of the rows above its own, never one of its own row or below.
ROWS = (
    ("model", "errors", "manual"),
    ("characters", "counting", "domains", "languages"),
    ("patterns",),
    ("decode", "differences", "summary", "lease", "bounds", "limits", "isolation", "detail"),
    ("config",),
    ("rules",),
    ("migrations",),
    ("filters", "fetch", "sources", "cleaner", "builder", "store", "publisher"),
    ("render",),
    ("tools", "importing", "documents", "assembly", "learning", "notices", "discretion", "logs"),
    ("messages", "pings", "drift", "health"),
    ("gathering", "fronts"),
    ("paging",),
    ("articles", "corrections", "recalling"),
    ("making", "archiving"),
    ("reading", "trial", "discovery"),
    ("repairing",),
    ("looking", "alerts", "moved_articles", "steps", "walls", "calm"),
    ("pipeline", "mending"),
    ("recleaning",),
    ("scheduler",),
    ("work",),
    ("queue",),
    ("overview",),
    ("web", "report"),
    ("preview",),
    ("service",),
    ("cli",),
    ("__main__",),
)
MODULES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def room(path: Path) -> str:
    return name(path).split("/")[0]


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, absolute, wherever the import stands."""
    package = ("feedpub", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*parent, *([node.module] if node.module else [])))
            yield from ((base,) if base != "feedpub" else (f"feedpub.{alias.name}" for alias in node.names))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_library_has_one_owner(path: Path) -> None:
    """A library's quirks are known in one room, and its exceptions become ours there."""
    for library in {imported.split(".")[0] for imported in imports(path)} & OWNERS.keys():
        assert name(path).startswith(OWNERS[library]), f"{name(path)} imports {library}"


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) != "__init__"], ids=name)
def test_imports_point_one_way(path: Path) -> None:
    """From the command down to the words of the product; rooms of one row do not know each other."""
    row = {name: number for number, names in enumerate(ROWS) for name in names}
    own = room(path)
    for imported in imports(path):
        if imported.startswith("feedpub."):
            other = imported.split(".")[1]
            assert other == own or row[other] < row[own], f"{name(path)} imports {imported}"


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) != "cli"], ids=name)
def test_only_the_command_line_prints(path: Path) -> None:
    """Everything else returns what it has to say."""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    assert not any(isinstance(call, ast.Name) and call.id == "print" for call in calls)


@pytest.mark.parametrize(
    "path", [path for path in MODULES if room(path) == "cli" and path.stem != "terminal"], ids=name
)
def test_commands_print_through_the_terminal(path: Path) -> None:
    """It drops what commands a terminal; click's and rich's own ways out do not."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    assert not {ast.unparse(call.func) for call in calls} & {"print", "click.echo", "Console"}
