"""README and the manual: examples work, links lead somewhere, and the reference is complete."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from pydantic import ValidationError

from feedpub import manual
from feedpub.cli import cli
from feedpub.config import Config, ConfigModel, SiteFile
from tests.support.reference import MANUAL, PAGES, commands, settings, tables
from tests.systemd import boot

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / "tests" / "benchmarks" / "README.md", *sorted(MANUAL.glob("*.md")))
MAX_README_LINES = 250
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_OPERATORS = {"|", "||", "&&", ";", "&", "(", ")", "\n"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Example(NamedTuple):
    """Code that a page shows."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> Iterator[Example]:
    """Yield the code blocks in some languages."""
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        for found in _FENCE.finditer(text):
            if found["language"] in languages:
                code = re.sub(rf"^{found['indent']}", "", found["code"], flags=re.MULTILINE)
                yield Example(name(path), text.count("\n", 0, found.start()) + 2, code)


def prose(path: Path) -> str:
    """Return a page without its code blocks; lines keep their numbers."""
    return _FENCE.sub(lambda found: "\n" * found[0].count("\n"), path.read_text("utf-8"))


# --- README ---


def test_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= MAX_README_LINES


def test_ci_runs_the_commands_of_the_quick_start() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    section = README.read_text("utf-8").split("## Quick start")[1].split("\n## ")[0]
    shown = re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL)
    assert len(shown) == 2
    assert [command for command in shown if command not in script] == []


def test_session_of_the_tour_shows_the_output_of_the_command() -> None:
    session = re.search(
        r"```text\n\$ feedpub (clean [^\n]+)\n(.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    assert session is not None
    command = [sys.executable, "-m", "feedpub", *session[1].split()]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 -- ours
    shown = [line.removesuffix("…") for line in session[2].strip().splitlines() if line]
    assert [line for line in shown if line not in printed] == []


# --- links ---


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_to_existing_files_and_headings(path: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(path))
    relative = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in relative if not _exists(path, target)] == []


def _exists(path: Path, target: str) -> bool:
    file, _, anchor = target.partition("#")
    leads_to = (path.parent / file).resolve() if file else path
    if not leads_to.exists():
        return False
    return not anchor or anchor in manual.anchors(leads_to.read_text("utf-8"))


def test_index_lists_every_topic() -> None:
    listed = set(re.findall(r"\]\(([a-z0-9-]+)\.md\)", manual.load_topic(manual.INDEX)))
    assert listed == manual.list_topics().keys() - {manual.INDEX}


def test_manual_has_a_glossary() -> None:
    assert "glossary" in manual.list_topics()


# --- reference ---


@pytest.mark.parametrize("topic", PAGES)
def test_generated_page_is_current(topic: str) -> None:
    """`python -m tests.support.reference` regenerates it."""
    assert (MANUAL / f"{topic}.md").read_text("utf-8") == PAGES[topic]()


@pytest.mark.parametrize(
    "setting", sorted({f"{heading.strip('[]')}.{key}" for heading, key, _ in settings()})
)
def test_help_finds_every_setting(setting: str) -> None:
    assert manual.find_subject(f"settings.{setting}").startswith(f"### `{setting}`\n")


@pytest.mark.parametrize("command", [name for name, _ in commands()])
def test_help_finds_every_command(command: str) -> None:
    subject = command.removeprefix("feedpub ").replace(" ", ".")
    assert manual.find_subject(f"commands.{subject}").startswith(f"## {command}\n")


def test_log_events_are_documented_with_their_fields() -> None:
    documented: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (`.*) \|$", manual.load_topic("log-events"), re.MULTILINE):
        event, *_, fields, _ = row.split(" | ")
        documented[event.strip("`")] = set(re.findall(r"`(\w+)`", fields))
    logged = _logged_events()
    assert documented.keys() == logged.keys()
    assert {
        event: fields - documented[event]
        for event, fields in logged.items()
        if fields - documented[event]
    } == {}


def _logged_events() -> dict[str, set[str]]:
    """Return the events in the code, with the fields that are named where they are logged."""
    events: dict[str, set[str]] = {}
    for path in (ROOT / "feedpub").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        assigned = [
            node
            for node in nodes
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "extra"
        ]
        for node in nodes:
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("_log."):
                continue
            for keyword in node.keywords:
                if keyword.arg != "extra":
                    continue
                extra = keyword.value
                if isinstance(extra, ast.Name):
                    before = [each for each in assigned if each.lineno < node.lineno]
                    extra = max(before, key=lambda each: each.lineno).value
                if isinstance(extra, ast.Call):
                    known = {field.arg for field in extra.keywords if field.arg}
                    (name,) = [arg for arg in node.args if isinstance(arg, ast.Constant)]
                    events.setdefault(str(name.value), set()).update(known)
    return events


def test_metrics_that_pages_mention_exist() -> None:
    known = set(re.findall(r"`((?:feedpub|process)_\w+)`", manual.load_topic("metrics")))
    mentioned = {
        metric
        for path in DOCUMENTS
        for metric in re.findall(
            r"\bfeedpub_(?:build|config|feed|feeds|scheduler|source)_\w+", path.read_text("utf-8")
        )
    }
    assert mentioned <= known


# --- commands ---


def shown_commands() -> Iterator[Example]:
    """Yield each call of feedpub in a block of shell commands."""
    for block in blocks("sh", "shell", "console"):
        lines = block.text.replace("\\\n", "  ").splitlines()
        for number, line in enumerate(lines):
            for command in _calls(line.removeprefix("$ ")):
                yield Example(block.page, block.line + number, shlex.join(command))


def _calls(line: str) -> Iterator[Sequence[str]]:
    """Yield the arguments of each call of feedpub in a line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = "#"
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, "\n"]:
        if word in _OPERATORS:
            yield from _call(words)
            words = []
        else:
            words.append(word)


def _call(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for position, word in enumerate(words):
        following = words[position + 1 : position + 2]
        if Path(word).name == "feedpub" and (position == 0 or cli.commands.keys() & set(following)):
            redirected = next(
                (at for at, each in enumerate(words) if set(each) <= set("<>")), len(words)
            )
            yield words[position + 1 : redirected]
            return


def mentioned_commands() -> Iterator[Example]:
    """Yield each call of feedpub in the text of a page."""
    for path in DOCUMENTS:
        text = prose(path)
        for found in re.finditer(r"(?<!`)`feedpub ([^`]+)`(?!`)", text):
            yield Example(
                name(path), text.count("\n", 0, found.start()) + 1, found[1].replace("\\|", "|")
            )


def parse(arguments: Sequence[str]) -> None:
    """Parse a command line as click does, and run nothing. Raises click.UsageError."""
    command: click.Command = cli
    context: click.Context | None = None
    called: str | None = "feedpub"
    rest = list(arguments)
    while True:
        context = command.make_context(called, rest, parent=context)
        if not isinstance(command, click.Group):
            return
        called, found, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        command = found


def problem(arguments: Sequence[str], *, allow_missing: bool = False) -> str:
    """Return click's error about a command line, or "" if there is none. Files need not exist."""
    try:
        parse(arguments)
    except click.exceptions.Exit:  # --help and --version
        return ""
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError) as error:
        return "" if allow_missing else str(error)
    except click.UsageError as error:
        return "" if "does not exist" in error.message else error.message
    return ""


