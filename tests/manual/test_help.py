"""`feedpub help`: Markdown for programs, and a rendered page in a pager for a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from feedpub import manual
from feedpub.cli import cli


def test_help_without_a_terminal_is_plain_markdown() -> None:
    result = CliRunner().invoke(cli, ["help", "glossary"])
    assert (result.exit_code, result.stdout) == (0, f"{manual.load_topic('glossary').strip()}\n")


def test_help_without_a_topic_is_the_index() -> None:
    assert CliRunner().invoke(cli, ["help"]).stdout.startswith("# The feedpub manual\n")


def test_unknown_topic_is_an_error_that_names_similar_ones() -> None:
    result = CliRunner().invoke(cli, ["help", "sheduling"])
    assert result.exit_code == 2
    assert "Error: There is no topic 'sheduling'. Similar topics: scheduling." in result.stderr
    assert "`feedpub help` lists all topics." in result.stderr


def on_terminal(tmp_path: Path, *arguments: str, **environment: str) -> str:
    """Return what the command writes to a terminal."""
    leader, follower = pty.openpty()
    given = {"PAGER": "cat", "TERM": "xterm", "COLUMNS": "80", **environment}
    command = [sys.executable, "-m", "feedpub", "help", *arguments]
    root = Path(__file__).parents[2]
    with subprocess.Popen(  # noqa: S603 -- ours
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)} | given,
        stdout=follower,
        stdin=follower,
    ) as process:
        os.close(follower)
        written = b""
        while part := _read(leader):
            written += part
        assert process.wait() == 0
    os.close(leader)
    return written.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way of saying that the other end is closed
        return b""


@pytest.mark.slow(3)
def test_help_on_a_terminal_is_rendered_in_a_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged\ncat\n", "utf-8")
    pager.chmod(0o755)
    shown = on_terminal(tmp_path, "settings.limit", PAGER=str(pager))
    assert shown.startswith("paged\n")
    assert "feed.limit" in shown
    assert "###" not in shown
    assert " • Default: 50" in shown


@pytest.mark.slow(3)
def test_index_on_a_terminal_names_topics_to_type(tmp_path: Path) -> None:
    shown = on_terminal(tmp_path)
    assert "Listing page (howto-listing-page)" in " ".join(shown.split())
    assert "feedpub help TOPIC" in " ".join(shown.split())
    assert "].md" not in shown
