"""Output of commands to terminals and files that are not in UTF-8."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from feedpub.cli.terminal import escape_json, make_streams_lenient
from tests.support.home import Home

TITLE = "日本 “naïve” café… 😀"
PROSE = (
    "The council of 日本 voted to keep the old café — after a debate that lasted until "
    "midnight in the hall… "
)
FEED = (
    '[[feed]]\nname = "world"\ntitle = "世界"\n[[feed.source]]\ntype = "folder"\n'
    'path = "articles"\n'
)
BROKEN = '[[feed.source]]\ntype = "folder"\npath = "artículos/日本"\n'
ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
    "locale-c": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
COMMANDS = {  # with their exit status
    ("build",): 1,
    ("build", "--json", "world"): 1,
    ("build", "wörld"): 2,
    ("bïuld",): 2,
    ("status",): 1,
    ("status", "--json"): 1,
    ("check",): 0,
    ("clean", "config/articles/日本.html"): 0,
    ("clean", "config/articles/日本.html", "--explain"): 0,
    ("clean", "日本.html"): 1,
    ("reclean", "--diff"): 0,
    ("export", "opml", "--sources"): 0,
    ("import", "日本.opml", "--dry-run"): 0,
    ("import", "日本.opml", "--json"): 0,
}


@pytest.fixture
def foreign(home: Home) -> Home:
    """Return a home whose titles, names and folders no single legacy encoding covers."""
    page = (
        f"<html><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1>"
        f"{f'<p>{PROSE * 3}</p>' * 3}"
    )
    home.save("日本.html", f"{page}<p>By ジョン</p></article></body></html>")
    home.configure(FEED + BROKEN)
    outline = '<outline type="rss" text="世界… é" xmlUrl="https://example.org/é"/>'
    (home.root / "日本.opml").write_text(f"<opml><body>{outline}</body></opml>", "utf-8")
    return home


def environment(home: Home, encoding: str) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FEEDPUB_", "PYTHON", "LC_"))
    }
    root = str(Path(__file__).parents[2])
    return own | {"PYTHONPATH": root, "FEEDPUB_CONFIG": str(home.config)} | ENCODINGS[encoding]


@pytest.mark.slow(seconds=15)
def test_no_command_fails_because_of_the_output_encoding(foreign: Home) -> None:
    for arguments, status in COMMANDS.items():
        done = run(foreign, "ascii", *arguments)
        output = done.stdout.decode("ascii") + done.stderr.decode("ascii")
        assert "Traceback" not in output, output
        assert done.returncode == status, output
        if "--json" in arguments:
            assert isinstance(json.loads(done.stdout), dict)


@pytest.mark.slow(seconds=3)
@pytest.mark.parametrize(("encoding", "accent"), [("ascii", b"&#233;"), ("latin-1", b"\xe9")])
def test_html_and_json_lose_nothing_in_any_encoding(
    foreign: Home, encoding: str, accent: bytes
) -> None:
    html = run(foreign, encoding, "clean", "config/articles/日本.html", "--html").stdout
    assert b"&#26085;&#26412;" in html
    assert b"caf" + accent in html
    article = json.loads(
        run(foreign, encoding, "clean", "config/articles/日本.html", "--json").stdout
    )
    assert article["title"] == TITLE


@pytest.mark.slow(seconds=3)
def test_c_locale_is_enough_without_pythons_utf8_mode(foreign: Home) -> None:
    shown = run(foreign, "locale-c", "clean", "config/articles/日本.html").stdout.decode("ascii")
    assert shown.startswith("\\u65e5\\u672c 'na\\u00efve' caf\\u00e9... \\ud83d\\ude00\n")
    failed = run(foreign, "locale-c", "clean", "日本.html")
    assert (failed.returncode, failed.stdout) == (1, b"")
    assert ".html: cannot be read" in failed.stderr.decode("ascii")


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("ascii", ("build",)),
        ("latin-1", ("status",)),
        ("ascii", ("clean", "config/articles/日本.html", "--explain")),
    ],
)
def test_progress_bars_work_on_a_terminal_with_another_encoding(
    foreign: Home, encoding: str, arguments: tuple[str, ...]
) -> None:
    controller, terminal = pty.openpty()
    with subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "feedpub", *arguments],
        cwd=foreign.root,
        env=environment(foreign, encoding) | {"TERM": "xterm-256color"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        shown = bytearray()
        while piece := _read(controller):
            shown += piece
    os.close(controller)
    assert process.returncode in (0, 1)
    assert b"Traceback" not in shown, shown.decode(encoding)
    assert b"world" in shown or b"council" in shown
    shown.decode(encoding)


def test_punctuation_becomes_ascii_and_other_characters_become_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log in JSON stays valid, and a lone surrogate is not an error."""
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    make_streams_lenient()
    print('a · b — “c” … → é 😀 \udc80 "d"', file=sys.stdout, flush=True)
    assert stream.buffer.getvalue() == b"a - b - 'c' ... -> \\u00e9 \\ud83d\\ude00 \\udc80 \"d\"\n"


def test_utf_8_is_unchanged_except_for_lone_surrogates(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr(sys, "stderr", stream)
    make_streams_lenient()
    print("é… 😀\udc80", file=sys.stderr, flush=True)
    assert stream.buffer.getvalue() == "é… 😀\\udc80\n".encode()


def test_ascii_json_decodes_to_the_same_value() -> None:
    document = json.dumps({"title": TITLE}, ensure_ascii=False)
    assert escape_json(document).isascii()
    assert json.loads(escape_json(document)) == {"title": TITLE}


def run(home: Home, encoding: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-m", "feedpub", *arguments],
        cwd=home.root,
        env=environment(home, encoding),
        capture_output=True,
        check=False,
    )


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the terminal is closed
        return b""