@pytest.mark.parametrize("example", list(shown_commands()), ids=str)
def test_command_in_a_block_parses(example: Example) -> None:
    assert problem(shlex.split(example.text)) == ""


@pytest.mark.parametrize("example", list(mentioned_commands()), ids=str)
def test_command_in_the_text_parses(example: Example) -> None:
    """It may lack arguments."""
    words = [word for word in shlex.split(example.text) if word not in ("…", "...")]
    assert problem(words, allow_missing=True) == ""


def test_examples_are_found() -> None:
    """The tests above have something to check."""
    assert len(list(shown_commands())) > 50
    assert len(list(mentioned_commands())) > 50


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("feedpub build world", [["build", "world"]]),
        (
            ".venv/bin/feedpub add https://x.org && feedpub build   # both",
            [["add", "https://x.org"], ["build"]],
        ),
        ("curl -s x | feedpub clean - --html", [["clean", "-", "--html"]]),
        ("feedpub export opml > feeds.opml", [["export", "opml"]]),
        ("sudo -u feedpub /opt/feedpub/bin/feedpub status", [["status"]]),
        ("systemctl stop feedpub", []),
        ("rm -rf /opt/feedpub /etc/feedpub", []),
    ],
)
def test_calls_are_recognised(line: str, expected: list[list[str]]) -> None:
    assert [list(call) for call in _calls(line)] == expected


@pytest.mark.parametrize("typed", ["bild", "build --dry", "add", "state copy a", "run --log xml"])
def test_wrong_command_does_not_parse(typed: str) -> None:
    with pytest.raises(click.UsageError):
        parse(typed.split())


# --- configs ---

# Errors of a config in an example, because the rest of the file is missing.
_INCOMPLETE = {"missing", "union_tag_not_found", "too_short"}


@pytest.mark.parametrize("example", list(blocks("toml")), ids=str)
def test_config_in_a_block_is_valid(example: Example) -> None:
    assert config_problem(tomllib.loads(example.text)) == ""


def config_problem(document: dict[str, Any]) -> str:
    """Return what is wrong with a part of a config, or of a rule file; "" if nothing is."""
    if document.keys() <= Config.model_fields.keys():
        feed = document.get("feed")
        complete = document | {"feed": [feed]} if isinstance(feed, dict) else document
        return _validate(complete, Config)
    models = {table.model for table in tables()} | {SiteFile}
    owners = [model for model in models if document.keys() <= model.model_fields.keys()]
    problems = [_validate(document, model) for model in owners]
    return (
        ""
        if "" in problems
        else "; ".join(problems) or f"no table has the keys {', '.join(document)}"
    )


def _validate(document: dict[str, Any], root: type[ConfigModel]) -> str:
    try:
        root.model_validate(document, context={"folder": ROOT})
    except ValidationError as error:
        found = [details for details in error.errors() if details["type"] not in _INCOMPLETE]
        return "; ".join(
            f"{'.'.join(map(str, details['loc']))}: {details['msg']}" for details in found
        )
    return ""


@pytest.mark.parametrize(
    "text",
    [
        '[feedpub]\ndelay = "1s"',
        "[[feed]]\nlimit = 0",
        '[[feed.source]]\ntype = "pages"',
        'contents = "p"',
        'limit = "50"',
    ],
)
def test_wrong_config_is_not_valid(text: str) -> None:
    assert config_problem(tomllib.loads(text)) != ""


# --- systemd ---


@pytest.mark.parametrize(
    "script", [boot.INSTALL, boot.UPGRADE, boot.STATUS, boot.BACK_UP, boot.RESTORE, boot.REMOVE]
)
def test_commands_for_systemd_are_the_tested_ones(script: str) -> None:
    """tests/systemd boots a system with them."""
    assert script.strip() in manual.load_topic("howto-systemd")
