"""The manual page for `man`: its contents, its escapes, and its place in the wheel."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from feedpub.manual import roff
from tests.support.reference import MANUAL

PAGES = [(MANUAL / f"{name}.md").read_text("utf-8") for name in ("commands", "exit-codes")]


def lines(*markdown: str) -> list[str]:
    """Return the lines of a page below its head."""
    page = roff.render("feedpub", "Publishes feeds", "1.0", ["\n".join(markdown)])
    return page.split("\\fIARGUMENTS\\fR]\n")[1].splitlines()


def test_head_names_the_program_and_its_version() -> None:
    head = roff.render("feedpub", "Publishes full-text feeds", "1.0", []).splitlines()
    assert head[0] == '.TH "FEEDPUB" "1" "" "feedpub 1.0" "User Commands"'
    assert head[2] == r"feedpub \- Publishes full\-text feeds"


def test_headings_are_sections() -> None:
    assert lines("# Exit codes", "## feedpub `add`") == [
        '.SH "EXIT CODES"',
        r'.SS "feedpub \fBadd\fR"',
    ]


def test_paragraph_is_one_line_with_its_markup() -> None:
    assert lines("See `feedpub --help` and", "**not** [this](x.md#y).") == [
        ".PP",
        r"See \fBfeedpub \-\-help\fR and \fBnot\fR this.",
    ]


def test_code_keeps_its_lines() -> None:
    assert lines("```sh", "feedpub add 'x'", "", ".dot", "```", "after") == [
        ".PP", ".RS 4", ".EX", r"feedpub add \(aqx\(aq", "", r"\&.dot", ".EE", ".RE",
        ".PP", "after",
    ]  # fmt: skip


def test_rows_of_a_table_are_terms() -> None:
    assert lines("| A | B |", "|---|---|", r"| `-y` | yes \| no |", "| 2 | | |") == [
        ".TP", r"\fB\-y\fR", "yes | no", ".TP", "2", "",
    ]  # fmt: skip


def test_items_of_a_list_are_separate() -> None:
    assert lines("- one", "  more", "- two", "", "after") == [
        r".IP \(bu 2", "one more", r".IP \(bu 2", "two", ".PP", "after",
    ]  # fmt: skip


@pytest.mark.parametrize("text", [".TH evil", "'br", r"a \fB backslash"])
def test_text_is_never_a_request(text: str) -> None:
    (_, line) = lines(text)
    assert not line.startswith((".", "'"))
    assert "\\f" not in line


def test_comments_are_left_out() -> None:
    assert lines("<!-- generated -->", "text") == [".PP", "text"]


@pytest.mark.skipif(
    not shutil.which("groff"), reason="groff is not installed: apt install groff-base"
)
def test_groff_formats_the_page_without_warnings() -> None:
    page = roff.render("feedpub", "Publishes feeds", "1.0", PAGES)
    command = ["groff", "-man", "-Tutf8", "-ww"]
    done = subprocess.run(command, input=page, capture_output=True, text=True, check=True)  # noqa: S603 -- our page
    assert done.stderr == ""
    assert "feedpub state copy" in done.stdout


def test_build_adds_the_page_to_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    interface: Any = ModuleType("interface")
    interface.BuildHookInterface = object
    for name in (
        "hatchling",
        "hatchling.builders",
        "hatchling.builders.hooks",
        "hatchling.builders.hooks.plugin",
    ):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    hook = runpy.run_path(str(MANUAL / "build_hook.py"))["ManualPageHook"]()
    hook.root = str(MANUAL.parents[1])
    hook.metadata = SimpleNamespace(
        core=SimpleNamespace(name="feedpub", description="Publishes feeds", version="1.0")
    )
    build: dict[str, Any] = {"shared_data": {}}
    hook.initialize("standard", build)
    ((page, target),) = build["shared_data"].items()
    assert target == "share/man/man1/feedpub.1"
    assert Path(page).read_text("utf-8") == roff.render("feedpub", "Publishes feeds", "1.0", PAGES)
    hook.finalize("standard", build, "")
    assert not Path(page).exists()
