"""Commands and processes do not load the libraries that they do not use.

Each import costs CPU at every start, and memory as long as the process runs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from tests.support.newsroom import feed, story
from tests.support.service import running_service

# Runs the command line, and lists the modules that its process has imported at the end.
_RUN = """
import atexit, json, os, sys
from pathlib import Path

@atexit.register
def list_modules():
    Path(os.environ["MODULES"]).write_text(json.dumps(sorted(sys.modules)))

from feedpub.__main__ import main
main()
"""
PARSERS = {"bs4", "feedparser", "markdown_it", "numpy", "py3langid", "pypdf", "yaml"}
CLEANER = {"feedpub.cleaner.classifier", "feedpub.cleaner.extract", "feedpub.cleaner.features"}
MIGRATIONS = {"alembic", "mako"}
OPTIONAL = {"boto3", "botocore", "playwright", "procrastinate", "psycopg", "s3fs"}
NEVER = PARSERS | CLEANER | MIGRATIONS | OPTIONAL
RENDERERS = {"feedgen", "jinja2"}
SERVERS = {"apscheduler", "uvicorn"}
SELECTORS = {"cssselect", "jmespath", "lxml", "publicsuffixlist", "regex"}
FORBIDDEN: Mapping[str, Collection[str]] = {
    "--help": {"asyncio", "feedpub.config", "pydantic", "requests", "rich", "sqlalchemy"},
    "check": {"asyncio", "feedpub.pipeline", "requests", "rich", "sqlalchemy", "tomlkit"},
    "status": {"feedpub.pipeline", "requests", "tomlkit"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a config that has neither selectors nor patterns, and its feed."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "config" / "articles").mkdir(parents=True)
    (folder / "config" / "articles" / "story.html").write_text(story(1), "utf-8")
    (folder / "config" / "feedpub.toml").write_text(feed("village", "folder articles"), "utf-8")
    imported_modules("build", folder)
    return folder


def imported_modules(command: str, folder: Path) -> set[str]:
    """Run a command in a folder and return the modules that its process has imported."""
    subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-c", _RUN, command],
        cwd=folder,
        env={**os.environ, "MODULES": "modules.json"},
        check=True,
        capture_output=True,
    )
    return set(json.loads((folder / "modules.json").read_text()))


@pytest.mark.parametrize("command", FORBIDDEN)
def test_command_loads_no_library_that_it_does_not_use(command: str, home: Path) -> None:
    unused = NEVER | RENDERERS | SERVERS | SELECTORS | {*FORBIDDEN[command]}
    assert imported_modules(command, home) & unused == set()


def test_build_without_news_loads_neither_parsers_nor_servers(home: Path) -> None:
    assert imported_modules("build", home) & {*NEVER, "uvicorn"} == set()


def test_service_that_reads_an_article_leaves_the_parsers_to_workers(home: Path) -> None:
    (home / "config" / "articles" / "another.html").write_text(story(2), "utf-8")
    modules = home / "service.json"
    config = home / "config" / "feedpub.toml"
    with running_service(
        config, command=(sys.executable, "-c", _RUN), environ={"MODULES": str(modules)}
    ) as service:
        assert service.wait_for_event("run_finished", new=1), service.lines
        assert service.stop() == 0
    assert set(json.loads(modules.read_text())) & NEVER == set()
